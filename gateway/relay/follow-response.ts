/** This file tells the events of an answer made in the background to who asks for them later: as they come, or as they were. */
import { tellEnd, tellEvents } from '../dialects/responses-log.ts';
import { resourceOf } from '../dialects/responses-state.ts';
import { joinBytes } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import type { Call, EventSink, EventsReply } from '../foundation/operation.ts';
import { KEEP_ALIVE_COMMENT } from '../foundation/sse.ts';
import type { House } from './house.ts';
import type { FoundTurn } from './kept-responses.ts';

/** Follows an answer of the caller's workspace. Refuses with invalid_request one that was not made in the background. */
export function followResponse(house: House, call: Call<'retrieveResponse'>, turn: FoundTurn): EventsReply {
  if (turn.resource['background'] !== true) fail('invalid_request', { param: 'stream', message: 'Only the events of an answer made in the background can be told again. Get it without stream.' });
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  const after = call.query.starting_after ?? -1;
  const run = house.background.find(workspaceId, call.path.response);
  if (run) return { status: 200, events: run.follow(after, call.departure) };
  return { status: 200, events: { start(sink) { if (turn.progress === 'open') waitForEnd(house, call, { sink, after, workspaceId }); else tell(turn, sink, after); } } };
}

function tell(turn: FoundTurn, sink: EventSink, after: number): void {
  const telling = { resource: resourceOf(turn), events: turn.events ?? null, after };
  sink.end(joinBytes(tellEvents(telling), tellEnd(telling)));
}

/** Another gateway makes it: what it keeps at the end is told then, and until then that somebody waits. */
function waitForEnd(house: House, call: Call<'retrieveResponse'>, { sink, after, workspaceId }: { readonly sink: EventSink; readonly after: number; readonly workspaceId: string }): void {
  const { clock, limits } = house;
  let toldAt = clock.monotonic();
  let isAsking = false;
  const end = (finish: () => void): void => {
    stop();
    finish();
  };
  const ask = async (): Promise<void> => {
    const turn = await house.responses.find(workspaceId, call.path.response);
    if (!turn) end(() => { sink.end(); });
    else if (turn.progress !== 'open') end(() => { tell(turn, sink, after); });
    else if (clock.monotonic() - toldAt >= limits.keepAliveCommentMs) {
      toldAt = clock.monotonic();
      sink.write(KEEP_ALIVE_COMMENT);
    }
  };
  const stop = clock.every(limits.backgroundLookMs, () => {
    if (isAsking) return;
    isAsking = true;
    ask().catch((error: unknown) => { house.log.warn({ requestId: call.requestId, error }, 'an answer could not be looked for'); }).finally(() => { isAsking = false; });
  });
  call.departure.onDepart(() => { end(() => { sink.end(); }); });
}
