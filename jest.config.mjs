/** Two projects: unit tests beside the code, conformance tests against the running server. */
import { availableParallelism } from 'node:os';

/** Each worker has gateways and databases of its own beside it. */
const WORKERS_MAX = 4;
const shared = {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/scripts/property-seed.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  // Generated code is compiled with `./x.js` specifiers in places; map them back to the sources.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  modulePathIgnorePatterns: ['<rootDir>/conformance/dredd/', '<rootDir>/.interline/'],
};

export default {
  // Half of a test's work is that of gateways and databases, which run beside it: the usual one worker fewer than cores would leave cores idle.
  maxWorkers: Math.min(availableParallelism(), WORKERS_MAX),
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{server,handlers,gateway,scripts}/**/*.test.ts'] },
    { ...shared, displayName: 'conformance', testMatch: ['<rootDir>/conformance/*.test.ts'] },
  ],
};
