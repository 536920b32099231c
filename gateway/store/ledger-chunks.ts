/** This file puts promises of the Store together that take several transactions, or at times none; the same for every engine. */
import type { BeatAnswer, EndedHolds } from './calls/nodes.ts';

/** Others may see a sign of life this late, in ms; in between, a beat only looks and costs no commit. */
const BEAT_WRITE_MS = 2000;

/** Ends holds, chunk after chunk, until none are left; gives how many requests' holds were ended. */
export async function endAllHolds(endChunk: () => Promise<EndedHolds>): Promise<number> {
  let ended = 0;
  for (;;) {
    const chunk = await endChunk();
    ended += chunk.ended;
    if (chunk.isDone) return ended;
  }
}

type Beat = (nodeId: string, nowMs: number) => Promise<BeatAnswer>;

/** Makes a beat of two: `write` shows life to others every two seconds, `look` only asks whether the node is still itself. */
export function createBeat({ write, look }: { readonly write: Beat; readonly look: Beat }): Beat {
  const writtenMs = new Map<string, number>();
  return async (nodeId, nowMs) => {
    const before = writtenMs.get(nodeId);
    if (before !== undefined && nowMs >= before && nowMs < before + BEAT_WRITE_MS) return look(nodeId, nowMs);
    const answer = await write(nodeId, nowMs);
    if (answer.isFenced) writtenMs.delete(nodeId);
    else writtenMs.set(nodeId, nowMs);
    return answer;
  };
}
