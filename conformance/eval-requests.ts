/** This file knows, for every operation about evals, a request that is answered with success. */
import type { OperationId } from '../generated/operations.ts';
import { askJson } from './payer.ts';
import type { RequestParts } from './raw-client.ts';
import { eventually } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const CONTENDERS = [{ model: 'sandbox/echo' }, { model: 'sandbox/chat' }];
/** So long a slow prompt is answered, in ms: it is cancelled before. */
const SLOW_MS = 1500;

/** A request about evals that is answered with success; null for other operations. */
export async function goodEval(server: ServerUnderTest, id: OperationId): Promise<RequestParts | null> {
  const made = async (slowMs = 0): Promise<string> => String((await askJson(server, { path: '/v1/evals', body: setOf(slowMs) }, 201))['id']);
  const begun = async (slowMs = 0): Promise<string> => {
    const set = await made(slowMs);
    const run = await askJson(server, { path: `/v1/evals/${set}/runs`, body: { contenders: CONTENDERS, budget_nano_usd: '1000000000' } }, 201);
    return `/v1/evals/${set}/runs/${String(run['id'])}`;
  };
  const ended = async (): Promise<string> => {
    const path = await begun();
    await eventually(async () => ((await askJson(server, { path }))['state'] === 'completed' ? true : null), 10_000);
    return path;
  };
  const cancelled = async (): Promise<string> => {
    const path = await begun(SLOW_MS);
    await askJson(server, { method: 'POST', path: `${path}/cancel` });
    return path;
  };
  switch (id) {
    case 'listEvals': return { path: '/v1/evals' };
    case 'createEval': return { path: '/v1/evals', body: setOf(0) };
    case 'retrieveEval': return { path: `/v1/evals/${await made()}` };
    case 'updateEval': return { method: 'PATCH', path: `/v1/evals/${await made()}`, body: { name: 'renamed' } };
    case 'deleteEval': return { method: 'DELETE', path: `/v1/evals/${await made()}` };
    case 'listEvalItems': return { path: `/v1/evals/${await made()}/items` };
    case 'addEvalItems': return { path: `/v1/evals/${await made()}/items`, body: { jsonl: '{"prompt":"Reply with exactly: Hello"}\nno JSON\n' } };
    case 'deleteEvalItem': {
      const items = `/v1/evals/${await made()}/items`;
      const { data } = await askJson(server, { path: items }) as { data?: { id: string }[] };
      return { method: 'DELETE', path: `${items}/${data?.[0]?.id ?? ''}` };
    }
    case 'listEvalRuns': return { path: (await ended()).replace(/\/evrun_\w+$/, '') };
    case 'createEvalRun': return { path: `/v1/evals/${await made()}/runs`, body: { contenders: CONTENDERS, budget_nano_usd: '1' } };
    case 'retrieveEvalRun': return { path: await ended() };
    case 'cancelEvalRun': return { method: 'POST', path: `${await cancelled()}/cancel` };
    case 'resumeEvalRun': return { path: `${await cancelled()}/resume`, body: { budget_nano_usd: '2000000000' } };
    case 'listEvalResults': return { path: `${await ended()}/results` };
    case 'retrieveEvalSummary': return { path: `${await ended()}/summary` };
    case 'exportEvalResults': return { path: `${await ended()}/export` };
    default: return null;
  }
}

function setOf(slowMs: number): Record<string, unknown> {
  const request = { messages: [{ role: 'user', content: 'Reply with exactly: Hello' }], ...(slowMs > 0 ? { sandbox: { first_token_ms: slowMs } } : {}) };
  return { name: 'made in a test', items: [{ name: 'hello', request, checks: [{ type: 'exact', value: 'Hello' }] }] };
}
