/** This file names a way to make the running server say an error. */
import type { OperationId } from '../generated/operations.ts';
import type { RawReply } from './raw-client.ts';
import type { Stage } from './stage.ts';

export interface Provocation {
  /** The operations that can be made to say it; none for an error outside of all operations. */
  readonly by: readonly OperationId[];
  provoke(stage: Stage, id: OperationId): Promise<RawReply>;
  /** True when it comes as the last event of a stream that began with 200. */
  readonly isEvent?: true;
  /** The code in the reply is the upstream's own. */
  readonly upstreamCode?: string;
}
