/** This file drives the unmodified official `openai` package against the mock, which needs no gateway. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI, { AuthenticationError, BadRequestError, RateLimitError, toFile } from 'openai';
import { wav } from './audio-requests.ts';

const script = path.resolve(import.meta.dirname, '../scripts/mock.ts');
/** Prism needs several seconds, and the machine may be busy. */
const START_MS_MAX = 90_000;

let mock: ChildProcess;
let baseURL = '';

beforeAll(async () => {
  mock = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], { env: { ...process.env, NODE_OPTIONS: '', MOCK_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const bytes of mock.stdout ?? []) {
    output += String(bytes);
    baseURL = /http:\S+/.exec(output)?.[0] ?? '';
    if (baseURL !== '') break;
  }
  if (baseURL === '') throw new Error(`the mock did not start: ${output}`);
}, START_MS_MAX);

afterAll(async () => {
  mock.kill();
  await once(mock, 'exit');
}, START_MS_MAX);

describe('the openai package against the mock', () => {
  const client = (headers: Record<string, string> = {}): OpenAI => new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0, defaultHeaders: headers });
  const body = { model: 'sandbox/echo', messages: [{ role: 'user' as const, content: 'Hi' }] };

  test('lists and retrieves the models of the examples', async () => {
    const models = [];
    for await (const model of client().models.list()) models.push(model);
    expect(models.length).toBeGreaterThan(0);
    expect(await client().models.retrieve('sandbox/echo')).toMatchObject({ object: 'model' });
  });

  test("answers with the contract's example, and streams its chunks", async () => {
    const whole = await client().chat.completions.create(body);
    expect(whole.choices[0]?.message.content).toBe('Hello from Interline');
    let text = '';
    for await (const chunk of await client().chat.completions.create({ ...body, stream: true })) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello from Interline');
  });

  test('writes down and speaks as the examples do', async () => {
    const written = await client().audio.transcriptions.create({ model: 'sandbox/transcribe', file: await toFile(wav(0.1), 'a.wav', { type: 'audio/wav' }) });
    expect(written.text).toBe('A WAV of 2.5 seconds, 16000 Hz, mono.');
    const sound = await client().audio.speech.create({ model: 'sandbox/speech', voice: 'alloy', input: 'Hi' });
    expect((await sound.arrayBuffer()).byteLength).toBeGreaterThan(0);
  });

  test('refuses what the contract refuses', async () => {
    await expect(client().chat.completions.create({ ...body, temperature: 9 })).rejects.toBeInstanceOf(BadRequestError);
    const keyless = await fetch(`${baseURL}/models`);
    expect(keyless.status).toBe(401);
  });

  test('fails as it is told to', async () => {
    await expect(client({ prefer: 'code=429' }).chat.completions.create(body)).rejects.toBeInstanceOf(RateLimitError);
    await expect(client({ prefer: 'code=401, example=revoked_api_key' }).models.list()).rejects.toBeInstanceOf(AuthenticationError);
  });
});
