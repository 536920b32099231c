/** This file sets up gateways whose upstream ends every kind of call as it is told, and the payers who make them. */
import type { UsageRow } from '../generated/client/types.gen.ts';
import { paidKinds } from './paid-kinds.ts';
import type { PaidKind, Wish } from './paid-kinds.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawConnection, RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

/** What every payer is given, in nano-USD. */
export const GRANT = 1_000_000_000n;
/** What happens within a test at all happens in this time, in ms. */
export const TEST_MS_MAX = 60_000;

/** One kind of call, made by one payer of one gateway. */
export interface Place {
  readonly name: string;
  readonly kind: PaidKind;
  readonly upstream: ReplayUpstream;
  readonly server: ServerUnderTest;
  readonly payer: Payer;
}

/** Whose money it is. */
export type Purse = Pick<Place, 'server' | 'payer'>;
/** A place for every kind of call, by its name. */
export type Places = ReadonlyMap<string, Place>;
export type Headers = Readonly<Record<string, string>>;
type Asking = Wish & { readonly headers?: Headers };

export interface AbnormalStage {
  readonly upstream: ReplayUpstream;
  /** Starts a gateway; as patient as by default, where no limit says otherwise. */
  start(more?: ServerOptions): Promise<ServerUnderTest>;
  /** A payer for every kind of call. */
  placesAt(server: ServerUnderTest): Promise<Places>;
}

/** Starts the upstream, which goes as told by the name of the model it is asked for. */
export async function openAbnormalStage(): Promise<AbnormalStage> {
  const upstream = await startReplayUpstream();
  for (const [name, kind] of Object.entries(paidKinds)) {
    for (const [replay, played] of Object.entries(replaysOf(kind))) upstream.play(`${slugOf(name)}-${replay}`, played);
  }
  const env = { VLLM_BASE_URL: upstream.url, ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'sk-ant-0123456789' };
  const config = { models: Object.entries(paidKinds).flatMap(([name, kind]) => modelsOf(name, kind)) };
  return {
    upstream,
    start: (more = {}) => startServer({ config, ...more, env: { ...env, ...more.env } }),
    async placesAt(server) {
      const made = await Promise.all(Object.entries(paidKinds).map(async ([name, kind]): Promise<[string, Place]> => [name, { name, kind, upstream, server, payer: await makePayer(server, { billing: 'balance', nanoUsd: GRANT }) }]));
      return new Map(made);
    },
  };
}

const slugOf = (name: string): string => name.replaceAll(/\W+/g, '-');
const failing = (status: number): Replay => ({ status, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}' }] });

/** What upstream models of a kind do, by their names. */
function replaysOf({ whole, empty, uncounted, dear, begins, held = [], mark }: PaidKind): Readonly<Record<string, Replay>> {
  const headers = { 'content-type': mark === null ? 'application/json' : 'text/event-stream' };
  return {
    whole, empty, uncounted, dear, refuses: failing(400), fails: failing(500), cut: { headers, steps: [...begins, ...held], ending: 'cut' }, silent: { headers, steps: [...begins, { waitFor: 'never' }] },
    hangs: { before: [{ waitFor: 'never' }], steps: [] }, mute: { headers, steps: [{ waitFor: 'never' }] },
    slow: { ...whole, before: [{ waitFor: 'slow' }] }, late: { ...whole, before: [{ waitFor: 'late' }] },
  };
}

function modelsOf(name: string, kind: PaidKind): object[] {
  const target = (replay: string): object => ({ provider: kind.provider, model: `${slugOf(name)}-${replay}`, price: kind.price });
  const row = (replay: string, targets: object[]): object => ({ ...kind.row, id: `end/${slugOf(name)}/${replay}`, name: replay, targets });
  return [...Object.keys(replaysOf(kind)).map((replay) => row(replay, [target(replay)])), row('second', [target('fails'), target('whole')])];
}

function partsOf({ name, kind, payer }: Place, replay: string, { headers = {}, ...wish }: Asking): RequestParts {
  const asked = kind.ask({ id: `end/${slugOf(name)}/${replay}`, upstream: `${slugOf(name)}-${replay}` }, wish);
  return { ...asked, key: payer.key, headers: { ...asked.headers, ...headers } };
}

/** Asks for the upstream model of this name. */
export function ask(place: Place, replay: string, asking: Asking = {}): Promise<RawReply> {
  return call(place.server.url, partsOf(place, replay, asking));
}

/** Begins a request, and gives it once the upstream has it. */
export async function beginAt(place: Place, replay: string, asking: Asking = {}): Promise<RawConnection> {
  const model = `${slugOf(place.name)}-${replay}`;
  const asked = place.upstream.requests(model).length;
  const connection = await begin(place.server.url, partsOf(place, replay, asking));
  await eventually(() => (place.upstream.requests(model).length > asked ? true : null));
  return connection;
}

/** Begins a request that its upstream will not hear of. */
export function beginHit(place: Place): Promise<RawConnection> {
  return begin(place.server.url, partsOf(place, 'whole', { isUnstored: true }));
}

/** Begins a stream that falls silent, and gives it once its events have come; of what does not stream, once the upstream has it. */
export async function beginStream(place: Place, headers: Headers = {}): Promise<RawConnection> {
  const { mark } = place.kind;
  const connection = await beginAt(place, mark === null ? 'hangs' : 'silent', { isStream: true, headers });
  if (mark === null) return connection;
  await connection.head();
  for (let seen = ''; !seen.includes(mark);) {
    const chunk = await connection.chunk();
    if (!chunk) throw new Error(`a stream of ${place.name} ended after ${seen}`);
    seen += chunk.toString('utf8');
  }
  return connection;
}

/** All rows of a payer, the newest first. */
export async function rowsOf({ server: { url }, payer: { key } }: Purse): Promise<UsageRow[]> {
  const { data } = await askJson({ url, key }, { path: '/v1/usage?limit=100' }) as { data?: UsageRow[] };
  return data ?? [];
}

/** The row of a request; null when there is none. */
export async function rowOf(purse: Purse, requestId: string | undefined): Promise<UsageRow | null> {
  return (await rowsOf(purse)).find(({ id }) => id === requestId) ?? null;
}

/** Asks, and gives the row of that; null when there is none. */
export async function rowOfAsking(place: Place, replay: string, wish: Wish = {}): Promise<UsageRow | null> {
  return rowOf(place, (await ask(place, replay, wish)).headers['x-request-id']);
}

/** The row of the only request of a payer, whatever its id. */
export function onlyRow(purse: Purse): Promise<UsageRow> {
  return newRow(purse, () => Promise.resolve(), []);
}

/** The row of what is done, beside those there were. */
export async function newRow(purse: Purse, act: () => Promise<void>, known?: readonly string[]): Promise<UsageRow> {
  const before = known ?? (await rowsOf(purse)).map(({ id }) => id);
  await act();
  // A gateway that has just lost its database has nothing to tell.
  return eventually(async () => (await rowsOf(purse).catch(() => [])).find(({ id }) => !before.includes(id)) ?? null, TEST_MS_MAX / 2);
}

/** What a payer has spent of the grant, once the gateway can tell. */
export function spentAt({ server, payer }: Purse): Promise<bigint> {
  return eventually(() => balanceOf(server, payer.key).then((left) => GRANT - left, () => null), TEST_MS_MAX / 2);
}

/** The place of a kind of call. */
export function at(places: Places, name: string): Place {
  const place = places.get(name);
  if (!place) throw new Error(`nobody asks ${name}`);
  return place;
}

/** Does something once, when first somebody wants to know of it. */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => (made ??= make());
}

/** Does something at all places at once, and gives what came of it by their names. */
export async function atEach<Value>(places: Places, act: (place: Place) => Promise<Value>): Promise<ReadonlyMap<string, Value>> {
  return new Map(await Promise.all([...places].map(async ([name, place]): Promise<[string, Value]> => [name, await act(place)])));
}

/** The same payers at the gateway that has taken over. */
export function movedTo(server: ServerUnderTest, places: Places): Places {
  return new Map([...places].map(([name, place]) => [name, { ...place, server }]));
}
