/** This file asks an OpenAI-wire server which models it has loaded. */
import { arrayAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Provider } from '../foundation/terms.ts';
import type { OpenExchange } from './call.ts';

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

/** Gives the ids that `GET {baseUrl}/models` lists. Rejects with ProviderRefused when the server answers another status, and with an Error when it can't be asked. */
export function askModels(openExchange: OpenExchange, provider: Provider, path = '/models'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    const headers: Record<string, string> = { accept: 'application/json', ...provider.headers };
    if (provider.apiKey !== null) headers['authorization'] = `Bearer ${provider.apiKey}`;
    const exchange = openExchange(provider, { kind: 'http', method: 'GET', path, headers, body: '', warnings: [] }, {
      onHead(code) { status = code; },
      onData(chunk) {
        bytes += chunk.length;
        if (bytes <= ANSWER_BYTES_MAX) {
          chunks.push(chunk);
          return true;
        }
        exchange.abort();
        reject(new Error('the list of models is too large'));
        return false;
      },
      onEnd() {
        const answer = parseJson(Buffer.concat(chunks).toString('utf8'));
        if (status !== 200) reject(new ProviderRefused(status));
        else resolve(arrayAt(answer, 'data').flatMap((row) => stringAt(row, 'id') ?? []));
      },
      onFailure(failure) { reject(new Error(failure.detail)); },
    });
  });
}
