/** This file brings about every abnormal end of the contract's tables, for every kind of call but videos, and looks at what the caller paid. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { abnormalEnds } from '../generated/abnormal-ends.ts';
import type { AbnormalCase, AbnormalEnd } from '../generated/abnormal-ends.ts';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { GRANT, TEST_MS_MAX, ask, at, atEach, beginAt, beginHit, beginStream, movedTo, newRow, once, onlyRow, openAbnormalStage, rowOf, rowOfAsking, rowsOf, spentAt } from './abnormal-stage.ts';
import type { AbnormalStage, Headers, Place, Places } from './abnormal-stage.ts';
import { PLAN } from './good-requests.ts';
import { costOf, paidKinds } from './paid-kinds.ts';
import type { PaidKind, PaidOperation } from './paid-kinds.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { RawReply } from './raw-client.ts';
import { eventually, stopServers } from './server-under-test.ts';

type Case = { [Id in PaidOperation]: AbnormalCase<Id> }[PaidOperation];

const SILENCE_MS = 400;
/** Until what is open has been noted, and a little more. */
const NOTED_MS = 1800;
const STORED = 'response';

let stage: AbnormalStage;
let places: Places;

beforeAll(async () => {
  stage = await openAbnormalStage();
  places = await stage.placesAt(await stage.start({ limits: { upstreamFirstByteMs: SILENCE_MS, upstreamIdleMs: SILENCE_MS } }));
}, TEST_MS_MAX);
afterAll(async () => {
  await stage.upstream.close();
  await stopServers();
  await stopPostgres();
});

let nextKey = 1;
const keyed = (): Headers => ({ 'idempotency-key': `end-${String(nextKey++)}` });

/** A gateway that waits for its upstreams longer than these tests take. */
const patient = once(async () => stage.placesAt(await stage.start()));

/** Deadlines take their time: all pass at once. */
const late = once(() => atEach(places, (place) => (place.kind.isPatient === true ? rowOfAsking(place, 'mute', { isStream: true }) : rowOfAsking(place, 'hangs'))));
const stalled = once(() => atEach(places, (place) => rowOfAsking(place, 'silent', { isStream: true })));

/** A gateway that is killed over requests it has noted, would keep, and has just taken. */
const killed = once(async () => {
  const dying = await stage.start();
  const [noted, kept, young] = [await stage.placesAt(dying), await stage.placesAt(dying), await stage.placesAt(dying)];
  await atEach(noted, (place) => beginStream(place));
  await new Promise((resolve) => { setTimeout(resolve, NOTED_MS); });
  await atEach(kept, (place) => beginStream(place, keyed()));
  await atEach(young, (place) => beginAt(place, 'hangs'));
  await dying.kill();
  const next = await dying.restart();
  return { young: movedTo(next, young), noted: movedTo(next, noted), kept: movedTo(next, kept) };
});

/** A gateway that is stopped, and waits for nobody. */
const stopped = once(async () => {
  const ending = await stage.start({ limits: { drainMs: 50 } });
  const [plain, kept] = [await stage.placesAt(ending), await stage.placesAt(ending)];
  await atEach(plain, (place) => beginStream(place));
  await atEach(kept, (place) => beginStream(place, keyed()));
  await ending.stop();
  const next = await ending.restart();
  return { plain: movedTo(next, plain), kept: movedTo(next, kept) };
});

/** A gateway whose database goes away while answers are awaited, and comes back. */
const forsaken = once(async () => {
  const postgres = await startPostgres();
  const lonely = await stage.start({ env: { INTERLINE_DATABASE_URL: postgres.url } });
  const [before, after] = [await stage.placesAt(lonely), await stage.placesAt(lonely)];
  const stored: Place = { ...at(after, STORED), payer: await makePayer(lonely, { billing: 'balance', nanoUsd: 1_000_000n }) };
  const open = await atEach(after, (place) => beginAt(place, 'late', { isUnstored: true }));
  const toStore = await beginAt(stored, 'late');
  await postgres.kill();
  const refused = await atEach(before, (place) => ask(place, 'whole'));
  stage.upstream.release('late');
  const answered = await atEach(after, async ({ name }) => open.get(name)?.reply());
  const notStored = await toStore.reply();
  await postgres.restart();
  return { before, after, stored, refused, answered, notStored };
});

const expectAway = (reply: RawReply | undefined): void => { expect({ status: reply?.status, retry: reply?.headers['retry-after'] !== undefined }).toEqual({ status: 503, retry: true }); };

/** Brings a case about and gives the row it left; null when it left none and cost nothing. */
const cases: Readonly<Record<Case, (place: Place, said: AbnormalEnd) => Promise<UsageRow | null>>> = {
  async refused_by_gateway(place) {
    return rowOfAsking({ ...place, payer: await makePayer(place.server, { billing: 'balance', nanoUsd: 1n }) }, 'whole');
  },
  upstream_refuses: (place) => rowOfAsking(place, 'refuses'),
  fails_before_first_byte: (place) => rowOfAsking(place, 'fails'),
  fails_after_first_byte: (place) => rowOfAsking(place, 'cut', { isStream: true }),
  answers_empty: (place) => rowOfAsking(place, 'empty'),
  image_not_kept: (place) => rowOfAsking(place, 'empty'),
  omits_usage: (place) => rowOfAsking(place, 'uncounted'),
  async caller_leaves({ name }) {
    const place = at(await patient(), name);
    return newRow(place, async () => { (await beginStream(place)).leave(); });
  },
  async caller_leaves_with_idempotency_key({ name }) {
    const place = at(await patient(), name);
    return newRow(place, async () => {
      (await beginAt(place, 'slow', { headers: keyed() })).leave();
      // By the time it has answered this it has seen the caller leave.
      await rowsOf(place);
      stage.upstream.release('slow');
    });
  },
  async cancelled({ name }) {
    const place = at(await patient(), name);
    const connection = await beginAt(place, 'silent', { isStream: true, isBackground: true });
    await connection.head();
    let seen = '';
    while (!seen.includes(place.kind.mark ?? '')) seen += (await connection.chunk())?.toString('utf8') ?? '';
    const id = /resp_[0-9a-f]+/.exec(seen)?.[0] ?? '';
    return newRow(place, async () => { await askJson({ url: place.server.url, key: place.payer.key }, { method: 'POST', path: `/v1/responses/${id}/cancel` }); });
  },
  deadline_passes_before_first_byte: async ({ name }) => (await late()).get(name) ?? null,
  deadline_passes_after_first_byte: async ({ name }) => (await stalled()).get(name) ?? null,
  async gateway_killed_young({ name }) {
    const { young, noted } = await killed();
    await onlyRow(at(noted, name));
    expect(await spentAt(at(young, name))).toBe(0n);
    // The very first request of a gateway holds for itself, and so leaves a row; it costs nothing.
    const [row] = await rowsOf(at(young, name));
    return row?.charged_nano_usd === '0' && row.counted_messages === 0 ? null : row ?? null;
  },
  gateway_killed_noted: async ({ name }) => onlyRow(at((await killed()).noted, name)),
  gateway_killed_with_idempotency_key: async ({ name }) => onlyRow(at((await killed()).kept, name)),
  async reply_replayed(place) {
    const headers = keyed();
    await ask(place, 'whole', { headers });
    const before = await balanceOf(place.server, place.payer.key);
    const reply = await ask(place, 'whole', { headers });
    expect(reply.headers['idempotency-replayed']).toBe('true');
    expect(await balanceOf(place.server, place.payer.key)).toBe(before);
    return rowOf(place, reply.headers['x-request-id']);
  },
  async reply_cached(place) {
    await askJson(place.server, { method: 'PUT', path: '/v1/admin/plans/half', body: { ...PLAN, cached_reply_percent: 50 } });
    const saving: Place = { ...place, payer: await makePayer(place.server, { billing: 'balance', plan: 'half', nanoUsd: GRANT }) };
    const path = `/v1/workspaces/${saving.payer.workspace}`;
    const owner = { url: place.server.url, key: saving.payer.key };
    await askJson(owner, { method: 'PATCH', path, body: { reply_cache: { enabled: true, reply_bytes_max: 1_000_000 } } });
    await ask(saving, 'whole', { isUnstored: true });
    await eventually(async () => ((await askJson(owner, { path: `${path}/cache` }))['count'] === 1 ? true : null));
    const known = (await rowsOf(saving)).map(({ id }) => id);
    return newRow(saving, async () => {
      const connection = await beginHit(saving);
      expect((await connection.head()).headers['x-interline-cache']).toBe('hit');
      connection.leave();
    }, known);
  },
  fallback_or_retry: (place) => rowOfAsking(place, place.kind.operation === 'postNative' ? 'fails' : 'second'),
  async costs_more_than_limits_hold(place) {
    return rowOfAsking({ ...place, payer: await makePayer(place.server, { billing: 'balance', nanoUsd: place.kind.room }) }, 'dear', { isCapped: true });
  },
  async key_revoked({ name }) {
    const place = at(await patient(), name);
    const owner = { url: place.server.url, key: place.payer.key };
    const other = await askJson(owner, { path: '/v1/keys', body: { name: 'revoked' } }, 201);
    await beginStream({ ...place, payer: { ...place.payer, key: String(other['secret']) } });
    await askJson(owner, { method: 'PATCH', path: `/v1/keys/${String(other['id'])}`, body: { revoked: true } });
    return eventually(async () => (await rowsOf(place)).find(({ key }) => key === other['id']) ?? null);
  },
  shutdown: async ({ name }) => onlyRow(at((await stopped()).plain, name)),
  shutdown_with_idempotency_key: async ({ name }) => onlyRow(at((await stopped()).kept, name)),
  async store_away_before({ name }) {
    const { before, refused } = await forsaken();
    expectAway(refused.get(name));
    expect(await spentAt(at(before, name))).toBe(0n);
    return null;
  },
  async store_away_after({ name }, { pays }) {
    const { after, answered } = await forsaken();
    if (pays === 'answer') expect(answered.get(name)?.status).toBe(200);
    else expectAway(answered.get(name));
    return onlyRow(at(after, name));
  },
  async response_not_stored() {
    const { stored, notStored } = await forsaken();
    expectAway(notStored);
    return onlyRow(stored);
  },
};

/** Every kind of call with every case of its operation. */
const ends = Object.entries(paidKinds).flatMap(([name, { operation }]) => (Object.entries(abnormalEnds[operation]) as [Case, AbnormalEnd][]).map(([end, said]) => ({ name, end, said })));

test.each(ends)('$name: $end costs what the contract says', async ({ name, end, said }) => {
  const place = at(places, name);
  const { kind } = place;
  const row = await cases[end](place, said);
  expect({ outcome: row?.outcome ?? null, basis: row?.basis ?? 'none' }).toEqual({ outcome: said.outcome, basis: said.basis });
  const charged = BigInt(row?.charged_nano_usd ?? 0);
  switch (said.pays) {
    case 'nothing': expect({ charged, messages: row?.counted_messages ?? 0 }).toEqual({ charged: 0n, messages: 0 }); break;
    case 'share': expect(charged).toBe((kind.answer + 1n) / 2n); break;
    case 'answer': expectAnswer(kind, { row, charged }); break;
    case 'room': expect({ charged, overrun: BigInt(row?.overrun_nano_usd ?? 0) }).toEqual({ charged: kind.room, overrun: kind.dearly - kind.room }); break;
    case 'noted':
      // What is noted is certain: no more than was said, and the gateway knows of tokens by their events.
      expect(row?.completion_tokens).toBeLessThanOrEqual(kind.events);
      expectBeginning(kind, { row, charged });
      break;
    case 'seen': expectBeginning(kind, { row, charged }); break;
    default: return said.pays satisfies never;
  }
}, TEST_MS_MAX);

interface Paid {
  readonly row: UsageRow | null;
  readonly charged: bigint;
}

function expectAnswer(kind: PaidKind, { row, charged }: Paid): void {
  expect(charged).toBeGreaterThan(0n);
  expect(charged).toBe(row?.basis === 'counted' ? costOf(kind, row) : kind.answer);
}

function expectBeginning(kind: PaidKind, { row, charged }: Paid): void {
  if (kind.seen === null) {
    expect(charged).toBeGreaterThan(0n);
    expect(charged).toBeLessThan(kind.answer);
  }
  expect(charged).toBe(kind.seen ?? (row && costOf(kind, row)));
}
