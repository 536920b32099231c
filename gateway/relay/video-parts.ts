/** This file names what moving videos on needs of the house, and finds the target of a job again. */
import type { OwnKeys } from '../access/provider-keys.ts';
import type { Chance } from '../foundation/chance.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { Metrics } from '../foundation/metrics.ts';
import type { Telemetry } from '../foundation/story.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import type { OpenExchange } from '../providers/call.ts';
import type { VideoWireOf } from '../providers/video-wires.ts';
import type { Catalog } from '../routing/catalog.ts';
import { ownProvider } from '../routing/own-targets.ts';
import { toQuirks } from '../routing/providers.ts';
import type { JobCalls, JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import type { MediaStore } from './media.ts';
import type { DrawFrames } from './video-frames.ts';

export interface VideoParts {
  readonly store: Pick<JobCalls, 'stepJob' | 'finishJob'> & Pick<Store, 'listProviderKeys'>;
  readonly media: MediaStore;
  readonly catalog: Catalog;
  readonly ownKeys: OwnKeys;
  readonly openExchange: OpenExchange;
  readonly videoWireOf: VideoWireOf;
  readonly faultOfUrl: (url: string) => string | null;
  readonly drawFrames: DrawFrames;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry | null;
  /** Looks for jobs that are due. */
  readonly wake: () => void;
}

/** A workspace has at most one key for each provider. */
const KEYS_MAX = 10_000;

/** The target of a job with the credential of today; null when it is gone. */
export async function targetOf(parts: VideoParts, { target, workspaceId }: JobRow): Promise<Target | null> {
  const { provider: id, upstreamModel, options, isOwnKey } = target;
  const provider = isOwnKey ? await ownOf(parts, workspaceId, id) : parts.catalog.providers.get(id)?.provider ?? null;
  if (!provider) return null;
  const quirks = toQuirks(parts.catalog.providers.get(id)?.row.quirks);
  // What it costs was said when it was made.
  return { id: `${id}/${upstreamModel}`, provider, upstreamModel, price: null, quirks, options };
}

async function ownOf({ store, ownKeys, catalog }: VideoParts, workspaceId: string, provider: string): Promise<Provider | null> {
  const rows = await store.listProviderKeys(workspaceId, { limit: KEYS_MAX, after: null });
  const row = rows.find((each) => each.provider === provider);
  if (!row) return null;
  const [opened] = await ownKeys.open({ workspaceId, ownKeys: [{ id: row.id, provider, revision: row.revision }] });
  return opened && opened.key !== null ? ownProvider(catalog, opened) : null;
}
