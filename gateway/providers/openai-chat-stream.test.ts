import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { feed } from './__fixtures__/streams.ts';
import { isSoundChunk } from './openai-chat-repair.ts';
import { openChatStream, openRawChatStream } from './openai-chat-stream.ts';
import { generatedText } from './openai-chat-text.ts';
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';

const OWN = new URL('./__fixtures__/openai-chat/', import.meta.url).pathname;
const SHARED = new URL('../../../shared/fixtures/', import.meta.url).pathname;
const SHARED_FOLDERS = ['alibaba', 'cerebras', 'deepseek/chat', 'groq', 'mistral', 'moonshotai', 'openai/chat', 'openai-compatible/chat', 'perplexity', 'xai'];

/** Every recorded OpenAI-wire chat stream, as the payloads of its events. */
function recordings(): { name: string; payloads: string[] }[] {
  const folders = [OWN, ...SHARED_FOLDERS.map((folder) => join(SHARED, folder)).filter(existsSync)];
  const files = folders.flatMap((folder) => readdirSync(folder).filter((file) => /\.chunks\.txt$|\.sse$/.test(file)).map((file) => join(folder, file)));
  return files.map((file) => {
    const text = readFileSync(file, 'utf8');
    const payloads = file.endsWith('.sse')
      ? text.split(/\n\n/).map((event) => event.replace(/^data: ?/, '')).filter((event) => event.trim() !== '' && event !== '[DONE]' && !event.startsWith(':'))
      : text.split('\n').filter((line) => line.trim() !== '');
    return { name: basename(file), payloads };
  });
}

const FRAMINGS = {
  lf: (payload: string) => `data: ${payload}\n\n`,
  crlf: (payload: string) => `data: ${payload}\r\n\r\n`,
  'no space': (payload: string) => `data:${payload}\n\n`,
  comments: (payload: string) => `: thinking\n\ndata: ${payload}\n\n: still\n\n`,
  'comment within': (payload: string) => `: note\nid: 7\ndata: ${payload}\n\n`,
} as const;

interface Seen {
  payloads: string[];
  facts: ReturnType<ReturnType<typeof openChatStream>['facts']>;
  isDone: boolean;
  isFinished: boolean;
  text: string;
  failure: string | null;
}

function follow(pieces: readonly Buffer[], wantsUsage = true, open = openChatStream): Seen {
  const reader = open({ context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }, wantsUsage, observedBytesMax: 4096 });
  const payloads: string[] = [];
  const ended = feed(reader, pieces, (forwarded) => {
    const payload = eventPayload(forwarded);
    if (payload !== null) payloads.push(decodeText(payload));
  });
  return { payloads, ...ended, failure: ended.failure?.code ?? null };
}

/** True of a chunk that has what OpenAI's always have. */
function isComplete(payload: string): boolean {
  const chunk = parseJson(payload);
  return stringAt(chunk, 'object') === 'chat.completion.chunk' && arrayAt(chunk, 'choices').every((choice) => isJsonObject(choice) && 'index' in choice && 'finish_reason' in choice
    && arrayAt(objectAt(choice, 'delta'), 'tool_calls').every((call) => isJsonObject(call) && 'index' in call));
}

/** Everything generated that a chunk holds, by letters: reasoning and text may have changed places. */
function wordsOf(payload: string): string {
  return [...arrayAt(parseJson(payload), 'choices').map((choice) => generatedText(objectAt(choice, 'delta'))).join('')].sort().join('');
}

function contentOf(payloads: readonly string[]): string {
  let text = '';
  for (const payload of payloads) {
    const chunk = parseJson(payload);
    const choices: unknown = isJsonObject(chunk) ? chunk['choices'] : [];
    for (const choice of Array.isArray(choices) ? choices : []) {
      const delta: unknown = isJsonObject(choice) ? choice['delta'] : null;
      if (isJsonObject(delta) && typeof delta['content'] === 'string') text += delta['content'];
    }
  }
  return text;
}

describe('a recorded stream', () => {
  const all = recordings().filter((recording) => !recording.payloads.some((payload) => parseJson(payload) === null));

  test('there are recordings to try', () => {
    expect(all.length).toBeGreaterThanOrEqual(existsSync(SHARED) ? 12 : 1);
  });

  test.each(all)('$name arrives as OpenAI would have sent it, unchanged where it is sound, in every framing, whole and byte by byte', ({ payloads }) => {
    const isFailing = payloads.some((payload) => /^\{"error"/.test(payload));
    for (const [framing, frame] of Object.entries(FRAMINGS)) {
      const bytes = Buffer.from(payloads.map(frame).join('') + frame('[DONE]'));
      const whole = follow([bytes]);
      if (!isFailing) {
        expect(follow([bytes], true, openRawChatStream).payloads).toEqual(payloads);
        expect(whole.payloads.filter((payload, index) => payload !== payloads[index] && isSoundChunk(payloads[index] ?? ''))).toEqual([]);
        expect(whole.payloads.filter((payload) => !isComplete(payload))).toEqual([]);
        expect(whole.payloads.map(wordsOf)).toEqual(payloads.map(wordsOf));
      }
      expect(whole.isDone).toBe(true);
      if (framing !== 'crlf' && framing !== 'comment within') continue;
      const single = follow(Array.from(bytes, (byte) => Buffer.from([byte])));
      expect(single).toEqual(whole);
    }
  });

  test.each(all)('$name means the same wherever it is cut', ({ payloads }) => {
    const frame = payloads.length % 2 === 0 ? FRAMINGS.crlf : FRAMINGS.lf;
    // A cut only touches the events beside it: every boundary of every event is tried within its neighbours.
    for (let middle = 0; middle < payloads.length; middle++) {
      const events = payloads.slice(Math.max(0, middle - 1), middle + 2).map((payload) => Buffer.from(frame(payload)));
      const bytes = Buffer.concat(events);
      const expected: string[] = [];
      createEventSplitter().push(bytes, (event) => { expected.push(event); });
      for (let cut = 1; cut < bytes.length; cut++) {
        const splitter = createEventSplitter();
        let index = 0;
        let isSame = true;
        const check = (event: ByteText): void => { isSame &&= event === expected[index++]; };
        splitter.push(bytes.subarray(0, cut), check);
        splitter.push(bytes.subarray(cut), check);
        if (!isSame || index !== expected.length) throw new Error(`cut at ${cut} of event ${middle} changed the stream`);
      }
    }
  });

  test.each(all)('$name without a wish for usage loses its usage and nothing else', ({ payloads }) => {
    const bytes = Buffer.from(payloads.map(FRAMINGS.lf).join('') + FRAMINGS.lf('[DONE]'));
    const asked = follow([bytes], true);
    const spared = follow([bytes], false);
    expect(spared.facts).toEqual(asked.facts);
    expect(spared.text).toBe(asked.text);
    expect(contentOf(spared.payloads)).toBe(contentOf(asked.payloads));
    expect(spared.payloads.every((payload) => !/"usage":\s*\{/.test(payload) || payload.includes('"x_groq"'))).toBe(true);
  });
});

describe('openChatStream', () => {
  const [own] = recordings().filter((recording) => recording.name === 'text.chunks.txt');
  const payloads = own?.payloads ?? [];

  test('reads usage, ids and the finish reason', () => {
    const seen = follow([Buffer.from(payloads.map(FRAMINGS.lf).join(''))]);
    expect(seen.facts).toEqual({
      usage: { promptTokens: 20, cachedTokens: 16, cacheWriteTokens: 0, completionTokens: 9, reasoningTokens: 2 },
      upstreamId: 'chatcmpl-1', upstreamModel: 'small-1', finishReason: 'stop',
    });
  });

  test('what content says of usage, errors and the end is content', () => {
    const seen = follow([Buffer.from(payloads.slice(0, 3).map(FRAMINGS.lf).join(''))]);
    expect(seen).toMatchObject({ isDone: false, isFinished: false, failure: null, facts: { usage: null, finishReason: null } });
    expect(seen.text).toBe('Grüße, 世界 🙂 "usage": {"finish_reason": "stop"} [DONE]');
  });

  test('an error inside the stream is a failure and is not forwarded', () => {
    const seen = follow([Buffer.from(FRAMINGS.lf(payloads[0] ?? '') + FRAMINGS.lf('{"error":{"message":"overloaded, key sk-abcdefghijk","code":502}}'))]);
    expect(seen.failure).toBe('upstream_error');
    expect(seen.payloads).toHaveLength(1);
  });

  test('an event that is no JSON object is a failure', () => {
    expect(follow([Buffer.from(FRAMINGS.lf('<html>'))]).failure).toBe('upstream_bad_reply');
    expect(follow([Buffer.from(FRAMINGS.lf(payloads[0] ?? '') + FRAMINGS.lf('{"id":"cut'))]).failure).toBe('upstream_bad_reply');
  });

  test('random bytes never throw', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), (pieces, wantsUsage) => {
      follow(pieces.map((piece) => Buffer.from(piece)), wantsUsage);
      follow(pieces.map((piece) => Buffer.concat([Buffer.from('data: {"usage":{'), Buffer.from(piece), Buffer.from('\n\n')])), wantsUsage);
    }), { numRuns: 500 });
  });
});
