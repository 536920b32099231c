/** This file lets llmprobe judge models, chat, Responses, completions, embeddings, images and audio as it would any engine; `npm run conformance:llmprobe`. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createKey } from '../conformance/good-requests.ts';
import { startServer } from '../conformance/server-under-test.ts';
import { run } from './run.ts';

interface Report {
  readonly conformance: {
    readonly passed: number;
    readonly total: number;
    readonly bySurface: readonly { readonly surface: string; readonly passed: number; readonly total: number }[];
    readonly results: readonly { readonly id: string; readonly outcome: string; readonly reason?: string; readonly failures: readonly unknown[] }[];
  };
  readonly coverage: { readonly byTier: readonly { readonly tier: string; readonly supported: number; readonly total: number; readonly missing: readonly string[] }[] };
}

const SURFACES = ['models', 'chat', 'responses', 'completions', 'embeddings', 'images', 'images-edit', 'audio-speech'];
/** llmprobe asks one model for everything: this one does all that it asks for. It has no check of transcriptions but that the path is there. */
const MODEL = { id: 'probe/all', name: 'Probe', tier: 'basic', context_window: 128_000, max_output_tokens: 16_384, kinds: ['chat', 'embeddings', 'images', 'speech', 'transcription'], targets: [{ provider: 'sandbox', model: 'chat', unpriced: true }] };
/** The checks that llmprobe skips here, by how their ids begin, and why. Any other that it skips is a failure. */
const SKIPPED: readonly (readonly [start: string, why: string])[] = [
  ['messages-', "they are Anthropic's dialect, which the contract does not have (the native bypass reaches it)"],
  ['count-tokens', "it is Anthropic's dialect"],
  ['responses-background', 'the contract refuses background work (400, param background)'],
  ['responses-mcp-tools', 'llmprobe has no MCP server to be called'],
  ['responses-reasoning-roundtrip', 'llmprobe knows no form for it; responses-upstream.test.ts tests it'],
  ['chat-assistant-prefill', 'the sandbox, like the models of OpenAI, answers anew after a message of the assistant'],
];
const root = path.resolve(import.meta.dirname, '..');
const cache = path.join(root, '.cache', 'llmprobe');
const reportFile = path.join(cache, 'report.json');
mkdirSync(cache, { recursive: true });
rmSync(reportFile, { force: true });

const server = await startServer({ config: { models: [MODEL] } });
const limited = await createKey(server, { name: 'probe', limits: { requests_per_minute: 1_000_000 } });
// What a sandbox knows (llmprobe's capability, agentic and fidelity) is no matter of conformance; its benchmark is not ours.
const { output } = await run(process.execPath, [
  '--import', path.join(import.meta.dirname, 'llmprobe-form.ts'), path.join(root, 'node_modules', 'llmprobe', 'bin', 'dist', 'llmprobe.mjs'), `${server.url}/v1`,
  '--full', '--api-key', limited.secret, '--model', MODEL.id, '--no-save', '--no-bench', '--no-color', '--save', reportFile,
], { isQuiet: true, env: { HOME: cache } });
await server.stop();
// Its exit code tells of mistakes of its own too; the report says which is whose.
if (!existsSync(reportFile)) {
  process.stdout.write(`${output}\n0 passed, 1 failed\n`);
  process.exit(1);
}

const { conformance, coverage } = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
const complaints: string[] = [];
for (const { id, outcome, failures } of conformance.results) if (outcome === 'fail') complaints.push(`${id}: ${JSON.stringify(failures)}`);
for (const { id, outcome, reason = '' } of conformance.results) {
  if (outcome === 'pass' || outcome === 'fail') continue;
  const known = SKIPPED.find(([start]) => id.startsWith(start));
  if (known === undefined) complaints.push(`${id} was skipped: ${reason}`);
}
for (const [start, why] of SKIPPED) {
  const skipped = conformance.results.filter(({ id, outcome }) => id.startsWith(start) && outcome !== 'pass' && outcome !== 'fail');
  if (skipped.length > 0) process.stdout.write(`llmprobe: ${start}${skipped.length > 1 ? `… (${skipped.length})` : ''} skipped, ${why}\n`);
}
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
