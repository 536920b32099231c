/** This file answers a Responses request at once and makes the answer afterwards, on the same path as any: hold, attempt, settle. */
import type { DialectStream } from '../dialects/dialect.ts';
import type { ResponsesDialect } from '../dialects/responses.ts';
import { NO_THOUGHTS } from '../dialects/responses-thoughts.ts';
import { encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { Departure } from '../foundation/departure.ts';
import { asRefusal, errorBody, fail } from '../foundation/errors.ts';
import type { BytesReply, Call, EventsReply } from '../foundation/operation.ts';
import { readResponse, turnOf } from './ask-response.ts';
import type { ReadResponse } from './ask-response.ts';
import type { Ask, BackgroundAsk } from './ask.ts';
import { refusalOf, warningHeader } from './attempt-outcome.ts';
import type { OpenRun } from './background-runs.ts';
import type { House } from './house.ts';
import { relay } from './relay.ts';
import { notAsAsked, readStrict } from './strict.ts';

/** Between two tries to write down how an answer ended, in ms. */
const RETRY_MS = 1000;
/** A whole answer is not given up for a store that is away for a while: it is tried so often before the answer has failed. */
const KEEP_TRIES_MAX = 60;
const JSON_TYPE = 'application/json';

/** One answer, from its request to its end. */
interface Work {
  readonly house: House;
  readonly call: Call<'createResponse'>;
  readonly asked: ReadResponse;
  readonly open: OpenRun;
  readonly nodeId: string;
  /** True once how it ended is written down. */
  isEnded: boolean;
}

/**
 * Sets aside what the answer may cost, keeps that it is begun, and gives what tells of it: the answer as it is, or its events. What can be
 * refused before an upstream is asked is refused as ever; what goes wrong after that is told by the answer itself.
 */
export async function answerInBackground(house: House, call: Call<'createResponse'>): Promise<BytesReply | EventsReply> {
  const caller = call.caller ?? fail('missing_api_key');
  const asked = await readResponse(house, call);
  if (asked.warnings.length > 0 && readStrict(call)) throw refusalOf(notAsAsked(asked.warnings));
  const open = house.background.open();
  const { departure } = open.run;
  const unwatch = caller.onRevoked(() => { departure.depart('revoked'); });
  const leave = (): void => {
    unwatch();
    open.leave();
  };
  const work: Work = { house, call, asked, open: { ...open, leave }, nodeId: house.background.nodeId(), isEnded: false };
  try {
    return await relay(house, { ...call, departure }, askOf(work));
  } catch (thrown) {
    leave();
    throw thrown;
  }
}

function askOf(work: Work): Ask {
  const { asked, open } = work;
  const dialect = asked.dialect;
  return {
    ...asked.ask,
    dialect: { ...dialect, openStream: () => cancellable(dialect, open.run.departure) },
    keep: (last) => keepEnd(work, last),
    background: backgroundOf(work),
  };
}

/** What was cancelled has not failed. */
function cancellable(dialect: ResponsesDialect, departure: Departure): DialectStream {
  const stream = dialect.openStream();
  return {
    read: (event) => stream.read(event),
    finish: () => stream.finish(),
    fail: (error) => (departure.reason === 'cancelled' ? stream.cancel() : stream.fail(error)),
  };
}

function backgroundOf(work: Work): BackgroundAsk {
  const { house, call, asked: { workspaceId, id, previousId, input, dialect, warnings }, open, nodeId } = work;
  return {
    async begin(trail, running) {
      const begun = dialect.begin();
      await house.responses.begin(workspaceId, { id, previousId, turn: turnOf({ resource: begun.resource, thoughts: NO_THOUGHTS }, input) }, nodeId);
      open.run.begin({ ...begun, model: call.body.model });
      open.begin(workspaceId, id);
      const headers = { ...trail.ticket?.headers(), ...warningHeader([...warnings, ...running]) };
      if (call.body.stream === true) {
        trail.keptAs = (reply) => (reply.contentType === JSON_TYPE ? reply : { ...reply, body: joinBytes(begun.events, reply.body) });
        return { status: 200, events: open.run.follow(-1, call.departure), headers };
      }
      const body = encodeText(JSON.stringify(begun.resource));
      trail.keptAs = () => ({ status: 200, contentType: JSON_TYPE, body });
      return { status: 200, bytes: body, contentType: JSON_TYPE, headers };
    },
    run(answering) {
      goOn(work, answering).catch((error: unknown) => { house.log.error({ requestId: call.requestId, error }, 'an answer in the background was lost'); }).finally(() => { open.leave(); });
    },
  };
}

/** Writes down what the answer has become before that is charged and told. Gives what tells of it. */
async function keepEnd(work: Work, last: ByteText): Promise<ByteText> {
  const { asked: { dialect }, open: { run } } = work;
  run.note(last);
  const how = await writeWhole(work);
  work.isEnded = true;
  // Somebody was told that it is cancelled just before it was whole.
  return how === 'cancelled' ? dialect.latest().cancel() : last;
}

async function writeWhole(work: Work): Promise<Kept> {
  const { house: { clock, background }, open: { run: { departure } } } = work;
  for (let tries = 1; ; tries++) {
    try {
      return await writeEnd(work);
    } catch (error) {
      if (tries === KEEP_TRIES_MAX || background.isClosed || departure.reason === 'shutdown') throw error;
    }
    await new Promise<void>((resolve) => { clock.after(RETRY_MS, resolve); });
  }
}

type Kept = Awaited<ReturnType<House['responses']['end']>>;

function writeEnd({ house, asked: { workspaceId, id, input, dialect }, open: { run }, nodeId }: Work): Promise<Kept> {
  const ended = dialect.latest().ended ?? fail('internal_error', { detail: 'an answer in the background ended without an end' });
  return house.responses.end(workspaceId, { id, turn: { ...turnOf(ended, input), events: run.events } }, nodeId);
}

async function goOn(work: Work, answering: Promise<BytesReply | EventsReply>): Promise<void> {
  const { asked: { dialect }, open: { run } } = work;
  const last = await receive(work, answering);
  if (!work.isEnded) run.note(last);
  const isWritten = work.isEnded || await tryToWrite(work);
  run.close({ resource: dialect.latest().ended?.resource ?? {}, last });
  if (!isWritten) await keepTrying(work);
}

/** Takes the answer to its end, or makes one of what was refused before any of it came. */
async function receive({ call, asked: { dialect }, open: { run } }: Work, answering: Promise<BytesReply | EventsReply>): Promise<ByteText> {
  try {
    const reply = await answering;
    return 'events' in reply ? await run.receive(reply.events) : fail('internal_error', { detail: 'an answer in the background came in one piece' });
  } catch (thrown) {
    const stream = cancellable(dialect, run.departure);
    return stream.fail(errorBody(asRefusal(thrown), call.requestId));
  }
}

async function tryToWrite(work: Work): Promise<boolean> {
  try {
    await writeEnd(work);
    return true;
  } catch (error) {
    work.house.log.warn({ requestId: work.call.requestId, error }, 'how an answer in the background ended could not be written down');
    return false;
  }
}

/** A store that is away comes back; a gateway that closes leaves it to those who find it gone. */
async function keepTrying(work: Work): Promise<void> {
  const { clock, background } = work.house;
  do {
    await new Promise<void>((resolve) => { clock.after(RETRY_MS, resolve); });
  } while (!background.isClosed && !await tryToWrite(work));
}
