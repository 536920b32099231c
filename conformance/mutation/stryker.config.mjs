/** Mutation testing of the money room: what holds, settles, prices and counts. Below `break` the run fails. */
import { existsSync } from 'node:fs';

const runner = new URL('./node_modules/@stryker-mutator/jest-runner/dist/src/index.js', import.meta.url).pathname;

export default {
  plugins: [runner],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: { projectType: 'custom', configFile: 'conformance/mutation/jest.config.mjs', enableFindRelatedTests: true },
  mutate: [
    'gateway/metering/{asks,budgets,denials,lease*,ledger*,media,messages,periods,calendar,price,rates,settle,size,topups}.ts',
    'gateway/store/ledger-*.ts',
    '!**/*.test.ts', '!**/*.suite.ts',
  ],
  coverageAnalysis: 'perTest',
  // Mutants of what runs once when a file is loaded (tables, constants) need the whole suite each: a tenth of the mutants, half of the hours.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
  // What a mutant of a message says is not a guarantee; what it refuses is.
  mutator: { excludedMutations: ['StringLiteral'] },
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
  // In the project, so that its node_modules is found from there.
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['.cache', '.interline', 'bench', 'conformance/dredd', 'conformance/mutation/node_modules', 'docs', existsSync('console') ? 'console' : 'coverage'],
};
