/** This file tells what a workspace has prepaid. */
import type { Balance } from '../../generated/client/types.gen.ts';
import { walletId } from '../foundation/ledger.ts';
import type { Account } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Store } from '../store/store.ts';

/** Gives the balance to the nano-USD, and what is set aside of it. A workspace nobody has credited has nothing. */
export async function readBalance(store: Pick<Store, 'readCounters'>, account: Pick<Account, 'workspaceId' | 'billing'>): Promise<Omit<Balance, 'topup'>> {
  const [wallet] = await orUnavailable(store.readCounters([walletId(account.workspaceId)]));
  const credited = wallet?.cap ?? 0n;
  const used = wallet?.used ?? 0n;
  const held = wallet?.held ?? 0n;
  return {
    object: 'balance',
    workspace: account.workspaceId,
    billing: account.billing,
    balance_nano_usd: String(credited - used),
    held_nano_usd: String(held),
    available_nano_usd: String(credited - used - held),
    credited_nano_usd: String(credited),
    charged_nano_usd: String(used),
    currency: 'usd',
  };
}
