/** This file makes ids: a prefix and a UUIDv7 body, so that ids sort by time and never collide across nodes. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';

export type IdPrefix = 'req' | 'key' | 'ws' | 'user' | 'hold' | 'roll' | 'audit' | 'lease' | 'node' | 'budget' | 'pk' | 'grant' | 'topup' | 'chatcmpl' | 'resp' | 'media' | 'video' | 'img' | 'eval' | 'evitem' | 'evrun';

/** Makes ids of the given prefix; injected so that tests can predict them. */
export type MakeId = (prefix: IdPrefix) => string;

const POOL_BYTES = 4096;
const RANDOM_BYTES = 10;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes an id factory over a clock; random bits are drawn in blocks because one call per id costs more than the id. */
export function createIds(clock: Clock): MakeId {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (prefix) => {
    if (used + RANDOM_BYTES > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    let body = clock.now().toString(16).padStart(12, '0');
    for (let i = 0; i < RANDOM_BYTES; i++) {
      let byte = pool[used + i] ?? 0;
      if (i === 0) byte = (byte & 0x0f) | 0x70;
      if (i === 2) byte = (byte & 0x3f) | 0x80;
      body += HEX[byte];
    }
    used += RANDOM_BYTES;
    return `${prefix}_${body}`;
  };
}
