/**
 * This file says what a request is called in OpenTelemetry's conventions for generative AI (https://github.com/open-telemetry/semantic-conventions-genai,
 * 2026-11; until v1.45.0 part of semantic-conventions): names and values only, so that a test can hold them against the conventions' own package.
 */
import type { AttemptStory, RequestStory } from './story.ts';
import type { RequestRecord, Target } from './terms.ts';

export type Attributes = Record<string, string | number | boolean | string[]>;

/** What has a well-known value must have that; for what has none (images, speech, videos) the nearest is `generate_content`. */
const OPERATIONS: Readonly<Record<string, string>> = {
  createChatCompletion: 'chat', createResponse: 'chat', createCompletion: 'text_completion', createEmbedding: 'embeddings', postNative: 'generate_content',
};

const OUTPUTS: Readonly<Record<string, string>> = { createImage: 'image', createImageEdit: 'image', createSpeech: 'speech', createTranscription: 'text', createVideo: 'video' };

/** Providers whose well-known name is not the id of ours. */
const PROVIDERS: Readonly<Record<string, string>> = { google: 'gcp.gemini', mistral: 'mistral_ai', xai: 'x_ai', moonshot: 'moonshot_ai' };

/** Who answers where no provider was asked. */
const SELF = 'interline';

const MS_PER_SECOND = 1000;

/** `gen_ai.operation.name`. */
export function operationOf({ operation }: Pick<RequestRecord, 'operation'>): string {
  return OPERATIONS[operation] ?? 'generate_content';
}

/** `gen_ai.provider.name`. */
export function providerOf(id: string | null): string {
  return id === null ? SELF : PROVIDERS[id] ?? id;
}

/** `{operation} {model}`; a model nobody has heard of is left out, as callers could make up as many names as they like. */
export function nameOf(operation: string, model: string | null): string {
  return model === null ? operation : `${operation} ${model}`;
}

/** Whether a request ended as whoever asked for it wanted. */
export function isFine({ outcome }: Pick<RequestRecord, 'outcome'>): boolean {
  return outcome === 'ok' || outcome === 'client_gone' || outcome === 'cancelled';
}

/** `error.type`: our error code, or how it ended; undefined for what is no error. */
export function errorOf(record: Pick<RequestRecord, 'outcome' | 'errorCode'>): string | undefined {
  return isFine(record) ? undefined : record.errorCode ?? record.outcome;
}

/** What was asked for and how it went, as the caller saw it; on the server span. */
export function requestAttributes({ record }: RequestStory): Attributes {
  const error = errorOf(record);
  return {
    'gen_ai.operation.name': operationOf(record),
    'gen_ai.provider.name': providerOf(record.provider),
    'gen_ai.request.model': record.modelAsked,
    'gen_ai.request.stream': record.isStream,
    ...outputOf(record),
    ...replyAttributes(record),
    'http.response.status_code': record.status,
    ...(error === undefined ? {} : { 'error.type': error }),
    ...ownAttributes(record),
  };
}

/** One attempt; on a client span. `last` is the record of the request where this attempt ended it. */
export function attemptAttributes(record: RequestRecord, { target, code, status }: AttemptStory, last: boolean): Attributes {
  return {
    ...askedOf(record, target),
    'gen_ai.request.stream': record.isStream,
    ...outputOf(record),
    ...(last ? { ...replyAttributes(record), ...usageAttributes(record) } : {}),
    ...(status === null ? {} : { 'http.response.status_code': status }),
    ...(code === null ? {} : { 'error.type': code }),
    'interline.target': target.id,
  };
}

/** Which operation, of which provider, of which model, at which address: what metrics are told apart by too. */
export function askedOf(record: RequestRecord, { provider, upstreamModel }: Target): Attributes {
  return { 'gen_ai.operation.name': operationOf(record), 'gen_ai.provider.name': providerOf(provider.id), 'gen_ai.request.model': upstreamModel, ...addressOf(provider.baseUrl) };
}

function addressOf(baseUrl: string): Attributes {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (!url) return {};
  return { 'server.address': url.hostname.replace(/^\[|\]$/g, ''), 'server.port': url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port) };
}

function outputOf({ operation }: RequestRecord): Attributes {
  const output = OUTPUTS[operation];
  return output === undefined ? {} : { 'gen_ai.output.type': output };
}

function replyAttributes(record: RequestRecord): Attributes {
  return {
    ...(record.upstreamModel === null ? {} : { 'gen_ai.response.model': record.upstreamModel }),
    ...(record.upstreamId === null ? {} : { 'gen_ai.response.id': record.upstreamId }),
    ...(record.finishReason === null ? {} : { 'gen_ai.response.finish_reasons': [record.finishReason] }),
    ...(record.firstByteMs === null ? {} : { 'gen_ai.response.time_to_first_chunk': record.firstByteMs / MS_PER_SECOND }),
  };
}

function usageAttributes({ usage, basis }: RequestRecord): Attributes {
  if (basis === 'none') return {};
  return {
    'gen_ai.usage.input_tokens': usage.promptTokens,
    'gen_ai.usage.output_tokens': usage.completionTokens,
    ...(usage.cachedTokens === 0 ? {} : { 'gen_ai.usage.cache_read.input_tokens': usage.cachedTokens }),
    ...(usage.cacheWriteTokens === 0 ? {} : { 'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens }),
    ...(usage.reasoningTokens === 0 ? {} : { 'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens }),
  };
}

function ownAttributes(record: RequestRecord): Attributes {
  return {
    'interline.request.id': record.id,
    'interline.operation': record.operation,
    'interline.workspace.id': record.workspaceId,
    'interline.key.id': record.keyId,
    'interline.outcome': record.outcome,
    'interline.attempts': record.attempts,
    'interline.payer': record.payer,
    'interline.basis': record.basis,
    'interline.charge.nano_usd': Number(record.charge.nanoUsd),
    'interline.charge.messages': record.charge.messages,
    ...(record.target === null ? {} : { 'interline.target': record.target }),
    ...(record.model === null ? {} : { 'interline.model': record.model }),
    ...(record.route === null ? {} : { 'interline.route': record.route, 'interline.degraded': record.isDegraded }),
    ...(record.cache === null ? {} : { 'interline.cache': record.cache }),
  };
}
