/** This file keeps the provider keys of workspaces: tried before they are stored, sealed at rest, opened only to be used. */
import { fail } from '../foundation/errors.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Account, Caller } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Page, ProviderKeyRow, Store } from '../store/store.ts';
import type { Authenticator } from './authenticate.ts';
import type { Vault } from './vault.ts';

/** What keeping provider keys needs of the house. */
export interface ProviderKeyOffice {
  readonly store: Pick<Store, 'insertProviderKey' | 'findProviderKey' | 'listProviderKeys' | 'deleteProviderKey'>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly authenticator: Pick<Authenticator, 'noteChange'>;
  /** Why a base URL may not be used by a workspace; null when it may. */
  readonly faultOfUrl: (url: string) => string | null;
  /** Calls the provider once with the key. Throws a Refusal: provider_not_found, provider_key_rejected, or upstream_unreachable. */
  readonly tryKey: (wanted: { readonly provider: string; readonly key: string; readonly baseUrl: string | null }) => Promise<void>;
}

/** A key to be stored. */
export interface NewProviderKey {
  readonly provider: string;
  readonly key: string;
  readonly name: string;
  readonly baseUrl: string | null;
}

const LAST_LENGTH = 4;
/** A workspace has at most one for each provider. */
const KEYS_MAX = 10_000;
/** Credentials kept open for calls; each is some hundred bytes. */
const OPENED_MAX = 10_000;

/** Tries and stores a key. Refuses with unsafe_url, provider_not_found, provider_key_rejected, upstream_unreachable and provider_key_exists. */
export async function createProviderKey(office: ProviderKeyOffice, caller: Caller, wanted: NewProviderKey): Promise<ProviderKeyRow> {
  const fault = wanted.baseUrl === null ? null : office.faultOfUrl(wanted.baseUrl);
  if (fault !== null) fail('unsafe_url', { param: 'base_url', message: `The base URL can't be used: ${fault}.` });
  await refuseSecond(office, caller, wanted.provider);
  await office.tryKey(wanted);
  const id = office.makeId('pk');
  const sealed = office.vault.seal(wanted.key, placeOf(caller.workspaceId, wanted.provider, id));
  const row = await insert(office, caller, {
    id, workspaceId: caller.workspaceId, provider: wanted.provider, name: wanted.name, baseUrl: wanted.baseUrl, ...sealed,
    last4: wanted.key.slice(-LAST_LENGTH), revision: 0, createdMs: office.clock.now(),
  });
  office.authenticator.noteChange();
  return row;
}

/** Of two that are stored at once the store takes one. */
async function insert(office: ProviderKeyOffice, caller: Caller, row: ProviderKeyRow): Promise<ProviderKeyRow> {
  try {
    return await orUnavailable(office.store.insertProviderKey(row));
  } catch (failure) {
    await refuseSecond(office, caller, row.provider);
    throw failure;
  }
}

/** Refuses with provider_key_exists when the workspace has a key for the provider; asks the store, for what the caller carries may be a moment old. */
async function refuseSecond({ store }: ProviderKeyOffice, { workspaceId }: Caller, provider: string): Promise<void> {
  const keys = await orUnavailable(store.listProviderKeys(workspaceId, { limit: KEYS_MAX, after: null }));
  if (keys.some((key) => key.provider === provider)) fail('provider_key_exists', { param: 'provider' });
}

/** Lists the keys of the workspace, the newest first. */
export function listProviderKeys(office: ProviderKeyOffice, caller: Caller, page: Page): Promise<ProviderKeyRow[]> {
  return orUnavailable(office.store.listProviderKeys(caller.workspaceId, page));
}

/** Gives one key of the workspace. Refuses with provider_key_not_found. */
export async function retrieveProviderKey(office: ProviderKeyOffice, caller: Caller, id: string): Promise<ProviderKeyRow> {
  return await orUnavailable(office.store.findProviderKey(caller.workspaceId, id)) ?? fail('provider_key_not_found');
}

/** Forgets a key. Refuses with provider_key_not_found. */
export async function deleteProviderKey(office: ProviderKeyOffice, caller: Caller, id: string): Promise<void> {
  if (!await orUnavailable(office.store.deleteProviderKey(caller.workspaceId, id))) fail('provider_key_not_found');
  office.authenticator.noteChange();
}

/** A provider key, opened. */
export interface OpenedKey {
  readonly provider: string;
  /** Null: its envelope can't be opened, because the installation's key is another. */
  readonly key: string | null;
  readonly baseUrl: string | null;
}

/** Opens the keys of an account for its calls; those that were opened before are remembered by id and revision. */
export interface OwnKeys {
  open(account: Pick<Account, 'workspaceId' | 'ownKeys'>): readonly OpenedKey[] | Promise<readonly OpenedKey[]>;
}

const NONE: readonly OpenedKey[] = [];

export interface OwnKeysParts {
  readonly store: Pick<Store, 'findProviderKey'>;
  readonly vault: Vault;
  readonly log: Log;
}

export function createOwnKeys(parts: OwnKeysParts): OwnKeys {
  const opened = new Map<string, OpenedKey>();
  const load = async (account: Pick<Account, 'workspaceId'>, id: string, slot: string): Promise<OpenedKey | null> => {
    const row = await orUnavailable(parts.store.findProviderKey(account.workspaceId, id));
    if (!row) return null;
    const found = { provider: row.provider, key: openRow(parts, row), baseUrl: row.baseUrl };
    if (opened.size >= OPENED_MAX) opened.clear();
    opened.set(slot, found);
    return found;
  };
  return {
    open(account) {
      if (account.ownKeys.length === 0) return NONE;
      const slots = account.ownKeys.map(({ id, revision }) => ({ id, slot: `${id}@${revision}` }));
      const known = slots.flatMap(({ slot }) => opened.get(slot) ?? []);
      if (known.length === slots.length) return known;
      return Promise.all(slots.map(async ({ id, slot }) => opened.get(slot) ?? load(account, id, slot))).then((keys) => keys.filter((key) => key !== null));
    },
  };
}

/** Told to whom it is the operator's to mend; calls that need the key say so themselves. */
function openRow({ vault, log }: OwnKeysParts, row: ProviderKeyRow): string | null {
  try {
    return vault.open(row, placeOf(row.workspaceId, row.provider, row.id));
  } catch (error) {
    log.error({ error, provider_key: row.id, workspace: row.workspaceId }, 'a provider key can not be opened');
    return null;
  }
}

/** Where an envelope belongs: moved to another row, workspace or provider it does not open. */
function placeOf(workspaceId: string, provider: string, id: string): string {
  return `v1|${workspaceId}|${provider}|${id}`;
}
