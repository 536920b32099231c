/** This file asks an upstream something for a job: an answer in one piece, or bytes as they come. */
import { Readable } from 'node:stream';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Provider } from '../foundation/terms.ts';
import type { Exchange, OpenExchange, ReplyHeaders } from '../providers/call.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure } from '../providers/wire.ts';

export interface ExchangeParts {
  readonly openExchange: OpenExchange;
  readonly clock: Pick<Clock, 'after'>;
  readonly limits: Pick<Limits, 'upstreamReplyBytesMax' | 'upstreamTotalMs'>;
}

/** What an upstream answered, with any status. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly text: string;
}

/** An answer whose bytes are still to come; the stream is read to its end or destroyed. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly stream: Readable;
}

/** True for an exchange that failed before it had an answer. */
export function isFailure<Answer extends object>(answer: Answer | UpstreamFailure): answer is UpstreamFailure {
  return 'isRetryable' in answer;
}

/** Asks, and gives the whole answer as text. Never rejects. Ended by `signal` it is a failure like any other. */
export async function askWhole(parts: ExchangeParts, asked: { provider: Provider; request: HttpRequest | ScriptedReply; signal: AbortSignal }): Promise<WholeAnswer | UpstreamFailure> {
  const answer = await askStream(parts, asked);
  if (isFailure(answer)) return answer;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of piecesOf(answer.stream)) {
      bytes += piece.length;
      if (bytes > parts.limits.upstreamReplyBytesMax) return failed('upstream_bad_reply', `the reply is larger than ${parts.limits.upstreamReplyBytesMax} bytes`);
      chunks.push(piece);
    }
  } catch (thrown) {
    return failed('upstream_bad_reply', thrown instanceof Error ? thrown.message : String(thrown));
  }
  return { status: answer.status, headers: answer.headers, text: Buffer.concat(chunks).toString('utf8') };
}

/** Asks, and gives the answer as soon as it has begun. Never rejects; a failure after that destroys the stream with an error. */
export function askStream(
  { openExchange, clock, limits }: ExchangeParts, { provider, request, signal }: { provider: Provider; request: HttpRequest | ScriptedReply; signal: AbortSignal },
): Promise<StreamedAnswer | UpstreamFailure> {
  return new Promise((resolve) => {
    let stream: Readable | null = null;
    let exchange: Exchange | null = null;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      cancelDeadline();
      signal.removeEventListener('abort', abort);
    };
    const giveUp = (failure: UpstreamFailure): void => {
      if (isOver) return;
      end();
      exchange?.abort();
      if (stream) stream.destroy(new Error(failure.detail));
      else resolve(failure);
    };
    const abort = (): void => { giveUp(failed('shutting_down', 'the step was given up')); };
    const cancelDeadline = clock.after(limits.upstreamTotalMs, () => { giveUp(failed('upstream_timeout', 'the whole exchange took too long')); });
    signal.addEventListener('abort', abort);
    exchange = openExchange(provider, request, {
      onHead(status, headers) {
        stream = new Readable({
          read: () => { exchange?.resume(); },
          destroy: (error, done) => {
            if (!isOver) {
              end();
              exchange?.abort();
            }
            done(error);
          },
        });
        // It may break off before anybody has begun to read; who then does is told.
        stream.on('error', () => undefined);
        resolve({ status, headers, stream });
      },
      onData: (chunk) => stream?.push(chunk) ?? false,
      onEnd() {
        end();
        stream?.push(null);
      },
      onFailure: giveUp,
    });
    if (signal.aborted) abort();
  });
}

function piecesOf(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return stream;
}

/** A failure that has no status of an upstream. */
export function failed(code: UpstreamFailure['code'], detail: string): UpstreamFailure {
  return { code, isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail };
}
