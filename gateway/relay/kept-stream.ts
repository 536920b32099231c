/** This file gathers what a stream said, for a reply that is kept for whoever asks again with the same idempotency key. */
import { NO_BYTES, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';

export interface KeptStream {
  add(event: ByteText): void;
  /** The whole reply, with the event that ends it. */
  reply(lastEvent: ByteText): { readonly contentType: string; readonly body: ByteText };
}

/** Gathers up to `bytesMax` and the event that passes it: that a reply is too long is then all there is to know. */
export function keepStream(bytesMax: number): KeptStream {
  let kept = NO_BYTES;
  return {
    add(event) { if (kept.length <= bytesMax) kept = joinBytes(kept, event); },
    reply: (lastEvent) => ({ contentType: 'text/event-stream; charset=utf-8', body: joinBytes(kept, lastEvent) }),
  };
}
