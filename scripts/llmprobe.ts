/** This file lets llmprobe judge models, chat, Responses, completions, embeddings and images as it would any engine; `npm run conformance:llmprobe`. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startServer } from '../conformance/server-under-test.ts';
import { run } from './run.ts';

interface Report {
  readonly conformance: {
    readonly passed: number;
    readonly total: number;
    readonly bySurface: readonly { readonly surface: string; readonly passed: number; readonly total: number }[];
    readonly results: readonly { readonly id: string; readonly outcome: string; readonly failures: readonly unknown[] }[];
  };
  readonly coverage: { readonly byTier: readonly { readonly tier: string; readonly supported: number; readonly total: number; readonly missing: readonly string[] }[] };
}

const SURFACES = ['models', 'chat', 'responses', 'completions', 'embeddings', 'images'];
/** llmprobe asks one model for everything: this one chats and makes vectors and images. */
const MODEL = { id: 'probe/all', name: 'Probe', tier: 'basic', context_window: 128_000, max_output_tokens: 16_384, kinds: ['chat', 'embeddings', 'images'], targets: [{ provider: 'sandbox', model: 'chat', unpriced: true }] };
const root = path.resolve(import.meta.dirname, '..');
const cache = path.join(root, '.cache', 'llmprobe');
const reportFile = path.join(cache, 'report.json');
mkdirSync(cache, { recursive: true });
rmSync(reportFile, { force: true });

const server = await startServer({ config: { models: [MODEL] } });
// What a sandbox knows (llmprobe's capability, agentic and fidelity) is no matter of conformance; its benchmark is not ours.
const { output } = await run(process.execPath, [
  path.join(root, 'node_modules', 'llmprobe', 'bin', 'dist', 'llmprobe.mjs'), `${server.url}/v1`,
  '--full', '--api-key', server.key, '--model', MODEL.id, '--no-save', '--no-bench', '--no-color', '--save', reportFile,
], { isQuiet: true, env: { HOME: cache } });
await server.stop();
// Its exit code tells of mistakes of its own too; the report says which is whose.
if (!existsSync(reportFile)) {
  process.stdout.write(`${output}\n0 passed, 1 failed\n`);
  process.exit(1);
}

/** Checks that go wrong in llmprobe 0.6.12 itself. */
const MISTAKEN: Readonly<Record<string, string>> = { 'images-edit': 'its form is sent as text/plain' };
const { conformance: told, coverage } = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
const mistaken = told.results.filter(({ id, outcome }) => outcome === 'fail' && id in MISTAKEN);
for (const { id } of mistaken) process.stdout.write(`llmprobe: ${id} left out, ${MISTAKEN[id] ?? ''}\n`);
const conformance = { ...told, results: told.results.filter((result) => !mistaken.includes(result)), total: told.total - mistaken.length };
const complaints: string[] = [];
for (const { id, outcome, failures } of conformance.results) if (outcome === 'fail') complaints.push(`${id}: ${JSON.stringify(failures)}`);
for (const surface of SURFACES) {
  const found = conformance.bySurface.find((entry) => entry.surface === surface);
  if (!found || found.total === 0) complaints.push(`the surface ${surface} was not probed`);
  else process.stdout.write(`llmprobe: ${surface} ${found.passed} of ${found.total}\n`);
}
for (const tier of coverage.byTier) {
  process.stdout.write(`llmprobe: coverage of the ${tier.tier} surface ${tier.supported} of ${tier.total}\n`);
  if (tier.tier === 'core' && tier.missing.length > 0) complaints.push(`core surface missing: ${tier.missing.join(', ')}`);
}
for (const complaint of complaints) process.stdout.write(`FAIL  ${complaint}\n`);
process.stdout.write(`${conformance.passed} passed, ${Math.max(complaints.length, conformance.total - conformance.passed)} failed\n`);
if (complaints.length > 0 || conformance.passed < conformance.total) process.exitCode = 1;
