/** This file names what a plan is: the steps of a request, and what was skipped. */
import type { CatalogModel, CatalogRouteLimits } from '../../generated/catalog-types.ts';
import type { ModelId, Target } from '../foundation/terms.ts';
import type { Policy } from './policy.ts';
import type { RunningRollout } from './rollout-table.ts';
import type { Side } from './split.ts';

/** Why a model or a target is not tried. In the order they are looked at: the later, the nearer it came. */
export const SKIP_REASONS = [
  'not_pinned', 'retired', 'sandbox', 'kind', 'not_allowed', 'no_key', 'tier', 'tools', 'vision', 'audio', 'files', 'structured_output', 'context', 'price_unknown', 'price', 'cost', 'unhealthy',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A target that may be tried. */
export interface PlanStep {
  readonly target: Target;
  readonly model: ModelId;
  /** What the catalogue says of the model; null of a native path that names none. */
  readonly row: CatalogModel | null;
  /** True when the workspace's own provider key pays. */
  readonly isOwnKey: boolean;
  /** In a plan that begins with the candidate of a rollout: what would answer without it. */
  readonly isOld?: true;
}

/** A model, or one target of it, that is not tried. */
export interface Skipped {
  readonly model: ModelId;
  /** Null: every target of the model. */
  readonly target: string | null;
  readonly reason: SkipReason;
  /** One line, for the caller. */
  readonly detail: string;
  /** Of what is left alone: when it may be asked again. */
  readonly retryAfterSeconds?: number;
}

export interface Plan {
  /** Null when a model was named. */
  readonly route: string | null;
  /** In the order they are tried, those of one model together. */
  readonly steps: readonly PlanStep[];
  readonly skipped: readonly Skipped[];
  readonly policy: Policy;
  /** The model that answers when nothing is amiss; an answer of another one is degraded. Null when no model could. */
  readonly preferred: ModelId | null;
  /** Everybody rests after failures; these are asked nevertheless. */
  readonly isLastResort: boolean;
  /** Most tokens of one answer, by the limits of the route; absent: as the request and the model say. */
  readonly outputTokensMax?: number;
  /** Absent where nothing is rolled out. */
  readonly rollout?: PlannedRollout;
}

/** What a rollout had to do with a plan. */
export interface PlannedRollout {
  readonly running: RunningRollout;
  /** Of the caller's key. */
  readonly side: Side;
  /** Of the old route, which hold for the candidate too; null without one. */
  readonly limits: CatalogRouteLimits | null;
  /** What `preferred` would be without it. */
  readonly oldPreferred: ModelId | null;
}
