/** This file keeps answers of Responses for their workspaces: sealed by the vault, followed by id, and not for ever. */
import type { Vault } from '../access/vault.ts';
import { readTurn, writeTurn } from '../dialects/responses-state.ts';
import type { KeptTurn } from '../dialects/responses-state.ts';
import { readThoughts, writeThoughts } from '../dialects/responses-thoughts.ts';
import type { Thoughts } from '../dialects/responses-thoughts.ts';
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import { parseJson } from '../foundation/json-value.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { asStoreRefusal } from '../store/or-unavailable.ts';
import type { FoundResponse, OpenResponse, ResponseCalls, ResponseProgress, ResponseRow } from '../store/response-row.ts';

/** An answer as it is now. */
export interface FoundTurn extends KeptTurn {
  readonly progress: ResponseProgress;
}

/** One answer of a workspace, to be kept. */
export interface AnswerToKeep {
  readonly id: string;
  readonly previousId: string | null;
  readonly turn: KeptTurn;
}

export interface KeptResponses {
  /** Keeps an answer; it is durable when this resolves. */
  save(workspaceId: string, answer: AnswerToKeep): Promise<void>;
  /** Keeps an answer that this gateway (node) begins to make in the background; it is durable when this resolves. */
  begin(workspaceId: string, answer: AnswerToKeep, nodeId: string): Promise<void>;
  /** Puts what it has become in its place, once. `cancelled`: it was not wanted any more; `gone`: it was deleted, or its gateway was taken for dead. */
  end(workspaceId: string, answer: Pick<AnswerToKeep, 'id' | 'turn'>, nodeId: string): Promise<'kept' | 'cancelled' | 'gone'>;
  /** Says that an answer made in the background is not wanted any more; false when none is open. */
  cancel(workspaceId: string, id: string): Promise<boolean>;
  /** The answers this gateway (node) has begun and not ended. */
  listOpen(nodeId: string): Promise<OpenResponse[]>;
  /** Null when there is none, it has expired, or it is another workspace's. */
  find(workspaceId: string, id: string): Promise<FoundTurn | null>;
  /**
   * An answer and all before it, the oldest first. Refuses with response_not_found when one of them can't be found, and with invalid_request
   * when the last has not ended well.
   */
  history(workspaceId: string, id: string): Promise<KeptTurn[]>;
  /** False when this workspace has no such answer. */
  remove(workspaceId: string, id: string): Promise<boolean>;
  /** Seals what was thought, for callers of this workspace to keep. */
  sealThoughts(workspaceId: string, thoughts: Thoughts): string;
  /** Opens what `sealThoughts` gave for the same workspace; null for anything else. */
  openThoughts(workspaceId: string, sealed: string): Thoughts | null;
  /** Deletes what has expired; gives how many. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

export interface KeptResponsesParts {
  readonly store: ResponseCalls;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'responseRetentionMs' | 'responseSweepMs' | 'responseChainMax'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Makes what one gateway keeps, and sweeps it every `responseSweepMs`. */
export function createKeptResponses({ store, vault, clock, limits, log }: KeptResponsesParts): KeptResponses {
  let sweeping: Promise<number> | null = null;
  const sweep = (): Promise<number> => sweeping ??= sweepOnce(store, clock).finally(() => { sweeping = null; });
  const stop = clock.every(limits.responseSweepMs, () => {
    sweep().catch((error: unknown) => { log.warn({ error }, 'responses could not be swept'); });
  });
  const open = (row: FoundResponse): FoundTurn => asItIs(row, readTurn(vault.open(row, placeOf(row))));
  const insert = (workspaceId: string, { id, previousId, turn }: AnswerToKeep, openNode: string | null): Promise<void> => {
    const nowMs = clock.now();
    const sealed = vault.seal(writeTurn(turn), placeOf({ workspaceId, id }));
    return store.insertResponse({ id, workspaceId, previousId, ...sealed, createdMs: nowMs, expiresMs: nowMs + limits.responseRetentionMs, openNode });
  };
  return {
    save: (workspaceId, answer) => insert(workspaceId, answer, null),
    begin: (workspaceId, answer, nodeId) => insert(workspaceId, answer, nodeId).catch(asStoreRefusal),
    async end(workspaceId, { id, turn }, openNode) {
      const ended = await store.endResponse({ id, workspaceId, ...vault.seal(writeTurn(turn), placeOf({ workspaceId, id })), openNode });
      return ended ?? 'gone';
    },
    cancel: (workspaceId, id) => store.cancelResponse(workspaceId, id, clock.now()).catch(asStoreRefusal),
    listOpen: (nodeId) => store.listOpenResponses(nodeId),
    async find(workspaceId, id) {
      const row = await store.findResponse(workspaceId, id, clock.now()).catch(asStoreRefusal);
      return row && open(row);
    },
    async history(workspaceId, id) {
      const rows = await store.listResponseChain({ workspaceId, id, nowMs: clock.now(), max: limits.responseChainMax }).catch(asStoreRefusal);
      const first = rows.at(-1) ?? fail('response_not_found', { param: PREVIOUS });
      if (first.previousId !== null) refuseBroken(rows.length >= limits.responseChainMax);
      const turns = rows.reverse().map(open);
      refuseUnended(turns.at(-1)?.resource['status']);
      return turns;
    },
    remove: (workspaceId, id) => store.deleteResponse(workspaceId, id, clock.now()).catch(asStoreRefusal),
    sealThoughts: (workspaceId, thoughts) => pack(vault.seal(writeThoughts(thoughts), thoughtsPlace(workspaceId))),
    openThoughts(workspaceId, sealed) {
      const packed = unpack(sealed);
      try {
        return packed && readThoughts(parseJson(vault.open(packed, thoughtsPlace(workspaceId))));
      } catch {
        // Another workspace's, another installation's, or changed on the way: none of ours.
        return null;
      }
    },
    sweep,
    async close() {
      stop();
      await sweeping?.catch(() => undefined);
    },
  };
}

const PREVIOUS = 'previous_response_id';

function refuseBroken(isTooLong: boolean): never {
  if (isTooLong) fail('invalid_request', { param: PREVIOUS, message: 'This conversation has too many answers to be followed. Begin a new one with what matters of it.' });
  return fail('response_not_found', { param: PREVIOUS, message: 'An answer earlier in this conversation was deleted or has expired.' });
}

function refuseUnended(status: unknown): void {
  if (status === 'completed' || status === 'incomplete' || status === undefined) return;
  const why = status === 'in_progress' ? 'is still being made' : status === 'cancelled' ? 'was cancelled' : 'has failed';
  fail('invalid_request', { param: PREVIOUS, message: `The answer before this one ${why}: it can't be followed.` });
}

/** What was written when an answer was begun says nothing of what has become of it since. */
function asItIs({ progress, isCancelled }: FoundResponse, turn: KeptTurn): FoundTurn {
  if (isCancelled) return { ...turn, progress, resource: { ...turn.resource, status: 'cancelled', completed_at: null, error: null, incomplete_details: null } };
  if (progress !== 'lost') return { ...turn, progress };
  return { ...turn, progress, resource: { ...turn.resource, status: 'failed', error: { code: 'server_error', message: LOST } } };
}

const LOST = 'The gateway that made this answer stopped before it had ended. Ask again.';

function placeOf({ workspaceId, id }: Pick<ResponseRow, 'workspaceId' | 'id'>): string {
  return `response/${workspaceId}/${id}`;
}

function thoughtsPlace(workspaceId: string): string {
  return `thoughts/${workspaceId}`;
}

type Sealed = ReturnType<Vault['seal']>;

const FORM = 'gw1';

/** An envelope as text without a space or a quote. */
function pack({ kekId, wrappedKey, iv, ciphertext, tag }: Sealed): string {
  return [FORM, ...[Buffer.from(kekId, 'utf8'), wrappedKey, iv, ciphertext, tag].map((bytes) => Buffer.from(bytes).toString('base64url'))].join('.');
}

function unpack(text: string): Sealed | null {
  const [form, ...parts] = text.split('.');
  const [kekId, wrappedKey, iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (form !== FORM || !kekId || !wrappedKey || !iv || !ciphertext || !tag) return null;
  return { kekId: kekId.toString('utf8'), wrappedKey, iv, ciphertext, tag };
}

async function sweepOnce(store: ResponseCalls, clock: Clock): Promise<number> {
  let count = 0;
  for (;;) {
    const expired = await store.expireResponses(clock.now());
    if (expired === 0) return count;
    count += expired;
  }
}
