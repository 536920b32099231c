/** This file knows how each operation that asks a model by text is asked. */
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { BRIEF_VIDEO, hello } from './good-requests.ts';

type Body = Readonly<Record<string, unknown>>;

const bodies: Partial<Record<OperationId, (more: Body) => Body>> = {
  createChatCompletion: hello,
  createCompletion: (more) => ({ model: 'sandbox/echo', prompt: 'Reply with exactly: Hello', ...more }),
  createResponse: (more) => ({ model: 'sandbox/echo', input: 'Reply with exactly: Hello', ...more }),
  createVideo: (more) => ({ ...BRIEF_VIDEO, ...more }),
  createEmbedding: (more) => ({ model: 'sandbox/embedding', input: 'Hello', ...more }),
};

/** The operations that ask a model by text. */
export const textOperations = (Object.keys(bodies) as OperationId[]).filter((id) => id !== 'createVideo');
/** The same, and those that ask a model otherwise: whatever is paid. */
export const paidOperations = Object.keys(bodies) as OperationId[];
/** Those whose stream ends, when it breaks off, with the error alone. */
export const streamOperations = textOperations.filter((id) => id !== 'createEmbedding' && id !== 'createResponse');

/** A body that any server answers. */
export function bodyFor(id: OperationId, more: Body = {}): Body {
  const make = bodies[id];
  if (!make) throw new Error(`${id} does not ask a model by text`);
  return make(more);
}

/** The path of such an operation. */
export function pathOf(id: OperationId): string {
  return `/v1${operations[id].path}`;
}

/** A model of this operation's kind that costs money. */
export function pricedModel(id: OperationId): string {
  if (id === 'createVideo') return PRICED_VIDEO.id;
  return id === 'createEmbedding' ? PRICED_EMBEDDING.id : 'priced/echo';
}

export const PRICED_VIDEO = {
  id: 'priced/video', name: 'Priced', tier: 'pro', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
  targets: [{ provider: 'sandbox', model: 'video', price: { input: 0, output: 0, media: { video_second: 1_000_000_000 } } }],
};

export const PRICED_EMBEDDING = {
  id: 'priced/embedding', name: 'Priced', tier: 'pro', context_window: 100_000, max_output_tokens: null, kinds: ['embeddings'],
  targets: [{ provider: 'sandbox', model: 'embedding', price: { input: 1_000_000_000, output: 0 } }],
};

/** What costs more than the poor payer has. */
export function dearBody(id: OperationId): Body {
  if (id === 'createVideo') return { model: pricedModel(id) };
  return id === 'createEmbedding' ? { model: pricedModel(id), input: 'dear '.repeat(2_000) } : { model: pricedModel(id), [id === 'createResponse' ? 'max_output_tokens' : 'max_tokens']: 1000 };
}

/** What is answered with more than is kept of a reply. */
export function talkativeBody(id: OperationId): Body {
  const wish = `Reply with exactly: ${'x'.repeat(200_000)}`;
  switch (id) {
    case 'createEmbedding': return bodyFor(id, { input: Array.from({ length: 200 }, (_, index) => `input ${index}`), dimensions: 4096 });
    case 'createCompletion': return bodyFor(id, { model: 'sandbox/chat', n: 8, prompt: wish });
    case 'createResponse': return bodyFor(id, { model: 'sandbox/chat', input: `Reply with exactly: ${'x'.repeat(1_600_000)}` });
    default: return bodyFor(id, { model: 'sandbox/chat', n: 8, messages: [{ role: 'user', content: wish }] });
  }
}
