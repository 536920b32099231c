/** This file answers the operator's operation on targets and their health. */
import type { TargetHealth } from '../generated/client/types.gen.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { Target } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';
import type { LaneReport } from '../gateway/routing/health.ts';
import { operatorTargets } from '../gateway/routing/shared-health.ts';

/** Lists every target that can be called, by the health this gateway sees. */
export function listTargets(call: Call<'listTargets'>, house: House): Promise<Reply<'listTargets'>> {
  const models = operatorTargets(house.catalog);
  const byId = new Map([...models].map(([target, names]) => [target.id, names]));
  const reports = house.health.report(models.keys()).filter(({ target, state }) => isLive(house, target) && (call.query.state ?? state) === state);
  return Promise.resolve({ status: 200, json: { object: 'list', data: reports.map((report) => toTargetHealth(report, byId.get(report.target.id) ?? [report.target.id])) } });
}

/** What was asked once may have lost its credential, or its row, since. */
function isLive({ catalog }: House, { provider }: Target): boolean {
  return (catalog.providers.get(provider.id)?.provider ?? null) !== null;
}

const MS_PER_SECOND = 1000;

function toTargetHealth({ lane, target, credential, state, calls, failures }: LaneReport, models: string[]): TargetHealth {
  return {
    object: 'target_health', target: target.id, provider: target.provider.id, credential, models, state,
    reason: state === 'closed' ? null : lane.reason,
    rests_until: state === 'closed' ? null : Math.ceil(lane.openUntilMs / MS_PER_SECOND),
    waiting: lane.waiting, calls, failures, failures_in_row: lane.failuresInRow, last_failure: lane.lastFailure,
    first_event_ms: lane.stream.ms, reply_ms: lane.whole.ms,
  };
}
