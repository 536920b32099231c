/** This file builds one running gateway from its configuration, in the order things need each other. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogBilling } from '../generated/catalog-types.ts';
import { createAuthenticator } from '../gateway/access/authenticate.ts';
import { openFirstKey } from '../gateway/access/first-key.ts';
import { createOwnKeys } from '../gateway/access/provider-keys.ts';
import { installationOf, loadSecrets } from '../gateway/access/secrets.ts';
import { loadVault } from '../gateway/access/vault.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import type { Clock } from '../gateway/foundation/clock.ts';
import type { Config, Environment } from '../gateway/foundation/config.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import type { MakeId } from '../gateway/foundation/ids.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { Log } from '../gateway/foundation/log.ts';
import { createMetrics } from '../gateway/foundation/metrics.ts';
import { openTelemetry } from '../gateway/foundation/telemetry.ts';
import { createCounter } from '../gateway/metering/counter.ts';
import { createLedger } from '../gateway/metering/ledger-room.ts';
import { createLedgerWatch } from '../gateway/metering/ledger-watch.ts';
import { createNodeCount } from '../gateway/metering/node-count.ts';
import { createRates } from '../gateway/metering/rates.ts';
import type { Rates, RatesParts } from '../gateway/metering/rates.ts';
import { DEFAULT_TERMS } from '../gateway/metering/topups.ts';
import type { TopupTerms } from '../gateway/metering/topups.ts';
import { createBackgroundRuns } from '../gateway/relay/background-runs.ts';
import { createCachedReplies } from '../gateway/relay/cached-replies.ts';
import { createKeptBodies } from '../gateway/relay/kept-bodies.ts';
import { createKeptResponses } from '../gateway/relay/kept-responses.ts';
import { createEvals } from '../gateway/relay/evals/evaluate.ts';
import { createMedia } from '../gateway/relay/media.ts';
import type { House } from '../gateway/relay/house.ts';
import { createPayments } from '../gateway/relay/payments.ts';
import type { PaymentParts, Payments } from '../gateway/relay/payments.ts';
import { createPulse } from '../gateway/relay/pulse.ts';
import { createShadows } from '../gateway/relay/shadows.ts';
import { createStoreGate } from '../gateway/relay/store-gate.ts';
import { openStripe } from '../gateway/relay/stripe.ts';
import { tryKey } from '../gateway/relay/try-key.ts';
import { createUpstreams } from '../gateway/relay/upstreams.ts';
import { startVideoJobs } from '../gateway/relay/video-jobs.ts';
import { createWarnings } from '../gateway/relay/warnings.ts';
import { createLogSweep } from '../gateway/reporting/log-sweep.ts';
import { loadCatalog } from '../gateway/routing/catalog.ts';
import { createSharedHealth, operatorTargets } from '../gateway/routing/shared-health.ts';
import type { HealthSharing } from '../gateway/routing/health-sharing.ts';
import { createCatalogKeeper } from '../gateway/routing/keeper.ts';
import { shareByStore } from '../gateway/routing/share-by-store.ts';
import type { StoreSharingParts } from '../gateway/routing/share-by-store.ts';
import { createInbox } from '../gateway/store/blobs.ts';
import { openBlobs } from '../gateway/store/open-blobs.ts';
import { openStore } from '../gateway/store/open.ts';
import type { Store } from '../gateway/store/store.ts';

/** What a test may put in the place of the real thing. */
export interface Replacements {
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A running gateway, and what only its owner needs. */
export interface BuiltHouse {
  readonly house: House;
  /** The first key in full, on the very first start only; shown once. */
  readonly firstKey: string | null;
  /** Lets everything go, in order: upstreams, then what counts and checks keys, then the store with all its rows. */
  close(): Promise<void>;
}

/** Opens the store, the secrets and the catalogue. Throws with a message for the operator when one of them can't be used. */
export async function buildHouse(config: Config, replacements: Replacements = {}): Promise<BuiltHouse> {
  const clock = replacements.clock ?? systemClock;
  const log = replacements.log ?? createLog(config.logLevel);
  const { environment, dataFolder } = config;
  const loaded = loadCatalog({ environment, configFile: config.configFile });
  const { limits } = loaded;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const secrets = loadSecrets(dataFolder);
  const vault = loadVault(dataFolder, environment['INTERLINE_KEK']);
  const blobs = await openBlobs(config, clock);
  const store = await openStore(config, { limits, clock, log });
  const makeId = createIds(clock);
  const firstKey = await openFirstKey({ store, secrets, clock, makeId, dataFolder });
  const keeper = await createCatalogKeeper({ loaded, environment, store, clock, log });
  const { catalog } = keeper;
  const sharings = await openSharings(config, { store, clock, log, makeId, installation: installationOf(secrets) });
  const health = await createSharedHealth({ clock, log, sharings });
  const authenticator = createAuthenticator({ store, secrets, clock, limits });
  const ledger = await createLedger({ store, clock, makeId, limits, log });
  const ledgerWatch = createLedgerWatch({ store, clock, log });
  const rates = await openRates(config, { store, clock, limits, log, makeId });
  const pulse = createPulse(clock);
  const counter = createCounter({ clock, log });
  const upstreams = createUpstreams({ catalog, clock, limits, log, guard: { allow: loaded.file?.guard?.allow ?? [], ports: loaded.file?.guard?.ports ?? [] } });
  const inboxFolder = join(dataFolder, 'inbox');
  const kept = openKept({ store, vault, clock, makeId, limits, log, blobs, inboxFolder, nodeId: () => ledger.nodeId });
  const { media, responses, background, bodies, replies } = kept;
  const { openExchange, faultOfUrl } = upstreams;
  const [ownKeys, metrics] = [createOwnKeys({ store, vault, log }), createMetrics(() => store.pendingRecords, () => health.report(operatorTargets(catalog).keys()))];
  const telemetry = await openTelemetry(environment, { clock, log, instanceId: ledger.nodeId, dropped: metrics.dropped });
  const videos = startVideoJobs({ store, media, catalog, ownKeys, openExchange, faultOfUrl, clock, limits, log, metrics, telemetry, makeId, inboxFolder });
  const evals = createEvals({ store, clock, limits, log }, () => house);
  const house: House = {
    ...videos, evals, catalog, keeper, health, media, responses, background, bodies, replies, ownKeys, openExchange, faultOfUrl, metrics, telemetry, store, authenticator, secrets, vault, ledger, ledgerWatch, rates, counter, pulse, clock, makeId, limits, log,
    storeGate: createStoreGate(), shadows: createShadows({ store, clock, limits, log }),
    payments: openPayments(environment, { terms: termsOf(loaded.file?.billing), store, clock, makeId, log }),
    warnings: createWarnings({ store, keeper, clock }),
    tryKey: (wanted) => tryKey({ catalog, clock, openExchange }, wanted),
    hasPlan: (planId) => keeper.findPlan(planId) !== null,
  };
  return { house, firstKey, close: () => letGo(house, { kept, upstreams, sharings }) };
}

interface Opened {
  readonly kept: { close(): Promise<void> };
  readonly upstreams: { close(): Promise<void> };
  readonly sharings: readonly { close(): void }[];
}

async function letGo(house: House, { kept, upstreams, sharings }: Opened): Promise<void> {
  house.pulse.stop();
  house.background.close();
  await house.shadows.close();
  house.keeper.close();
  await house.evals.close();
  await house.jobs.close();
  await upstreams.close();
  await Promise.all([house.counter.close(), house.telemetry?.close()]);
  house.authenticator.close();
  for (const sharing of sharings) sharing.close();
  await house.rates.close();
  await house.ledgerWatch.close();
  await house.ledger.close();
  await kept.close();
  await house.store.close();
}

type KeptParts = Omit<Parameters<typeof createMedia>[0], 'inbox'> & Parameters<typeof createKeptResponses>[0] & Parameters<typeof createKeptBodies>[0] & Parameters<typeof createCachedReplies>[0]
  & Omit<Parameters<typeof createBackgroundRuns>[0], 'responses'> & Parameters<typeof createLogSweep>[0] & { readonly inboxFolder: string };

/** What outlives its request, and is swept when its time is over. */
function openKept(parts: KeptParts): Pick<House, 'media' | 'responses' | 'background' | 'bodies' | 'replies'> & { close(): Promise<void> } {
  const media = createMedia({ ...parts, inbox: createInbox(parts.inboxFolder, parts) });
  const responses = createKeptResponses(parts);
  const bodies = createKeptBodies(parts);
  const replies = createCachedReplies(parts);
  const logSweep = createLogSweep(parts);
  return {
    media, responses, bodies, replies,
    background: createBackgroundRuns({ ...parts, responses }),
    async close() {
      await bodies.close();
      await replies.close();
      await logSweep.close();
      await responses.close();
      await media.close();
    },
  };
}

/** Rate limits of this gateway alone, or shared through Redis where one is configured. */
async function openRates(config: Config, parts: Omit<RatesParts, 'shared' | 'nodes'> & { readonly store: Store; readonly clock: Clock; readonly makeId: MakeId }): Promise<Rates> {
  if (config.redisUrl === null) return createRates({ ...parts, shared: null });
  // Only who shares limits pays for the client.
  const { createRedisRates } = await import('../gateway/metering/rates-redis.ts');
  const count = createNodeCount(parts);
  const rates = createRates({
    ...parts, shared: createRedisRates({ url: config.redisUrl, clock: parts.clock, makeId: parts.makeId }), nodes: () => count.nodes,
  });
  return {
    ...rates,
    close() {
      count.stop();
      return rates.close();
    },
  };
}

/** The ways by which the gateways tell each other of targets that fail: the store, and Redis where one is configured. */
async function openSharings(config: Config, parts: StoreSharingParts & { readonly makeId: MakeId; readonly installation: string }): Promise<HealthSharing[]> {
  const byStore = shareByStore(parts);
  if (config.redisUrl === null) return [byStore];
  const { shareByRedis } = await import('../gateway/routing/share-by-redis.ts');
  return [byStore, shareByRedis({ ...parts, url: config.redisUrl })];
}

/** Stripe, where both of its secrets are configured; else nobody takes payments, and there is no route to forge one at. */
function openPayments(environment: Environment, parts: Omit<PaymentParts, 'provider'>): Payments | null {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_BASE: apiBase } = environment;
  const provider = openStripe({ secretKey, webhookSecret, apiBase }, parts.clock);
  return provider && createPayments({ ...parts, provider });
}

function termsOf(billing: CatalogBilling | undefined): TopupTerms {
  return {
    feeMode: billing?.fee_mode ?? DEFAULT_TERMS.feeMode,
    feeBasisPoints: billing?.fee_basis_points ?? DEFAULT_TERMS.feeBasisPoints,
    minimum: billing?.topup_min_nano_usd === undefined ? DEFAULT_TERMS.minimum : BigInt(billing.topup_min_nano_usd),
  };
}
