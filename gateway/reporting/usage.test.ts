import { describe, expect, test } from '@jest/globals';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { listUsage } from './usage.ts';

const filter = { workspaceId: 'ws_1', keyId: null, userId: null, model: null, fromMs: null, toMs: null };

describe('503', () => {
  test('usage that can not be read now is no fault of ours', async () => {
    const gone = (): Promise<never> => Promise.reject(new StoreUnavailable('closed'));
    const store = { listUsage: gone, sumUsage: gone } as unknown as Store;
    await expect(listUsage(store, filter, { limit: 1, after: null })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
