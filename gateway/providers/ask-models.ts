/** This file asks a provider's server which models it has loaded. */
import type { Clock } from '../foundation/clock.ts';
import { arrayAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Provider } from '../foundation/terms.ts';
import { authorization } from './authorization.ts';
import type { OpenExchange } from './call.ts';
import type { HttpRequest } from './wire.ts';

/** Larger answers are not a list of models. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** A provider that was asked and said no; `status` is its own. */
export class ProviderRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

export interface AskOptions {
  /** `/models` unless given. */
  readonly path?: string;
  /** When the answer must be whole; without it the limits of every exchange hold, which a slow server can stretch. */
  readonly deadline?: { readonly clock: Clock; readonly ms: number };
}

/** Gives the ids that `GET {baseUrl}/models` lists. Rejects with ProviderRefused when the server answers another status, and with an Error when it can't be asked. */
export function askModels(openExchange: OpenExchange, provider: Provider, { path = '/models', deadline }: AskOptions = {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    const giveUp = (reason: string): void => {
      exchange.abort();
      cancelDeadline();
      reject(new Error(reason));
    };
    const cancelDeadline = deadline?.clock.after(deadline.ms, () => { giveUp(`no whole answer within ${deadline.ms} ms`); }) ?? (() => undefined);
    const exchange = openExchange(provider, askFor(provider, path), {
      onHead(code) { status = code; },
      onData(chunk) {
        bytes += chunk.length;
        if (bytes <= ANSWER_BYTES_MAX) {
          chunks.push(chunk);
          return true;
        }
        giveUp('the list of models is too large');
        return false;
      },
      onEnd() {
        cancelDeadline();
        const answer = parseJson(Buffer.concat(chunks).toString('utf8'));
        if (status !== 200) reject(new ProviderRefused(status));
        else resolve(modelsOf(answer));
      },
      onFailure(failure) {
        cancelDeadline();
        reject(new Error(failure.detail));
      },
    });
  });
}

/** OpenAI lists `{data: [{id}]}`, Gemini `{models: [{name: "models/…"}]}` (https://ai.google.dev/api/models, 2026-11). */
function modelsOf(answer: unknown): string[] {
  const listed = arrayAt(answer, 'data');
  if (listed.length > 0) return listed.flatMap((row) => stringAt(row, 'id') ?? []);
  return arrayAt(answer, 'models').flatMap((row) => stringAt(row, 'name')?.replace(/^models\//, '') ?? []);
}

function askFor(provider: Provider, path: string): HttpRequest {
  const headers = { accept: 'application/json', ...provider.headers, ...authorization(provider) };
  return { kind: 'http', method: 'GET', path, headers, body: '', warnings: [] };
}
