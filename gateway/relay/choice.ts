/** This file names what a choice of targets is made of, and what it is. */
import type { CatalogModel } from '../../generated/catalog-types.ts';
import type { Caller } from '../foundation/terms.ts';
import type { Plan } from '../routing/steps.ts';
import type { Candidate } from './admit.ts';
import type { Ask } from './ask.ts';
import type { Steering } from './steering.ts';

/** Who may answer a call, and which model it is. */
export interface Choice extends Candidate {
  /** The public id of the model that is tried first. */
  readonly model: string;
  /** What the catalogue says of it. */
  readonly row: CatalogModel;
  readonly plan: Plan;
}

/** Whose call it is, what it asks, and when. */
export interface Asking {
  readonly caller: Caller;
  /** Without a size nothing is known of what it could cost. */
  readonly ask: Pick<Ask, 'kind' | 'model' | 'native' | 'facts'> & Partial<Pick<Ask, 'size'>>;
  readonly steering: Steering;
  /** Wall time. */
  readonly nowMs: number;
}
