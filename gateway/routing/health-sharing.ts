/** This file names what gateways tell each other of lanes to upstreams, and by which kind of way they do. */
import type { LaneOpeningRow } from '../store/lane-row.ts';

/** begun: a gateway tries a lane after its rest. answered: it was well, for the first time since. left: the trial said nothing either way. */
export type TrialStep = 'begun' | 'answered' | 'left';

/** A trial of a lane that comes back, as other gateways hear of it. */
export interface LaneTrial {
  readonly lane: string;
  readonly step: TrialStep;
}

/** What is told of a lane: that it rests, and how its trial goes. */
export type LaneNews = LaneOpeningRow | LaneTrial;

/** True of news of a trial. */
export function isTrial(news: LaneNews): news is LaneTrial {
  return 'step' in news;
}

/** One way by which gateways tell each other. There may be several at once: what is heard twice is known already. */
export interface HealthSharing {
  /** Tells all others, in its own time; never throws, and nobody waits for it. What can't be told is lost. */
  tell(news: LaneNews): void;
  /** Hears what others tell from now on. Resolves once what they told before is heard, where that is kept; never rejects. */
  listen(hear: (news: readonly LaneNews[]) => void): Promise<void>;
  close(): void;
}
