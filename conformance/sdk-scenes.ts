/** This file makes the scenes of the matrix that chat: each recording of each chat wire, asked for by every endpoint that can hold its answer. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { answerOf, answerOfEvents } from './recorded-answers.ts';
import type { Answer } from './recorded-answers.ts';
import type { Replay } from './replay-upstream.ts';

/** One call by an official SDK and what it is to give: data, the same for each language. */
export interface Scene {
  readonly name: string;
  readonly endpoint: 'chat' | 'responses' | 'completions' | 'embeddings' | 'images' | 'edits' | 'transcriptions' | 'speech' | 'videos';
  readonly wire: string;
  readonly isStream: boolean;
  /** Fields of the request as OpenAI names them. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Files of the request: name, bytes in base64 and content type. */
  readonly files?: Readonly<Record<string, readonly [name: string, base64: string, type: string]>>;
  readonly expected: unknown;
}

/** A scene's upstream: what the catalogue says of its model, and what is answered. */
export interface SceneUpstream {
  /** What the upstream is asked for. */
  readonly upstreamModel: string;
  readonly replay: Replay;
  /** Rows of the operator's catalogue. */
  readonly rows: readonly object[];
}

export interface Scenery {
  readonly scenes: readonly Scene[];
  readonly upstreams: readonly SceneUpstream[];
}

type ChatWireName = 'openai-chat' | 'anthropic-messages' | 'gemini-content' | 'openai-responses';
type Json = Readonly<Record<string, unknown>>;

const own = new URL('../gateway/providers/__fixtures__/', import.meta.url).pathname;
const shared = new URL('../../shared/fixtures/', import.meta.url).pathname;
/** Whether the recorded traffic of the shared fixtures is at hand; without it the scenes are those of our own. */
export const hasSharedRecordings = existsSync(shared);

const PROVIDERS: Readonly<Record<ChatWireName, object>> = {
  'openai-chat': { provider: 'vllm' }, 'anthropic-messages': { provider: 'anthropic' }, 'gemini-content': { provider: 'google' }, 'openai-responses': { provider: 'openai', wire: 'openai-responses' },
};
const FOLDERS: Readonly<Record<ChatWireName, readonly string[]>> = {
  'openai-chat': [`${own}openai-chat`, ...['alibaba', 'cerebras', 'deepseek/chat', 'groq', 'mistral', 'moonshotai', 'openai/chat', 'openai-compatible/chat', 'perplexity', 'xai'].map((folder) => shared + folder)],
  'anthropic-messages': [`${own}anthropic-messages`, `${shared}anthropic`],
  'gemini-content': [`${own}gemini-content`, `${shared}google`],
  'openai-responses': [`${own}openai-responses`, ...['openai/responses', 'azure', 'xai/responses', 'open-responses/responses'].map((folder) => shared + folder)],
};
const WIRES = Object.keys(FOLDERS) as ChatWireName[];

interface Recording {
  readonly wire: ChatWireName;
  readonly name: string;
  readonly isStream: boolean;
  /** The JSON of the reply, or of each event. */
  readonly payloads: readonly string[];
}

function recordings(): Recording[] {
  return WIRES.flatMap((wire) => FOLDERS[wire].filter(existsSync).flatMap((folder) =>
    readdirSync(folder).filter((file) => /\.(?:json|chunks\.txt)$/.test(file)).map((file): Recording => {
      const text = readFileSync(join(folder, file), 'utf8');
      const isStream = file.endsWith('.txt');
      const payloads = isStream ? text.split('\n').filter((line) => line.trim() !== '' && line !== '[DONE]') : [text];
      return { wire, name: `${folder.startsWith(own) ? 'own' : folder.slice(shared.length)}/${basename(file).replace(/\.(?:json|chunks\.txt)$/, '')}`, isStream, payloads };
    })));
}

/** What is broken, an error, or several answers one after the other is no matter of what an answer says. */
function isOneAnswer({ wire, name, isStream, payloads }: Recording): boolean {
  try {
    const values = payloads.map((payload) => JSON.parse(payload) as Json);
    const [first = {}] = values;
    if (values.some((value) => value['type'] === 'error' || value['type'] === 'response.failed' || 'error' in value && value['error'] !== null)) return false;
    if (wire === 'openai-chat' && new Set(values.map((value) => value['id'])).size > 1) return false;
    if (wire === 'openai-chat') return values.some((value) => Array.isArray(value['choices']) && value['choices'].length > 0);
    // Its deltas say something else than its items.
    if (name === 'openai/responses/openai-shell-container.1') return false;
    // Arguments in pieces take a reader of their own: gemini-content.test.ts has one.
    if (payloads.some((payload) => payload.includes('"willContinue"'))) return false;
    if (wire === 'gemini-content') return Array.isArray(first['candidates']) || Array.isArray(values.at(-1)?.['candidates']);
    if (!isStream) return first['type'] === 'message' || first['object'] === 'response';
    // One that begins again as another message.
    if (new Set(values.flatMap((value) => (value['type'] === 'message_start' ? [(value['message'] as Json)['id']] : []))).size > 1) return false;
    const ends = values.filter((value) => /^(?:message_stop|response\.(?:completed|incomplete))$/.test(String(value['type'])));
    return ends.length === 1;
  } catch {
    return false;
  }
}

/** All scenes that chat, with their upstreams. */
export function chatScenery(): Scenery {
  const scenes: Scene[] = [];
  const upstreams: SceneUpstream[] = [];
  for (const recording of recordings().filter(isOneAnswer)) {
    const { wire, name, isStream, payloads } = recording;
    const values = payloads.map((payload) => JSON.parse(payload) as Json);
    const answer = isStream ? answerOfEvents(wire, values) : answerOf(wire, values[0] ?? {});
    const upstreamModel = `${wire}-${isStream ? 'stream' : 'whole'}-${name}`.replaceAll(/[^\w.-]+/g, '-').toLowerCase();
    const model = `matrix/${upstreamModel}`;
    const row = { id: model, name, tier: 'basic', context_window: 200_000, max_output_tokens: 64_000, targets: [{ ...PROVIDERS[wire], model: upstreamModel, unpriced: true }] };
    upstreams.push({ upstreamModel, replay: replayOf(recording), rows: [row] });
    scenes.push(...scenesOf({ recording, model, answer }));
  }
  return { scenes: [...scenes, ...sandboxScenes()], upstreams };
}

/** The same endpoints of the sandbox. */
function sandboxScenes(): Scene[] {
  const said = 'Reply with exactly: Grüße, 世界 🙂';
  const text = 'Grüße, 世界 🙂';
  const tool = { name: 'get_weather', parameters: { type: 'object', properties: { sky: { const: 'clear' } }, required: ['sky'], additionalProperties: false } };
  const nothing = { refusal: '', reasoning: '', calls: [] };
  const called = { text: '', refusal: '', reasoning: '', calls: [{ name: 'get_weather', arguments: { sky: 'clear' } }], finish: 'tool_calls' };
  return [false, true].flatMap((isStream): Scene[] => {
    const stream = isStream ? { stream: true } : {};
    const usage = isStream ? { stream_options: { include_usage: true } } : {};
    const common = { wire: 'sandbox', isStream };
    const how = isStream ? 'streamed' : 'whole';
    const messages = [{ role: 'user', content: said }];
    return [
      { ...common, name: `chat: sandbox: text, ${how}`, endpoint: 'chat', request: { model: 'sandbox/echo', messages, ...stream, ...usage }, expected: { ...nothing, text, finish: 'stop' } },
      { ...common, name: `chat: sandbox: a call, ${how}`, endpoint: 'chat', request: { model: 'sandbox/chat', messages, tools: [{ type: 'function', function: tool }], tool_choice: 'required', ...stream, ...usage }, expected: called },
      { ...common, name: `chat: sandbox: thoughts, ${how}`, endpoint: 'chat', request: { model: 'sandbox/chat', messages, reasoning_effort: 'low', ...stream, ...usage }, expected: { text, reasoning: THOUGHTS, finish: 'stop' } },
      { ...common, name: `responses: sandbox: text, ${how}`, endpoint: 'responses', request: { model: 'sandbox/echo', input: said, ...stream }, expected: { ...nothing, text, finish: 'stop' } },
      { ...common, name: `responses: sandbox: a call, ${how}`, endpoint: 'responses', request: { model: 'sandbox/chat', input: said, tools: [{ type: 'function', strict: false, ...tool }], tool_choice: 'required', ...stream }, expected: called },
      { ...common, name: `responses: sandbox: thoughts, ${how}`, endpoint: 'responses', request: { model: 'sandbox/chat', input: said, reasoning: { effort: 'low', summary: 'auto' }, ...stream }, expected: { text, reasoning: THOUGHTS, finish: 'stop' } },
      { ...common, name: `completions: sandbox: text, ${how}`, endpoint: 'completions', request: { model: 'sandbox/echo', prompt: said, ...stream, ...usage }, expected: { text, finish: 'stop' } },
    ];
  });
}

/** What the sandbox thinks when it is to. */
const THOUGHTS = 'The user wants exact words. Let me read the request again. Does it ask for a tool, for JSON,';

/** As the provider frames it, every event in two writes. */
function replayOf({ wire, isStream, payloads }: Recording): Replay {
  if (!isStream) return { headers: { 'content-type': 'application/json' }, steps: [{ write: payloads[0] ?? '' }] };
  const events = payloads.map((payload) => {
    const { type } = JSON.parse(payload) as { type?: unknown };
    const named = wire === 'anthropic-messages' || wire === 'openai-responses';
    return `${named ? `event: ${String(type)}\n` : ''}data: ${payload}\n\n`;
  });
  if (wire === 'openai-chat') events.push('data: [DONE]\n\n');
  return { steps: events.flatMap((event) => [{ write: event.slice(0, event.length / 2) }, { write: event.slice(event.length / 2) }]) };
}

function scenesOf({ recording, model, answer }: { recording: Recording; model: string; answer: Answer }): Scene[] {
  const { wire, name, isStream } = recording;
  const prompt = '925 divided by 5?';
  const tools = [...new Set(answer.calls.map((call) => call.name))].map((tool) => ({ name: tool, parameters: { type: 'object', properties: {} } }));
  const stream = isStream ? { stream: true } : {};
  const common = { wire, isStream };
  const chatTools = tools.length === 0 ? {} : { tools: tools.map((each) => ({ type: 'function', function: each })) };
  const responseTools = tools.length === 0 ? {} : { tools: tools.map((each) => ({ type: 'function', strict: false, ...each })) };
  const scenes: Scene[] = [
    { ...common, name: `chat: ${wire}: ${name}`, endpoint: 'chat', expected: answer, request: { model, messages: [{ role: 'user', content: prompt }], max_completion_tokens: 4000, ...chatTools, ...stream, ...(isStream ? { stream_options: { include_usage: true } } : {}) } },
    { ...common, name: `responses: ${wire}: ${name}`, endpoint: 'responses', expected: { ...answer, finish: answer.calls.length > 0 && answer.finish === 'stop' ? 'tool_calls' : answer.finish }, request: { model, input: prompt, max_output_tokens: 4000, reasoning: { summary: 'auto' }, ...responseTools, ...stream } },
  ];
  // A completion is text alone.
  if (answer.calls.length === 0) {
    const expected = { text: answer.text || answer.refusal, finish: answer.finish, usage: answer.usage };
    scenes.push({ ...common, name: `completions: ${wire}: ${name}`, endpoint: 'completions', expected, request: { model, prompt, max_tokens: 4000, ...stream, ...(isStream ? { stream_options: { include_usage: true } } : {}) } });
  }
  return scenes;
}
