/** This file writes native requests: the caller's own bytes, with the provider's key in place of the gateway's. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { NativeRequest } from '../dialects/native-body.ts';
import type { NativeMethod } from '../dialects/native.ts';
import { editJson } from '../foundation/json-outline.ts';
import type { JsonEdit } from '../foundation/json-outline.ts';
import { isJsonObject, objectAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Call } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import { authorization } from '../providers/authorization.ts';
import { playSandboxNative, playSandboxRefusal } from '../providers/sandbox-native.ts';
import { sandboxWire } from '../providers/sandbox.ts';
import type { HttpRequest, ScriptedReply } from '../providers/wire.ts';
import type { WriteContext } from './ask.ts';

/** Any of the native operations. */
export type NativeCall = Call<'getNative'> | Call<'postNative'> | Call<'deleteNative'>;

/** A native call, read. */
export interface NativeAsk {
  readonly method: NativeMethod;
  readonly path: string;
  /** '' or with its question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly call: NativeCall;
}

interface MeteredWriting {
  readonly ask: NativeAsk;
  readonly request: NativeRequest;
  readonly body: JsonObject;
  readonly context: WriteContext;
}

/** Writes a metered request. Of its bytes only fields on which money hangs are written anew; a stream of chunks is asked for its usage. */
export function writeMetered(target: Target, { ask, request, body, context }: MeteredWriting): HttpRequest | ScriptedReply {
  const { provider } = target;
  const { isStream } = request;
  const { bodyText, outline } = ask.call;
  if (provider.wire === 'sandbox') {
    if (!isChatRequest(body)) return playSandboxRefusal('The sandbox needs a list of messages.');
    return sandboxWire.encode({ target, body, bodyText, outline, isStream, files: [], ...context });
  }
  const edits = [...request.edits.filter(({ key }) => key !== 'stream_options'), ...usageEdits(target, request, body)];
  return {
    kind: 'http',
    method: 'POST',
    path: `/${ask.path}${ask.query}`,
    headers: headersTo(target, { ...ask.headers, 'content-type': 'application/json', accept: isStream ? 'text/event-stream' : 'application/json' }),
    body: edits.length === 0 ? bodyText : editJson(bodyText, outline, edits),
    warnings: [],
  };
}

/** Writes a request to a path nobody meters, as it came. */
export function writeUnmetered(target: Target, { method, path, query, headers, call }: NativeAsk): HttpRequest | ScriptedReply {
  if (target.provider.wire === 'sandbox') return playSandboxNative(method, path);
  const own = call.bodyText === '' ? headers : { ...headers, 'content-type': 'application/json' };
  return { kind: 'http', method, path: `/${path}${query}`, headers: headersTo(target, own), body: call.bodyText, warnings: [] };
}

/** What the operator set goes over what the caller sent, and the provider's key over both; but a version of the API is the caller's to name. */
function headersTo({ provider }: Target, own: Readonly<Record<string, string>>): Record<string, string> {
  const { 'anthropic-version': version } = own;
  return { ...own, 'accept-encoding': 'identity', ...provider.headers, ...authorization(provider), ...(version === undefined ? {} : { 'anthropic-version': version }) };
}

/** Without it a stream hides what was thought, and what it costs. The chunk that tells it is taken out again, unless the caller asked for it. */
function usageEdits({ provider, quirks }: Target, { form, isStream }: NativeRequest, body: JsonObject): JsonEdit[] {
  if (form !== 'chat' && form !== 'completions') return [];
  const asked = objectAt(body, 'stream_options');
  if (!isStream || { ...provider.quirks, ...quirks }.streamOptions === false) return asked ? [{ kind: 'set', key: 'stream_options', json: JSON.stringify(asked) }] : [];
  return [{ kind: 'set', key: 'stream_options', json: JSON.stringify({ ...asked, include_usage: true }) }];
}

/** The sandbox reads everything else with care. */
function isChatRequest(body: JsonObject): body is ChatCompletionRequest & JsonObject {
  return typeof body['model'] === 'string' && Array.isArray(body['messages']) && body['messages'].every(isJsonObject);
}
