/** This file tests that the examples of the contract tell one story: sums add up, receipts verify, lists name their first and last. */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type {
  Balance, Budget, BudgetList, LedgerList, LimitList, MessageSteps, Model, Receipt, ReceiptKeySet, Topup, UsageList,
} from '../../generated/client/types.gen.ts';
import { listOperations, pick } from './contract.ts';
import type { Contract } from './contract.ts';

const contract = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../generated/openapi.json'), 'utf8')) as Contract;
const located = listOperations(contract);

/** The examples of an operation's first successful reply. */
function examplesOf(operationId: string): unknown[] {
  const { operation } = located.find((one) => one.operation.operationId === operationId) ?? { operation: null };
  const reply = Object.entries(operation?.responses ?? {}).find(([status]) => status.startsWith('2'))?.[1];
  const examples = Object.values(reply?.content ?? {}).flatMap((media) => Object.values(media.examples ?? {}));
  if (examples.length === 0) throw new Error(`${operationId} has no example of a reply`);
  return examples.map(({ value }) => value);
}

function stepsAddUp({ prompt_tokens: prompt, completion_tokens: completion, cached_prompt_tokens: cached, ...steps }: MessageSteps): void {
  const discount = Math.floor(cached * 0.5);
  const input = Math.max(0, prompt - discount);
  expect(steps).toEqual({ cached_discount: discount, effective_input: input, counted_messages: Math.max(1, Math.ceil((input + completion) / 16_000)) });
}

describe('the message formula', () => {
  const examples = ((contract.components.schemas['MessageSteps'] as { examples?: MessageSteps[] } | undefined)?.examples) ?? [];

  test('has the two examples everybody computes first: (10, 5, 0) is 1 and (19000, 3000, 4000) is 2', () => {
    const all = [...examples, ...(examplesOf('retrieveRequest') as Receipt[]).map(({ messages }) => messages)];
    const told = (prompt: number, completion: number, cached: number): number[] => all
      .filter((one) => one.prompt_tokens === prompt && one.completion_tokens === completion && one.cached_prompt_tokens === cached)
      .map((one) => one.counted_messages);
    expect(told(10, 5, 0)).toEqual([1, 1]);
    expect(told(19_000, 3000, 4000)).toEqual([2, 2]);
  });

  test('gives every number of its examples', () => {
    for (const example of examples) stepsAddUp(example);
  });
});

describe('receipts', () => {
  const receipts = examplesOf('retrieveRequest') as Receipt[];

  test('cost what their tokens and rates give, rounded up once', () => {
    for (const { tokens, price, messages, cost_nano_usd: cost } of receipts) {
      stepsAddUp(messages);
      expect(tokens.fresh + tokens.cached + tokens.cache_write).toBe(tokens.prompt);
      const { rates } = price;
      if (!rates) throw new Error('an example needs its rates');
      const kinds: [number, string | null][] = [
        [tokens.fresh, rates.input], [tokens.cached, rates.cache_read ?? rates.input], [tokens.cache_write, rates.cache_write ?? rates.input],
        [tokens.completion - tokens.reasoning, rates.output], [tokens.reasoning, rates.reasoning ?? rates.output],
      ];
      const total = kinds.reduce((sum, [count, rate]) => sum + BigInt(count) * BigInt(rate ?? '0'), 0n);
      expect(cost).toBe(String((total + 999_999n) / 1_000_000n));
    }
  });

  test('have the rates at which the model of that name is listed', () => {
    const models = examplesOf('retrieveModel') as Model[];
    for (const { model, price } of receipts) {
      const { version, input, output, cache_read } = models.find(({ id }) => id === model)?.pricing ?? {};
      expect(price).toMatchObject({ version, rates: { input, output, cache_read } });
    }
  });

  test('charge the balance where it pays, and no money where the plan does', () => {
    expect(receipts.map(({ payer }) => payer).sort()).toEqual(['balance', 'plan']);
    for (const { id, payer, charged_nano_usd: charged, messages, lines, transfers } of receipts) {
      const moved = transfers.find((transfer) => transfer.id === `u:${id}`)?.amount_nano_usd ?? '0';
      expect(String(-BigInt(moved))).toBe(charged);
      const wallet = lines.find(({ counter }) => counter.startsWith('w:'))?.amount ?? '0';
      expect(wallet).toBe(charged);
      const quota = lines.find(({ counter }) => counter.startsWith('q:'))?.amount ?? '0';
      expect(quota).toBe(payer === 'plan' ? String(messages.counted_messages) : '0');
    }
  });

  test('are signed by the key of the examples', () => {
    const [set] = examplesOf('listReceiptKeys') as [ReceiptKeySet];
    for (const { jws, ...receipt } of receipts) {
      const [header = '', payload = '', signature = ''] = jws.split('.');
      const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
      const jwk = set.keys.find((one) => one.kid === kid);
      if (!jwk) throw new Error(`no key ${kid}`);
      const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
      expect(verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual(receipt);
    }
  });
});

describe('money', () => {
  const [ledger] = examplesOf('listLedger') as [LedgerList];

  test('in the ledger, in the statement and in the balance is the same', () => {
    const moving = ledger.data.filter(({ debit_account: debit, credit_account: credit }) => debit.startsWith('w:') || credit.startsWith('w:'));
    const sum = moving.reduce((total, { amount_nano_usd: amount }) => total + BigInt(amount), 0n);
    const [statement] = examplesOf('getStatement') as [string];
    const [head, ...lines] = statement.trimEnd().split('\r\n').map((line) => line.split(','));
    expect(head).toEqual(['id', 'time', 'kind', 'amount_usd', 'balance_usd', 'reference', 'note']);
    expect(lines.map(([id]) => id)).toEqual(ledger.data.map(({ id }) => id).toReversed());
    expect(BigInt(Math.round(Number(lines.at(-1)?.[4]) * 1e9))).toBe(sum);
    for (const balance of examplesOf('retrieveBalance') as Balance[]) {
      expect(balance.balance_nano_usd).toBe(String(sum));
      expect(BigInt(balance.credited_nano_usd) - BigInt(balance.charged_nano_usd)).toBe(sum);
      expect(BigInt(balance.available_nano_usd) + BigInt(balance.held_nano_usd)).toBe(sum);
    }
  });

  test('that is paid for a top-up is what is credited and the fee of the terms', () => {
    const [{ topup: terms }] = examplesOf('retrieveBalance') as [Balance];
    const [topup] = examplesOf('createTopup') as [Topup];
    const [pays, fee, credits] = [topup.pays_nano_usd, topup.fee_nano_usd, topup.credits_nano_usd].map(BigInt);
    expect(pays).toBe((fee ?? 0n) + (credits ?? 0n));
    expect(fee).toBe((credits ?? 0n) * BigInt(terms?.fee_basis_points ?? 0) / 10_000n);
    expect(ledger.data.filter(({ reference }) => reference === topup.id).map(({ amount_nano_usd: amount }) => amount).sort()).toEqual([topup.credits_nano_usd, topup.fee_nano_usd].sort());
  });
});

describe('limits', () => {
  test('have left what is neither used nor held', () => {
    for (const { data } of examplesOf('listLimits') as LimitList[]) {
      for (const { limit, used, held, remaining } of data) expect(remaining).toBe(limit === null ? null : String(BigInt(limit) - BigInt(used) - BigInt(held)));
    }
    const budgets = ['createBudget', 'retrieveBudget', 'updateBudget'].flatMap(examplesOf) as Budget[];
    for (const { amount, used, held, remaining, thresholds, thresholds_reached: reached } of [...budgets, ...(examplesOf('listBudgets') as BudgetList[]).flatMap(({ data }) => data)]) {
      expect(remaining).toBe(String(BigInt(amount) - BigInt(used) - BigInt(held)));
      expect(reached).toEqual(thresholds.filter((percent) => BigInt(used) * 100n >= BigInt(amount) * BigInt(percent)));
    }
  });
});

describe('lists', () => {
  const lists = located.filter(({ parameters }) => parameters.some(({ name }) => name === 'after')).map(({ operation }) => operation.operationId);

  test.each(lists)('%s: the page names its first and its last', (operationId) => {
    for (const { data, first_id: first, last_id: last } of examplesOf(operationId) as UsageList[]) {
      const ids = data.map((item) => idOf(item));
      expect([first, last]).toEqual([ids[0], ids.at(-1)]);
    }
  });
});

/** What a page goes by: the id, a member's user, an entry's model. */
function idOf(item: object): unknown {
  const { id, user, model } = item as { id?: string; user?: string; model?: { id: string } };
  return id ?? user ?? model?.id;
}

describe('every operation', () => {
  const keyed = located.filter(({ operation }) => operation['x-scope'] !== 'none');

  test('with a key takes x-writingmate-workspace', () => {
    const without = keyed.filter(({ parameters }) => !parameters.some(({ name }) => name === 'x-writingmate-workspace'));
    expect(without.map(({ operation }) => operation.operationId)).toEqual([]);
  });

  test('that is counted takes Idempotency-Key and says what went wrong with it', () => {
    for (const { operation, parameters } of keyed.filter((one) => one.operation['x-meter'] !== 'none')) {
      expect(parameters.map(({ name }) => name)).toContain('idempotency-key');
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['402', '409', '422', '429']));
      expect(Object.keys(pick(operation.responses as Record<string, { headers?: object }>, '200').headers ?? {})).toEqual(expect.arrayContaining(['idempotency-replayed', 'x-ratelimit-limit-requests']));
    }
  });

  test('under /admin, and no other, is for operators, whatever their role', () => {
    for (const { path: template, operation } of located) {
      expect([operation.operationId, operation['x-scope'] === 'operator']).toEqual([operation.operationId, template.startsWith('/admin/')]);
      if (operation['x-scope'] === 'operator' || operation['x-scope'] === 'none') expect(operation['x-roles']).toBeUndefined();
    }
  });

  test('with roles names each of them once, the most powerful first', () => {
    for (const { operation: { 'x-roles': roles = [] } } of located) {
      expect(roles).toEqual(['owner', 'admin', 'member', 'billing'].filter((role) => roles.includes(role)));
      expect(roles.length).toBeLessThan(4);
    }
  });
});
