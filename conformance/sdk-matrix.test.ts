/** This file asks for every scene of the matrix, endpoint by wire by recording, with the official JavaScript package, and has each reply judged. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { hasOpenAi, openAiReplySchema } from './judges.ts';
import type { Answer } from './recorded-answers.ts';
import { perform } from './sdk-callers.ts';
import { hasSharedRecordings } from './sdk-scenes.ts';
import { faultOf, openSdkStage, scenery } from './sdk-stage.ts';
import type { SdkStage } from './sdk-stage.ts';

const START_MS_MAX = 60_000;
/** A stream of a thousand events, on a machine that may be busy. */
const SCENE_MS_MAX = 20_000;

const WHOLE = [false];
const BOTH = [false, true];
const CHAT_WIRES = ['openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses', 'sandbox'];
/** Every endpoint, its wires (gateway/providers/index.ts and video-wires.ts), and whether they stream. Gemini's images are an event when a stream is asked for. */
const MATRIX: readonly (readonly [endpoint: string, wires: readonly string[], streams: readonly boolean[]])[] = [
  ['chat', CHAT_WIRES, BOTH], ['responses', CHAT_WIRES, BOTH], ['completions', CHAT_WIRES, BOTH], ['embeddings', ['openai-embeddings', 'gemini-embeddings', 'sandbox'], WHOLE],
  ['images', ['openai-images', 'gemini-images', 'sandbox'], BOTH], ['edits', ['openai-images', 'sandbox'], BOTH], ['edits', ['gemini-images'], WHOLE],
  ['transcriptions', ['openai-transcriptions', 'sandbox'], BOTH], ['speech', ['openai-speech', 'sandbox'], BOTH],
  ['videos', ['openai-videos', 'gemini-videos', 'openrouter-videos', 'kling-videos', 'seedance-videos', 'pixverse-videos', 'sandbox'], WHOLE],
];

let stage: SdkStage;
beforeAll(async () => { stage = await openSdkStage(); }, START_MS_MAX);
afterAll(async () => { await stage.close(); }, START_MS_MAX);

describe('the openai package', () => {
  test.each(scenery.scenes.map((scene) => [scene.name, scene] as const))('%s', async (_name, scene) => {
    const { proxy, server } = stage.laneOf(scene);
    const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: server.key, maxRetries: 0 });
    const before = proxy.judged.length;
    const got = await perform(client, scene);
    await proxy.settled();
    const judged = proxy.judged.slice(before);
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.flatMap((one) => faultOf(one) ?? [])).toEqual([]);
    expect(got).toMatchObject(scene.expected as object);
  }, SCENE_MS_MAX);
});

describe('the matrix', () => {
  const { scenes } = scenery;

  test.each(MATRIX)('%s is asked for over %j', (endpoint, wires, streams) => {
    const empty = wires.flatMap((wire) => streams.filter((isStream) => !scenes.some((scene) => scene.endpoint === endpoint && scene.wire === wire && scene.isStream === isStream)).map((isStream) => `${wire}, ${isStream ? 'streamed' : 'whole'}`));
    expect(empty).toEqual([]);
  });

  test.each(['openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses'])('%s has answers with text, with calls and with thoughts, whole and streamed', (wire) => {
    const answers = scenes.filter((scene) => scene.endpoint === 'chat' && scene.wire === wire).map(({ isStream, expected }) => ({ isStream, ...expected as Answer }));
    const kinds = answers.flatMap(({ text, calls, reasoning }) => [...(text === '' ? [] : ['text']), ...(calls.length === 0 ? [] : ['calls']), ...(reasoning === '' ? [] : ['thoughts'])]);
    expect(new Set(kinds)).toEqual(new Set(['text', 'calls', 'thoughts']));
    expect(new Set(answers.map(({ isStream }) => isStream))).toEqual(new Set(BOTH));
  });

  test('leaves no wire of the contract out', () => {
    const contract = JSON.parse(readFileSync(new URL('../generated/openapi.json', import.meta.url), 'utf8')) as { components: { schemas: { CatalogWire: { enum: string[] } } } };
    const asked = new Set(scenes.map(({ wire }) => wire));
    expect(contract.components.schemas.CatalogWire.enum.filter((wire) => !asked.has(wire))).toEqual([]);
  });

  const JUDGED: readonly (readonly [method: string, path: string, types: readonly string[]])[] = [
    ...['/chat/completions', '/responses', '/completions', '/images/generations', '/images/edits', '/audio/transcriptions'].map((path) => ['post', path, ['application/json', 'text/event-stream']] as const),
    ['post', '/embeddings', ['application/json']], ['post', '/audio/speech', ['text/event-stream']], ['post', '/videos', ['application/json']], ['get', '/videos', ['application/json']],
    ['get', '/videos/{video}', ['application/json']], ['delete', '/videos/{video}', ['application/json']],
  ];
  // Without ../shared/openai beside the house only our own contract judges.
  (hasOpenAi ? test.each(JUDGED) : test.skip.each(JUDGED))('%s %s has a judge in OpenAI’s document that refuses what is nothing, as %j', (method, path, types) => {
    for (const type of types) expect(openAiReplySchema({ method, path, status: 200, type })?.({})).toEqual(expect.stringContaining("OpenAI's"));
  });

  // Without ../shared/fixtures beside the house only our own recordings are played.
  (hasSharedRecordings ? test : test.skip)('has the recorded traffic of real providers, which lies beside the house: ../shared/fixtures', () => {
    const counts = ['openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses'].map((wire) => scenes.filter((scene) => scene.wire === wire && scene.endpoint === 'chat').length);
    expect(counts.map((count) => count >= 12)).toEqual([true, true, true, true]);
  });
});
