// The floors of the house. A file may import its own room and the floors below it.
const floor = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to: { path: to } });

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { pathNot: '^generated/' }, to: { circular: true } },
    { name: 'no-dead-files', severity: 'error',
      // Declarations of types (*.d.ts) are imported by nobody: the compiler finds them.
      from: { orphan: true, path: '^(server|handlers|gateway|console)/', pathNot: '\\.(test|d)\\.ts$' }, to: {} },

    floor('generated-is-ground', '^generated/', '^(server|handlers|gateway|console|conformance|bench|scripts)/'),
    floor('foundation-stands-on-generated', '^gateway/foundation/', '^(server|handlers|console|conformance)/|^gateway/(?!foundation/)'),
    floor('store-stands-on-foundation', '^gateway/store/', '^(server|handlers|console|conformance)/|^gateway/(?!store/|foundation/)'),
    floor('siblings-do-not-meet', '^gateway/(access|routing|metering|providers|dialects|reporting)/',
      '^(server|handlers|console|conformance)/|^gateway/(?!$1/|store/|foundation/)'),
    floor('relay-is-below-handlers', '^gateway/relay/', '^(server|handlers|console|conformance)/'),
    floor('handlers-never-touch-store-or-wires', '^handlers/', '^server/|^console/|^gateway/(store|providers)/'),
    floor('server-only-boots-and-dispatches', '^server/', '^console/.*\\.ts$|^gateway/(dialects|providers)/'),

    floor('wires-and-dialects-do-not-store', '^gateway/(providers|dialects)/', '^gateway/store/'),
    { name: 'wires-and-dialects-do-no-io', severity: 'error',
      from: { path: '^gateway/(providers|dialects)/', pathNot: '^gateway/providers/(call|connections|guard|connect-guarded)\\.ts$|\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg'] } },
    floor('express-lives-in-server', '^(?!server/|conformance/)', '(^|/)node_modules/(express|openapi-backend)/'),
    floor('console-knows-only-the-contract', '^console/', '^(server|handlers|gateway|conformance|scripts)/'),
    floor('product-never-imports-its-checks', '^(server|handlers|gateway|console)/(?!.*\\.test\\.ts$)', '^(conformance|bench|scripts)/'),
    floor('black-box-tests-stay-outside', '^conformance/', '^(handlers|gateway)/(?!foundation/clock)'),
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
};
