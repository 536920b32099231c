/** This file shows that no recorded exchange lies unread, and reads those that no wire's own test does: each means what it holds. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';
import type { NativeForm } from '../foundation/terms.ts';
import { CHAT_AMONG_RESPONSES, CHAT_FOLDERS, RESPONSES_FOLDERS, setOf } from './__fixtures__/recordings.ts';
import { readEmbeddings } from './embeddings.ts';
import { factsOf, parseImages } from './images.ts';
import { nativeReplySide } from './native.ts';
import { openaiChatWire } from './openai-chat.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { openaiResponsesWire } from './openai-responses.ts';
import { transcriptionReplies } from './openai-transcriptions.ts';

const RECORDINGS = new URL('../../../shared/fixtures/', import.meta.url).pathname;
const hasRecordings = existsSync(RECORDINGS);
const described = hasRecordings ? describe : describe.skip;
/** Where the recordings are not at hand there is one row for each table, which is skipped. */
const rows = (files: readonly string[]): readonly string[] => (hasRecordings ? files : ['none']);

/** Every recording, by its path under the folder; none where they are not at hand. */
const recorded = !hasRecordings ? [] : readdirSync(RECORDINGS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'README.md')
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(RECORDINGS.length).replace(/^\//, '')).sort();
const recordingsIn = (folders: readonly string[], files: RegExp): string[] => recorded.filter((file) => folders.includes(file.slice(0, file.lastIndexOf('/'))) && files.test(file));
/** Chat completions, wherever they lie. */
const chatRecordings = (files: RegExp): string[] => [...recordingsIn(CHAT_FOLDERS, files), ...recordingsIn(['azure'], CHAT_AMONG_RESPONSES).filter((file) => files.test(file))];

const read = (file: string): string => readFileSync(RECORDINGS + file, 'utf8');
const options = { context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 7 }, wantsUsage: true, observedBytesMax: 4096 };

/** The JSON text of each event of a stream. */
function payloadsIn(file: string): string[] {
  const lines = read(file).split('\n').map((line) => (file.endsWith('.sse') ? line.replace(/^data: ?/, '') : line));
  return lines.filter((line) => line.trim() !== '' && line !== '[DONE]' && !line.startsWith(':') && !line.startsWith('event:'));
}

const FRAMINGS: readonly ((payload: string) => string)[] = [
  (payload) => `data: ${payload}\n\n`,
  (payload) => `data: ${payload}\r\n\r\n`,
  (payload) => `: note\r\n\r\nevent: x\r\n: within\r\ndata:${payload}\r\n\r\n: still\n\n`,
];

described('every recording', () => {
  const tests = new Map<string, string>();
  const sourceOf = (name: string): string => tests.get(name) ?? tests.set(name, readFileSync(new URL(name, import.meta.url), 'utf8')).get(name) ?? '';

  test('is read by a test that names its folder, or it is said why not', () => {
    const files = recorded;
    expect(files.length).toBeGreaterThan(250);
    const unread = files.filter((file) => {
      const set = setOf(file);
      if (!set || set.readBy.length === 0) return set?.why === undefined;
      const folder = file.slice(0, file.lastIndexOf('/'));
      return !set.readBy.every((name) => name === 'recordings.test.ts' || new RegExp(`['/]${folder}['/]`).test(sourceOf(name)));
    });
    expect(unread).toEqual([]);
  });

  const streams = recorded.filter((file) => /\.(?:chunks\.txt|sse)$/.test(file) && (setOf(file)?.readBy.length ?? 0) > 0);

  test.each(rows(streams))('%s has the same events wherever it is cut, with CRLF and comments', (file) => {
    const payloads = payloadsIn(file);
    // A cut touches no event but the one it is in and those beside it, which are framed in another way each.
    for (let at = 0; at < payloads.length; at++) {
      const around = payloads.slice(Math.max(0, at - 1), at + 2).map((payload, index) => (FRAMINGS[(at + index) % FRAMINGS.length] ?? String)(payload));
      tryCuts(around, at === 0 ? 0 : 1, `${file}, event ${at}`);
    }
  });
});

/** Bytes at whose every boundary one event is cut; of a longer one those at its ends and some between. */
const EVERY_CUT_BYTES = 1200;

function tryCuts(events: readonly string[], middle: number, name: string): void {
  const parts = events.map((event) => Buffer.from(event));
  const bytes = Buffer.concat(parts);
  const split = (pieces: readonly Buffer[]): string[] => {
    const splitter = createEventSplitter();
    const found: string[] = [];
    for (const piece of pieces) splitter.push(piece, (event: ByteText) => { found.push(event); });
    return found;
  };
  const expected = split([bytes]);
  expect(expected.filter((event) => eventPayload(event as ByteText) !== null)).toHaveLength(events.length);
  const from = parts.slice(0, middle).reduce((sum, part) => sum + part.length, 0);
  const size = parts[middle]?.length ?? 0;
  const step = Math.max(1, Math.floor(size / EVERY_CUT_BYTES));
  for (let cut = 1; cut < size; cut += cut < 100 || size - cut < 100 ? 1 : step) {
    const found = split([bytes.subarray(0, from + cut), bytes.subarray(from + cut)]);
    if (found.length !== expected.length || found.some((event, index) => event !== expected[index])) throw new Error(`${name}: cut at ${cut} of ${size}`);
  }
}

/** What OpenAI's usage says, read in another way than the wire does; xAI counts reasoning beside the rest. */
function usageIn(reply: unknown): object | null {
  const usage = objectAt(reply, 'usage') ?? objectAt(objectAt(reply, 'x_groq'), 'usage');
  if (!usage) return null;
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const [prompt, completion, total] = [number(usage['prompt_tokens']), number(usage['completion_tokens']), number(usage['total_tokens'])];
  const reasoning = number(objectAt(usage, 'completion_tokens_details')?.['reasoning_tokens'] ?? usage['reasoning_tokens']);
  const isBeside = prompt + completion + reasoning === total;
  return { promptTokens: prompt, completionTokens: completion + (isBeside ? reasoning : 0), reasoningTokens: reasoning };
}

described('a chat completion', () => {
  const files = chatRecordings(/\.json$/).filter((file) => !/error|transcription/.test(file));

  test.each(rows(files))('%s is told as OpenAI would have sent it, and read right', (file) => {
    const text = read(file);
    const reply = parseJson(text);
    const [choice] = arrayAt(reply, 'choices');
    const told = openaiChatWire.toReply?.(text, { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }) ?? '';
    expect(arrayAt(parseJson(told), 'choices')[0]).toMatchObject({ index: 0, message: { role: 'assistant', refusal: null } });
    for (const piece of piecesOf(objectAt(choice, 'message'))) expect(openaiChatWire.readText(told)).toContain(piece);
    if (file.startsWith('openai/')) expect(parseJson(told)).toEqual(reply);
    const facts = openaiChatWire.readReply(text);
    expect(facts).toMatchObject({ upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: stringAt(choice, 'finish_reason'), usage: usageIn(reply) });
    const said = openaiChatWire.readText(text);
    for (const piece of piecesOf(objectAt(choice, 'message'))) expect(said).toContain(piece);
    expect(piecesOf(objectAt(choice, 'message'))).not.toEqual([]);
    // The native bypass reads the same of it.
    expect(nativeReplySide('chat').readReply(text)).toEqual(facts);
  });

  test.each(rows(chatRecordings(/\.(?:chunks\.txt|sse)$/)))('%s as a stream says the usage and the finish reason that stand in it', (file) => {
    const payloads = payloadsIn(file);
    const chunks = payloads.map((payload) => parseJson(payload));
    const isBroken = chunks.some((chunk) => !isJsonObject(chunk) || 'error' in chunk);
    const reader = follow('chat', payloads);
    expect({ isBroken, failure: reader.failure?.code ?? null }).toEqual({ isBroken, failure: isBroken ? expect.stringMatching(/^upstream_/) : null });
    if (isBroken) return;
    const finish = chunks.flatMap((chunk) => stringAt(arrayAt(chunk, 'choices')[0], 'finish_reason') ?? []).at(-1) ?? null;
    const usage = chunks.map(usageIn).filter((each) => each !== null).at(-1) ?? null;
    expect(reader.facts().finishReason).toBe(finish);
    if (usage === null) expect(reader.facts().usage).toBeNull();
    else expect(reader.facts().usage).toMatchObject(usage);
  });
});

/** What a message says, piece by piece. */
function piecesOf(message: unknown): string[] {
  const texts = (value: unknown): string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap((part) => [...texts(objectAt(part, 'x') ?? stringAt(part, 'text') ?? ''), ...arrayAt(part, 'thinking').flatMap((each) => stringAt(each, 'text') ?? [])]) : []);
  const own = isJsonObject(message) ? ['content', 'reasoning_content', 'reasoning', 'refusal'].flatMap((field) => texts(message[field])) : [];
  const calls = arrayAt(message, 'tool_calls').flatMap((call) => [stringAt(objectAt(call, 'function'), 'name') ?? '', stringAt(objectAt(call, 'function'), 'arguments') ?? '']);
  return [...own, ...calls].filter((piece) => piece !== '');
}

/** Reads a stream by the native bypass, which must hand on every event as it came. */
function follow(form: NativeForm, payloads: readonly string[], ends = form === 'chat' || form === 'completions'): ReturnType<ReturnType<typeof nativeReplySide>['openStream']> {
  const reader = nativeReplySide(form).openStream(options);
  for (const payload of [...payloads, ...(ends ? ['[DONE]'] : [])]) {
    if (reader.failure || reader.isDone) break;
    const bytes = Buffer.from(`data: ${payload}\n\n`);
    reader.observe(bytes);
    createEventSplitter().push(bytes, (event) => {
      const told = reader.read(event);
      if (told !== null) expect(decodeText(eventPayload(told) ?? told)).toBe(payload);
    });
  }
  return reader;
}

/** Another message begins within this one. */
const BROKEN = /spliced-message-start/;

described('by the native bypass', () => {
  test.each(rows(recordingsIn(RESPONSES_FOLDERS, /\.chunks\.txt$/).filter((file) => !chatRecordings(/./).includes(file))))('%s is read as the wire reads it', (file) => {
    const payloads = payloadsIn(file);
    const wire = openaiResponsesWire.openStream(options);
    for (const payload of payloads) if (!wire.failure) createEventSplitter().push(Buffer.from(`data: ${payload}\n\n`), (event) => { wire.read(event); });
    const native = follow('responses', payloads);
    // A recording that is no JSON is a typed error to both.
    if (payloads.some((payload) => parseJson(payload) === null)) {
      for (const reader of [native, wire]) expect(reader.failure).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
      return;
    }
    const isFailed = payloads.some((payload) => ['error', 'response.failed'].includes(stringAt(parseJson(payload), 'type') ?? ''));
    if (!isFailed) expect(native.facts().usage).toEqual(wire.facts().usage);
    if (!isFailed) expect(native).toMatchObject({ isFinished: true, failure: null });
    else expect(native.isDone || native.failure !== null).toBe(true);
  });

  test.each<[NativeForm, string, RegExp]>([['responses', 'openai/responses', /error\.json$|error\.1\.json$/], ['messages', 'anthropic', /^$/], ['generate', 'google', /429/]])('whole replies of %s in %s are read, and what is none is refused', (form, folder, none) => {
    const side = nativeReplySide(form);
    const files = recordingsIn([folder], /\.json$/);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      if (none.test(file)) expect(() => side.readReply(read(file))).toThrow(SyntaxError);
      else expect({ file, prompt: side.readReply(read(file)).usage?.promptTokens }).toEqual({ file, prompt: expect.any(Number) });
    }
  });

  test.each<[NativeForm, string]>([['messages', 'anthropic'], ['generate', 'google']])('streams of %s in %s are handed on whole', (form, folder) => {
    for (const file of recordingsIn([folder], /\.chunks\.txt$/)) {
      const reader = follow(form, payloadsIn(file));
      if (BROKEN.test(file)) {
        expect(reader.failure).toMatchObject({ code: 'upstream_bad_reply' });
        continue;
      }
      expect({ file, failure: reader.failure, isFinished: reader.isFinished, output: reader.facts().usage?.completionTokens }).toEqual({ file, failure: null, isFinished: true, output: expect.any(Number) });
    }
  });

  test('a legacy completion is read whole and as a stream', () => {
    const [whole, stream] = ['openai/completion/openai-completion-text.json', 'openai/completion/openai-completion-text.chunks.txt'];
    const side = nativeReplySide('completions');
    const reply = parseJson(read(whole));
    expect(side.readReply(read(whole))).toMatchObject({ usage: usageIn(reply), finishReason: 'length', upstreamModel: 'gpt-3.5-turbo-instruct:20230824-v2' });
    expect(side.readText(read(whole))).toBe(stringAt(arrayAt(reply, 'choices')[0], 'text'));
    const payloads = payloadsIn(stream);
    const reader = follow('completions', payloads);
    const chunks = payloads.map((payload) => parseJson(payload));
    expect(reader.text()).toBe(chunks.map((chunk) => stringAt(arrayAt(chunk, 'choices')[0], 'text') ?? '').join(''));
    expect(reader.text().length).toBeGreaterThan(10);
    expect(reader.facts()).toMatchObject({ finishReason: 'length', usage: chunks.map(usageIn).filter((each) => each !== null).at(-1) });
  });
});

described('what is neither text nor a stream', () => {
  test('embeddings: as many vectors as there are, and what they cost', () => {
    expect(readEmbeddings(read('openai/embedding/openai-embedding.json'))).toMatchObject({ vectors: 2, upstreamModel: 'text-embedding-3-small', usage: { promptTokens: 12, completionTokens: 0 } });
  });

  test.each([['openai-image.json', null], ['openai-image-edit.json', '1024x1024/high']])('%s: its images, and their variant as it says', (file, variant) => {
    const reply = parseImages(read(`openai/image/${file}`));
    const images = arrayAt(parseJson(read(`openai/image/${file}`)), 'data');
    expect(images.length).toBeGreaterThan(0);
    expect(reply['data']).toEqual(images);
    // No usage is told: the images are counted.
    expect(factsOf(reply, { variant: null }).usage).toBeNull();
    expect(factsOf({ ...reply, usage: { input_tokens: 1 } }, { variant: null }).usage?.media).toMatchObject({ images: images.length, variant });
  });

  test('a transcription as text is the text', () => {
    const { body } = parseJson(read('groq/groq-transcription-text.json')) as { body: string };
    const { side } = transcriptionReplies({ isText: true, audioMs: 1000 });
    expect(side.readText(body)).toBe(' Hello from the Versal AISDK.');
    expect(side.readReply(body).usage).toBeNull();
  });

  test.each([
    ['openai/chat/reasoning-model-legacy-parameter-error.json', 'max_tokens'], ['openai/responses/reasoning-model-temperature-error.json', 'temperature'], ['openai/image/gpt-image-response-format-error.json', 'response_format'],
  ])('%s is the caller\'s own mistake, with its field', (file, param) => {
    const message = stringAt(objectAt(parseJson(read(file)), 'error'), 'message');
    for (const wire of [{ classify: classifyOpenAiError }, openaiResponsesWire]) expect(wire.classify(400, {}, read(file))).toMatchObject({ code: 'upstream_rejected', isRetryable: false, param, message });
    expect(() => openaiChatWire.readReply(read(file))).toThrow(SyntaxError);
    expect(() => parseImages(read(file))).toThrow(SyntaxError);
  });
});
