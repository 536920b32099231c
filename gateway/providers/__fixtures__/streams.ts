/** This file feeds recorded streams to readers for their tests: framed in the ways upstreams frame them, and read piece by piece. */
import type { ByteText } from '../../foundation/byte-text.ts';
import { parseJson, stringAt } from '../../foundation/json-value.ts';
import { createEventSplitter } from '../../foundation/sse.ts';
import type { ReplyFacts, StreamReader, UpstreamFailure } from '../wire.ts';

export interface Recording {
  readonly name: string;
  readonly payloads: readonly string[];
}

/** The `type` of an event. */
export function typeOf(payload: string): string {
  return stringAt(parseJson(payload), 'type') ?? '';
}

export interface RecordedKind {
  /** The types of the events that end a reply: a recording may hold several one after the other. */
  readonly ends: ReadonlySet<string>;
  /** How the first event's type begins. Absent: whatever there is. */
  readonly begins?: string;
}

/** The replies of one kind in a recording's text; none where it holds others. */
export function repliesIn(name: string, text: string, { ends, begins = '' }: RecordedKind): Recording[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (!typeOf(lines[0] ?? '').startsWith(begins)) return [];
  const replies: string[][] = [[]];
  for (const line of lines) {
    replies.at(-1)?.push(line);
    if (ends.has(typeOf(line))) replies.push([]);
  }
  return replies.filter((payloads) => payloads.length > 0).map((payloads, at) => ({ name: `${name} #${at + 1}`, payloads }));
}

/** How events that have a name are framed. */
export const NAMED_FRAMINGS = {
  recorded: (payload: string) => `event: ${typeOf(payload)}\ndata: ${payload}\n\n`,
  crlf: (payload: string) => `event: ${typeOf(payload)}\r\ndata: ${payload}\r\n\r\n`,
  'data only': (payload: string) => `data:${payload}\n\n`,
  comments: (payload: string) => `: thinking\n\nevent: ${typeOf(payload)}\n: within\ndata: ${payload}\n\n: still\n\n`,
} as const;

/** What a reader says when its stream has ended. */
export interface Ended {
  readonly facts: ReplyFacts;
  readonly isDone: boolean;
  readonly isFinished: boolean;
  readonly text: string;
  readonly failure: UpstreamFailure | null;
}

/** Feeds a stream to its reader in pieces, as `call.ts` does, and hands over what is forwarded. */
export function feed(reader: StreamReader, pieces: readonly Buffer[], forward: (bytes: ByteText) => void): Ended {
  const splitter = createEventSplitter();
  const take = (event: ByteText): void => {
    const forwarded = reader.read(event);
    if (forwarded !== null) forward(forwarded);
  };
  for (const piece of pieces) {
    reader.observe(piece);
    splitter.push(piece, take);
  }
  const rest = splitter.rest();
  if (rest) take(rest);
  return { facts: reader.facts(), isDone: reader.isDone, isFinished: reader.isFinished, text: reader.text(), failure: reader.failure };
}
