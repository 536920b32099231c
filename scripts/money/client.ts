/** This file is a fast JSON client for long runs: connections are kept, failures are answers too. */
import { Agent, request as httpRequest } from 'node:http';

export interface Answer {
  /** 0: there was no answer, or it broke off. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly path: string;
  readonly key: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 });

/** Asks and reads the whole answer. Never rejects. */
export function ask(url: string, question: Question): Promise<Answer> {
  const body = question.body === undefined ? null : JSON.stringify(question.body);
  const headers = {
    authorization: `Bearer ${question.key}`,
    ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...question.headers,
  };
  return new Promise((resolve) => {
    const broken = (): void => { resolve({ status: 0, headers: {}, text: '' }); };
    const request = httpRequest(`${url}${question.path}`, { method: question.method ?? (body === null ? 'GET' : 'POST'), agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (bytes: Buffer) => { parts.push(bytes); });
      response.on('error', broken);
      response.on('end', () => {
        if (response.complete) resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString('utf8') });
        else broken();
      });
      response.on('close', broken);
    });
    request.on('error', broken);
    request.end(body ?? undefined);
  });
}

/** Asks, and gives the JSON of the answer. Throws when the status is another than expected. */
export async function askFor(url: string, question: Question, status = 200): Promise<Record<string, unknown>> {
  const answer = await ask(url, question);
  if (answer.status !== status) throw new Error(`${question.method ?? ''} ${question.path}: ${answer.status} ${answer.text.slice(0, 500)}`);
  return JSON.parse(answer.text) as Record<string, unknown>;
}
