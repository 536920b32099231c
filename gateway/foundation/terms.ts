/** This file holds the glossary as types: one sentence for every word the rest of the house uses. */
import type { NanoUsd } from './money.ts';

/** model: what a caller can name in `model`. A public id such as `google/gemini-2.5-flash`. */
export type ModelId = string;

/** wire: an upstream's request and response format; a provider's row names one. */
export type WireName = 'openai-chat' | 'sandbox';

/** scope: which doors a key opens; `management` adds keys and workspace-wide usage to `inference`. */
export type Scope = 'inference' | 'management';

/** tier: the class a model belongs to, by which plans count messages. */
export type Tier = 'basic' | 'pro' | 'ultimate';

/** caller: who is asking; the authenticated key, its workspace and what it may do. */
export interface Caller {
  readonly keyId: string;
  readonly workspaceId: string;
  readonly scopes: readonly Scope[];
  /** Model patterns (`google/*` or a full id) this key is limited to; null means every model. */
  readonly models: readonly string[] | null;
  /** True once the key was revoked, deleted or replaced; open calls watch it through `onRevoked`. */
  readonly isRevoked: boolean;
  /** Calls back once when the key stops working while a call is open. Returns a function that stops watching. */
  onRevoked(listener: () => void): () => void;
}

/** provider: a business we call; base URL, credential, wire and quirks, with its secrets resolved. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly wire: WireName;
  /** No trailing slash, e.g. `https://api.openai.com/v1`. Empty for `sandbox`. */
  readonly baseUrl: string;
  /** The credential sent as `Authorization: Bearer`; null for servers that need none. */
  readonly apiKey: string | null;
  /** Extra fixed headers, e.g. `HTTP-Referer`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly quirks: Quirks;
}

/** quirks: the small table of what one OpenAI-wire provider or model does differently. */
export interface Quirks {
  /** Which name of the output cap the upstream takes; the other is renamed. Absent: send what came. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** False: the upstream knows no `developer` role; it is sent as `system`. Absent: true. */
  readonly developerRole?: boolean;
  /** False: the upstream refuses `stream_options`, so usage is not asked for and will be counted. Absent: true. */
  readonly streamOptions?: boolean;
  /** Top-level request fields the upstream refuses; dropped and reported in `x-interline-warnings`. */
  readonly dropFields?: readonly string[];
}

/** price: nano-USD per one million tokens, by kind; a missing kind falls back as `metering/price.ts` says. */
export interface Price {
  /** Identifies the price row for receipts, e.g. `pi-ai@1.5.2` or `operator`. */
  readonly version: string;
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead?: NanoUsd;
  readonly cacheWrite?: NanoUsd;
  /** Other prices for long prompts, lowest threshold first; the last one the prompt exceeds holds for the whole request. */
  readonly longPrompts?: readonly LongPromptPrice[];
}

/** long-prompt price: what a request costs whose prompt, cached tokens included, is longer than `abovePromptTokens`. */
export interface LongPromptPrice {
  readonly abovePromptTokens: number;
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead?: NanoUsd;
  readonly cacheWrite?: NanoUsd;
}

/** target: one provider, one upstream model and its price (null: explicitly unpriced). */
export interface Target {
  /** `provider/upstream-model`, unique in the catalogue; what logs and rows name. */
  readonly id: string;
  readonly provider: Provider;
  readonly upstreamModel: string;
  readonly price: Price | null;
  readonly quirks: Quirks;
  /** Model options that ride on the name (`sandbox/chat?fail_status=503`), for the sandbox only. */
  readonly options: Readonly<Record<string, string>>;
}

/** usage: what was counted for one request, in tokens. `prompt` includes `cached` and `cacheWrite`; `completion` includes `reasoning`. */
export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

/** basis: how the usage is known: the provider said so, we counted it, we saw part of it, or there was none. */
export type Basis = 'provider' | 'counted' | 'observed' | 'none';

/** outcome: how a request ended. */
export type Outcome =
  | 'ok'
  | 'client_gone'
  | 'refused'
  | 'upstream_error'
  | 'timeout'
  | 'revoked'
  | 'shutdown';

/** charge: what a usage costs; `nanoUsd` is 0 and `isUnpriced` true when the target has no price. */
export interface Charge {
  readonly messages: number;
  readonly nanoUsd: NanoUsd;
  readonly priceVersion: string;
  readonly isUnpriced: boolean;
}

/** request record: the evidence and the usage of one request, written in one transaction. */
export interface RequestRecord {
  /** `req_…`, the primary key: recording twice is a no-op. */
  readonly id: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly operation: string;
  /** What the caller named in `model`. */
  readonly modelAsked: string;
  /** The public id of the model that answered; null when none did. */
  readonly model: ModelId | null;
  /** What the upstream's own reply called the model; null when unknown. */
  readonly upstreamModel: string | null;
  readonly provider: string | null;
  readonly target: string | null;
  readonly attempts: number;
  readonly isStream: boolean;
  /** HTTP status the caller saw (200 for a stream that failed later; 499 when the caller left before any). */
  readonly status: number;
  readonly outcome: Outcome;
  /** Contract error code when the outcome is not `ok`. */
  readonly errorCode: string | null;
  readonly finishReason: string | null;
  /** The provider's own id of the reply. */
  readonly upstreamId: string | null;
  readonly usage: Usage;
  readonly basis: Basis;
  readonly charge: Charge;
  readonly startedMs: number;
  readonly latencyMs: number;
  /** Time to the first event of a stream; null otherwise. */
  readonly firstByteMs: number | null;
}
