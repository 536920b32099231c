/** The tests that guard the money room, and no others: a mutant is tried by every test that reaches it. */
import base from '../../jest.config.mjs';

const [unit] = base.projects;

export default {
  ...unit,
  rootDir: process.cwd(),
  displayName: undefined,
  testSequencer: '<rootDir>/conformance/mutation/sequencer.cjs',
  testMatch: ['<rootDir>/gateway/metering/*.test.ts', '<rootDir>/gateway/store/ledger*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', 'count(er)?\\.test\\.ts$', 'prompt-texts\\.test\\.ts$', 'postgres'],
};
