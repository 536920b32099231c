/** This file asks a gateway for a scene of the matrix with the official JavaScript package, and says what came. */
import type OpenAI from 'openai';
import { argumentsOf } from './recorded-answers.ts';
import type { Answer } from './recorded-answers.ts';
import { mediaCallers } from './sdk-media-callers.ts';
import type { Scene } from './sdk-scenes.ts';

type Caller = (client: OpenAI, scene: Scene) => Promise<unknown>;

/** What the package gives for a scene, in the form of the scene's `expected`. */
export async function perform(client: OpenAI, scene: Scene): Promise<unknown> {
  return callers[scene.endpoint](client, scene);
}

const callers: Readonly<Record<Scene['endpoint'], Caller>> = {
  ...mediaCallers,
  chat: (client, scene) => (scene.isStream ? streamChat(client, scene) : chat(client, scene)),
  responses: (client, scene) => (scene.isStream ? streamResponse(client, scene) : respond(client, scene)),
  completions: (client, scene) => (scene.isStream ? streamCompletion(client, scene) : complete(client, scene)),
};

/** What the package's types don't know of a message. */
type Delta = OpenAI.ChatCompletionChunk.Choice.Delta;
interface CustomDelta extends Omit<Delta, 'tool_calls'> {
  readonly tool_calls?: readonly (Partial<NonNullable<Delta['tool_calls']>[number]> & { readonly custom?: { readonly name?: string; readonly input?: string } })[] | null;
}
interface Thoughts { readonly reasoning_content?: string | null; readonly reasoning?: string | null }

/** Content that Mistral sends in parts, some of them thoughts, and everybody else as text. */
function readParts(content: unknown): { text: string; thoughts: string } {
  const parts = (Array.isArray(content) ? content : [{ text: content ?? '' }]) as { text?: string; thinking?: { text: string }[] }[];
  return { text: parts.map(({ text = '' }) => text).join(''), thoughts: parts.flatMap(({ thinking = [] }) => thinking.map(({ text }) => text)).join('') };
}

async function chat(client: OpenAI, { request }: Scene): Promise<Answer> {
  const { choices: [choice], usage } = await client.chat.completions.create(request as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming);
  const { content, refusal, tool_calls: calls, reasoning_content: thoughts, reasoning } = (choice?.message ?? {}) as Partial<OpenAI.ChatCompletionMessage> & Thoughts;
  const parts = readParts(content);
  return {
    text: parts.text, refusal: refusal ?? '', reasoning: thoughts ?? reasoning ?? parts.thoughts, finish: choice?.finish_reason ?? '',
    calls: (calls ?? []).map((call) => (call.type === 'custom' ? { name: call.custom.name, arguments: argumentsOf(call.custom.input) } : { name: call.function.name, arguments: argumentsOf(call.function.arguments) })),
    usage: usage ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : null,
  };
}

async function streamChat(client: OpenAI, { request }: Scene): Promise<Answer> {
  const seen = { text: '', refusal: '', reasoning: '', finish: '', usage: null as Answer['usage'] };
  const calls = new Map<number, { name: string; written: string }>();
  for await (const { choices, usage } of await client.chat.completions.create(request as unknown as OpenAI.ChatCompletionCreateParamsStreaming)) {
    const choice = choices.find(({ index }) => index === 0);
    const delta = (choice?.delta ?? {}) as CustomDelta & Thoughts;
    const parts = readParts(delta.content);
    seen.text += parts.text;
    seen.refusal += delta.refusal ?? '';
    seen.reasoning += delta.reasoning_content ?? delta.reasoning ?? parts.thoughts;
    seen.finish ||= choice?.finish_reason ?? '';
    if (usage) seen.usage = { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
    for (const { index = 0, function: piece, custom } of delta.tool_calls ?? []) {
      const call = calls.get(index) ?? { name: '', written: '' };
      calls.set(index, { name: call.name || (piece?.name ?? custom?.name ?? ''), written: call.written + (piece?.arguments ?? custom?.input ?? '') });
    }
  }
  return { ...seen, calls: [...calls.values()].map(({ name, written }) => ({ name, arguments: argumentsOf(written) })) };
}

async function respond(client: OpenAI, { request }: Scene): Promise<Answer> {
  return answerOfResponse(await client.responses.create(request as OpenAI.Responses.ResponseCreateParamsNonStreaming));
}

/** Put together by the package's own helper. */
async function streamResponse(client: OpenAI, { request }: Scene): Promise<Answer> {
  const stream = client.responses.stream({ ...request, stream: true });
  let text = '';
  stream.on('response.output_text.delta', ({ delta }) => { text += delta; });
  const answer = answerOfResponse(await stream.finalResponse());
  if (answer.text !== text) throw new Error(`the events say ${JSON.stringify(text)}, the whole says ${JSON.stringify(answer.text)}`);
  return answer;
}

function answerOfResponse(response: OpenAI.Responses.Response): Answer {
  const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const thoughts = response.output.flatMap((item) => (item.type === 'reasoning' ? [[...item.summary, ...item.content ?? []].map(({ text }) => text).join('\n\n')] : []));
  const calls = response.output.flatMap((item) => {
    if (item.type === 'function_call') return [{ name: item.name, arguments: argumentsOf(item.arguments) }];
    return item.type === 'custom_tool_call' ? [{ name: item.name, arguments: argumentsOf(item.input) }] : [];
  });
  const cause = response.incomplete_details?.reason;
  return {
    text: response.output_text, refusal: parts.flatMap((part) => (part.type === 'refusal' ? [part.refusal] : [])).join(''), reasoning: thoughts.filter((said) => said !== '').join('\n\n'), calls,
    finish: cause === 'max_output_tokens' ? 'length' : cause ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    usage: response.usage ? { prompt: response.usage.input_tokens, completion: response.usage.output_tokens } : null,
  };
}

async function complete(client: OpenAI, { request }: Scene): Promise<unknown> {
  const { choices: [choice], usage } = await client.completions.create(request as unknown as OpenAI.CompletionCreateParamsNonStreaming);
  return { text: choice?.text ?? '', finish: choice?.finish_reason ?? '', usage: usage ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : null };
}

async function streamCompletion(client: OpenAI, { request }: Scene): Promise<unknown> {
  const seen = { text: '', finish: '', usage: null as Answer['usage'] };
  for await (const { choices, usage } of await client.completions.create(request as unknown as OpenAI.CompletionCreateParamsStreaming)) {
    const choice = choices.find(({ index }) => index === 0);
    seen.text += choice?.text ?? '';
    seen.finish ||= choice?.finish_reason ?? '';
    if (usage) seen.usage = { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
  }
  return seen;
}
