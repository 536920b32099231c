/** This file names what one running gateway is made of; handlers and relay are handed it whole. */
import type { Authenticator } from '../access/authenticate.ts';
import type { OwnKeys } from '../access/provider-keys.ts';
import type { Secrets } from '../access/secrets.ts';
import type { Vault } from '../access/vault.ts';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { Metrics } from '../foundation/metrics.ts';
import type { Telemetry } from '../foundation/story.ts';
import type { Counter } from '../metering/counter.ts';
import type { LedgerWatch } from '../metering/ledger-watch.ts';
import type { Ledger } from '../metering/ledger.ts';
import type { Rates } from '../metering/rates.ts';
import type { OpenExchange } from '../providers/call.ts';
import type { VideoWireOf } from '../providers/video-wires.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { Health } from '../routing/health.ts';
import type { CatalogKeeper } from '../routing/keeper.ts';
import type { Store } from '../store/store.ts';
import type { BackgroundRuns } from './background-runs.ts';
import type { Evals } from './evals/evals.ts';
import type { Jobs } from './jobs.ts';
import type { MediaStore } from './media.ts';
import type { Payments } from './payments.ts';
import type { CachedReplies } from './cached-replies.ts';
import type { KeptBodies } from './kept-bodies.ts';
import type { KeptResponses } from './kept-responses.ts';
import type { Pulse } from './pulse.ts';
import type { Shadows } from './shadows.ts';
import type { StoreGate } from './store-gate.ts';
import type { Warnings } from './warnings.ts';

export interface House {
  readonly catalog: Catalog;
  /** Changes what is in the catalogue. */
  readonly keeper: CatalogKeeper;
  /** Which targets may be asked now. */
  readonly health: Health;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly secrets: Secrets;
  readonly vault: Vault;
  readonly ownKeys: OwnKeys;
  readonly openExchange: OpenExchange;
  /** Work that outlives its request. */
  readonly jobs: Jobs;
  readonly videoWireOf: VideoWireOf;
  /** Runs of eval sets. */
  readonly evals: Evals;
  /** Bytes that outlive their request. */
  readonly media: MediaStore;
  /** Answers of Responses that can be fetched and followed. */
  readonly responses: KeptResponses;
  /** Answers of Responses that this gateway makes without their callers. */
  readonly background: BackgroundRuns;
  readonly ledger: Ledger;
  readonly ledgerWatch: LedgerWatch;
  readonly bodies: KeptBodies;
  /** Answers for whoever asks the same again. */
  readonly replies: CachedReplies;
  /** What candidates of rollouts are asked beside the callers. */
  readonly shadows: Shadows;
  readonly rates: Rates;
  /** Null where no payment provider is configured. */
  readonly payments: Payments | null;
  readonly storeGate: StoreGate;
  readonly counter: Counter;
  readonly pulse: Pulse;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Null where no collector is configured. */
  readonly telemetry: Telemetry | null;
  /** Why a workspace may not use a base URL; null when it may. */
  readonly faultOfUrl: (url: string) => string | null;
  /** Calls a provider once with a workspace's key. Throws a Refusal when it can't be called, or refuses. */
  readonly tryKey: (wanted: { readonly provider: string; readonly key: string; readonly baseUrl: string | null }) => Promise<void>;
  readonly hasPlan: (planId: string) => boolean;
  readonly warnings: Warnings;
}
