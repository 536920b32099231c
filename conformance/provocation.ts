/** This file names a way to make the running server say an error. */
import type { ErrorCode } from '../generated/errors.ts';
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

/** Adds what other operations say to what some say already. */
export function withOperations(known: Readonly<Record<ErrorCode, Provocation>>, ids: readonly OperationId[], more: Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>>): Record<ErrorCode, Provocation> {
  const extend = ([code, provocation]: [string, Provocation]): [string, Provocation] => {
    const own = more[code as ErrorCode];
    if (!own) return [code, provocation];
    return [code, {
      ...provocation,
      by: [...new Set([...provocation.by, ...ids])],
      provoke: (stage, id) => (ids.includes(id) ? own(stage, id) : provocation.provoke(stage, id)),
    }];
  };
  return Object.fromEntries(Object.entries(known).map(extend)) as Record<ErrorCode, Provocation>;
}
