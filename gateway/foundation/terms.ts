/** This file holds the glossary as types: one sentence for every word the rest of the house uses. */
import type { NanoUsd } from './money.ts';
import type { Price } from './prices.ts';
import type { OwnRoute } from './own-route.ts';
import type { ReplyCacheSetting } from './reply-cache.ts';

/** model: what a caller can name in `model`. A public id such as `google/gemini-2.5-flash`. */
export type ModelId = string;

/** kind: what a call asks of a model. Each kind has one canonical request, and its own wires. */
export type Kind = 'chat' | 'embeddings' | 'images' | 'transcription' | 'speech' | 'video';

/** wire: an upstream's request and response format; a provider's row names one. */
export type WireName =
  | 'openai-chat' | 'anthropic-messages' | 'gemini-content' | 'openai-responses' | 'sandbox'
  | 'openrouter-videos' | 'kling-videos' | 'seedance-videos' | 'pixverse-videos';

/** scope: which doors a key opens: models and chat, what a workspace manages, what an operator manages for everybody. */
export type Scope = 'inference' | 'management' | 'operator';

/** role: what a user may do in a workspace; `owner` ⊇ `admin` ⊇ `member`; `billing` sees and pays but calls no model. */
export type Role = 'owner' | 'admin' | 'member' | 'billing';

/** billing: how a workspace pays: by its plan's messages, or from its prepaid balance. */
export type Billing = 'plan' | 'balance';

/** payer: who paid for a request: the plan's messages, the balance, the workspace's own provider key (nothing here), or nobody. */
export type Payer = 'plan' | 'balance' | 'own_key' | 'none';

/** rate limits: per minute and at once; null where there is none. */
export interface RateLimits {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly concurrentRequests: number | null;
}

/** budget: a limit somebody set, in money or messages, for a key, a member or a whole workspace. */
export interface Budget {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly scope: 'key' | 'member' | 'workspace';
  /** The key or user; the workspace itself for `workspace`. */
  readonly scopeId: string;
  readonly unit: 'nusd' | 'msg';
  readonly amount: bigint;
  readonly period: 'daily' | 'weekly' | 'monthly' | 'total';
  /** IANA name; `UTC` by default. */
  readonly timeZone: string;
  /** False: only warns. */
  readonly isHard: boolean;
  /** Percent of the amount at which it is reported, ascending. */
  readonly thresholds: readonly number[];
  readonly revision: number;
  readonly createdMs: number;
}

/** account: everything about a workspace that its calls are judged by, as last read. */
export interface Account {
  readonly workspaceId: string;
  readonly name: string;
  readonly planId: string;
  readonly billing: Billing;
  readonly isSuspended: boolean;
  readonly limits: RateLimits;
  /** Advances whenever plan or billing change. */
  readonly revision: number;
  /** Of every scope; those of other keys and members are not this call's. */
  readonly budgets: readonly Budget[];
  readonly keptBodies: KeptBodies;
  /** For so many days. */
  readonly bodyDays: number;
  /** Null: off. */
  readonly replyCache: ReplyCacheSetting | null;
  /** The providers for which the workspace has stored a key of its own. */
  readonly ownKeys: readonly OwnKeyRef[];
  /** Routes and aliases of its own. */
  readonly routes: readonly OwnRoute[];
}

/** kept bodies: what a workspace keeps of what its requests say and are answered: nothing, their shape without what the contract hides from logs, or all. */
export type KeptBodies = 'none' | 'redacted' | 'full';

/** own provider key: a provider's key a workspace has stored, as far as it is known without opening it. */
export interface OwnKeyRef {
  readonly id: string;
  readonly provider: string;
  readonly revision: number;
}

/** tier: the class a model belongs to, by which plans count messages. */
export type Tier = 'basic' | 'pro' | 'ultimate';

/** caller: who is asking; the authenticated key, its workspace and what it may do. */
export interface Caller {
  readonly keyId: string;
  readonly userId: string;
  /** True: the key can select no other workspace, and neither can those it makes. */
  readonly isBound: boolean;
  /** The workspace of this call: the key's own, or the one its header names. */
  readonly workspaceId: string;
  /** The user's role in that workspace. */
  readonly role: Role;
  readonly account: Account;
  readonly scopes: readonly Scope[];
  readonly limits: RateLimits;
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
  /** Of the kinds that it speaks another wire for. */
  readonly wires?: Readonly<Partial<Record<Kind, WireName>>>;
  /** No trailing slash, e.g. `https://api.openai.com/v1`. Empty for `sandbox`. */
  readonly baseUrl: string;
  /** The credential, sent in the header its wire wants; null for servers that need none. */
  readonly apiKey: string | null;
  /** Further credentials of the same provider, used in turn with the first. */
  readonly otherKeys?: readonly string[];
  /** True: the credential is a workspace's own. Absent: the operator's. */
  readonly isOwnKey?: boolean;
  /** Extra fixed headers, e.g. `HTTP-Referer`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly quirks: Quirks;
  /** True: a workspace has named the base URL, so it may not lead inside. Absent: the operator has. */
  readonly isGuarded?: boolean;
}

/** cooling reason: why a lane to an upstream is left alone: it answers with errors, not in time, has told us to wait, or refuses the credential. */
export type CoolingReason = 'failing' | 'slow' | 'rate_limited' | 'credential';

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
  /** What has no tokens; absent for text. */
  readonly media?: MediaUsage;
}

/** native form: what a metered path of a provider's own API does: where model, caps and usage stand in it. */
export type NativeForm = 'chat' | 'completions' | 'responses' | 'embeddings' | 'messages' | 'generate' | 'embed';

/** media usage: what was made or read that is not counted in tokens, in whole numbers. */
export interface MediaUsage {
  readonly images: number;
  readonly audioMs: number;
  readonly videoMs: number;
  /** Of text that was spoken, in Unicode code points. */
  readonly characters: number;
  /** Of the prompt's tokens, those that are audio, where the provider tells them apart. */
  readonly audioTokens?: number;
  /** Of the prompt's tokens, those that are images, where the provider tells them apart. */
  readonly imageTokens?: number;
  /** Which variant's price holds; null for the plain one. */
  readonly variant: string | null;
}

/** basis: how the usage is known: the provider said so, we counted it, we saw part of it, it is that of a reply out of the cache, or there was none. */
export type Basis = 'provider' | 'counted' | 'observed' | 'cached' | 'none';

/** outcome: how a request ended. */
export type Outcome =
  | 'ok'
  | 'client_gone'
  /** An answer made in the background was not wanted any more. */
  | 'cancelled'
  | 'refused'
  | 'upstream_error'
  | 'timeout'
  | 'revoked'
  | 'shutdown'
  /** The gateway died with it open; the next start settled what had been observed. */
  | 'recovered'
  /** Its hold was never ended and timed out. */
  | 'expired'
  /** A row that gives back what another has charged. */
  | 'refund';

/** cache state: whether a reply came out of the workspace's cache, might have, or was not to. */
export type CacheState = 'hit' | 'miss' | 'bypass';

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
  /** Whose key it was. */
  readonly userId: string;
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
  /** What the usage costs by the price list, whoever pays. */
  readonly charge: Charge;
  readonly payer: Payer;
  /** Attempts before the last, as JSON for the receipt; null when there was only one. */
  readonly failedAttempts: string | null;
  /** How long the last attempt took, where others failed before it; null otherwise. */
  readonly lastAttemptMs: number | null;
  /** The route that chose the target; null when the request named a model. */
  readonly route: string | null;
  /** True when a target answered that the route only falls back to with less. */
  readonly isDegraded: boolean;
  /** Of a rollout: its id, and who answered (`roll_…/candidate`); null without one. */
  readonly rollout: string | null;
  /** Null where nothing is cached. */
  readonly cache: CacheState | null;
  /** The run of an eval set it was made for; null for any other. */
  readonly evalRun: string | null;
  readonly startedMs: number;
  readonly latencyMs: number;
  /** Time to the first event of a stream; null otherwise. */
  readonly firstByteMs: number | null;
}

/** What the ledger made of a request. */
export interface Settled {
  /** What the balance paid; less than the charge's `nanoUsd` by `overrun` when it had no more. 0 unless the balance pays. */
  readonly charged: NanoUsd;
  /** What was used beyond what any hard limit had room for: the operator's loss, in nano-USD and in messages. */
  readonly overrunNanoUsd: NanoUsd;
  readonly overrunMessages: number;
  /** How much each counter was moved. */
  readonly lines: readonly { readonly counterId: string; readonly amount: bigint }[];
  readonly settledMs: number;
}

/** settled request: a request record as the store has it. */
export interface SettledRequest extends RequestRecord {
  readonly settled: Settled;
}
