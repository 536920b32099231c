/** This file is an upstream that makes videos by OpenAI's wire, slowly, and remembers who asked for what: a video submitted twice is seen here. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What becomes of one video; its prompt names it. */
export interface Fate {
  /** Before the start is answered, in ms. */
  readonly startMs: number;
  /** From the start to its end, in ms. */
  readonly workMs: number;
  /**
   * `refuse`: the start is answered with 400. `busy`: with 429. `fail`: it fails in the middle. `vanish`: the start is taken, and its connection
   * cut. `stumble`: the first questions are answered with 500. `longer`: it is longer than asked for. `blank`: it is made, and its bytes are no video.
   */
  readonly end: 'complete' | 'fail' | 'refuse' | 'busy' | 'vanish' | 'stumble' | 'longer' | 'blank';
}

export interface VideoUpstream {
  readonly url: string;
  /** Prompt → how often its start arrived. */
  readonly submitted: ReadonlyMap<string, number>;
  /** Deleted ids. */
  readonly removed: readonly string[];
  close(): Promise<void>;
}

interface Made {
  readonly prompt: string;
  readonly fate: Fate;
  readonly startedAt: number;
  readonly seconds: string;
  questions: number;
}

/** Questions that are answered with 500 by who stumbles. */
const STUMBLES = 3;

/** The bytes of the video a prompt asks for: an MP4's head and what follows from the prompt. */
export function videoBytes(prompt: string): Buffer {
  const rest = createHash('sha256').update(prompt).digest();
  return Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypisom'), Buffer.alloc(12), ...Array.from({ length: 2000 }, () => rest)]);
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Starts it on a free port of this machine. */
export async function startVideoUpstream(fateOf: (prompt: string) => Fate): Promise<VideoUpstream> {
  const submitted = new Map<string, number>();
  const removed: string[] = [];
  const videos = new Map<string, Made>();
  const server = createServer((request, response) => { void serve(request, response); });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(request);
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const [, , , id, part] = path.split('/');
    if (request.method === 'POST' && id === undefined) return start(body, response);
    const found = videos.get(id ?? '');
    if (!found) return answer(response, 404, { error: { message: 'no such video', type: 'invalid_request_error', param: null, code: 'not_found' } });
    if (request.method === 'DELETE') {
      removed.push(id ?? '');
      return answer(response, 200, { id, object: 'video.deleted', deleted: true });
    }
    if (part !== 'content' && found.fate.end === 'stumble' && found.questions++ < STUMBLES) return answer(response, 500, { error: { message: 'later', type: 'server_error', param: null, code: null } });
    if (part !== 'content') return answer(response, 200, shape(id ?? '', found));
    if (found.fate.end === 'blank') return answer(response, 200, { nothing: true });
    if (query === 'variant=spritesheet') return answer(response, 404, { error: { message: 'none', type: 'invalid_request_error', param: null, code: null } });
    const bytes = query === '' ? videoBytes(found.prompt) : Buffer.concat([PNG, Buffer.from(found.prompt)]);
    response.writeHead(200, { 'content-type': query === '' ? 'video/mp4' : 'image/png', 'content-length': bytes.length });
    // In two halves: a kill may come in between.
    response.write(bytes.subarray(0, bytes.length / 2));
    setTimeout(() => { response.end(bytes.subarray(bytes.length / 2)); }, 20);
  };
  const start = (body: Buffer, response: ServerResponse): void => {
    const { prompt, seconds } = fieldsOf(body);
    const fate = fateOf(prompt);
    submitted.set(prompt, (submitted.get(prompt) ?? 0) + 1);
    if (fate.end === 'refuse') return answer(response, 400, { error: { message: 'not this', type: 'invalid_request_error', param: 'prompt', code: 'moderation_blocked' } });
    if (fate.end === 'busy') {
      setTimeout(() => { answer(response.setHeader('retry-after', '1'), 429, { error: { message: 'later', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' } }); }, fate.startMs);
      return;
    }
    const id = `vid-${videos.size + 1}`;
    const made: Made = { prompt, fate, startedAt: Date.now(), seconds: fate.end === 'longer' ? '3600' : seconds, questions: 0 };
    videos.set(id, made);
    setTimeout(() => {
      if (fate.end === 'vanish') response.socket?.destroy();
      else answer(response, 200, shape(id, made));
    }, fate.startMs);
  };
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`,
    submitted, removed,
    close: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** JSON, or a form as OpenAI's packages write it. */
function fieldsOf(body: Buffer): { prompt: string; seconds: string } {
  const text = body.toString('latin1');
  if (text.startsWith('{')) return JSON.parse(body.toString('utf8')) as { prompt: string; seconds: string };
  const field = (name: string): string => new RegExp(`name="${name}"\\r\\n(?:[^\\r]+\\r\\n)*\\r\\n([^\\r]*)`).exec(text)?.[1] ?? '';
  return { prompt: field('prompt'), seconds: field('seconds') };
}

function shape(id: string, { prompt, fate, startedAt, seconds }: Made): object {
  const part = fate.workMs === 0 ? 1 : Math.min(1, (Date.now() - startedAt) / fate.workMs);
  const isFailed = fate.end === 'fail' && part >= 0.5;
  const status = isFailed ? 'failed' : part >= 1 ? 'completed' : part > 0.1 ? 'in_progress' : 'queued';
  return {
    id, object: 'video', model: 'm', status, progress: Math.floor(part * 100), created_at: 1, completed_at: null, expires_at: null, prompt, size: '1280x720', seconds,
    remixed_from_video_id: null, error: isFailed ? { code: 'generation_failed', message: 'it went wrong' } : null,
  };
}

function answer(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
