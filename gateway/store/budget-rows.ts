/** This file builds budgets and stored provider keys from SQL rows; the same for every engine. */
import type { Budget, OwnKeyRef } from '../foundation/terms.ts';
import { readBigInt, readBytes, readInteger, readNumbers, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { SqlValue } from './sql-task.ts';
import type { ProviderKeyRow } from './store.ts';

/** Columns of budget, in the order of `budgetValues`. */
export const budgetColumns = [
  'id', 'ws_id', 'name', 'scope', 'scope_id', 'unit', 'amount', 'period', 'time_zone', 'hard', 'thresholds', 'rev', 'created_ms',
] as const;

/** What a query selects for `readBudget`: money is read as text. */
export const BUDGET_SELECTION = budgetColumns.map((column) => (column === 'amount' ? 'CAST(amount AS TEXT) AS amount' : column)).join(', ');

/** Columns of provider_key, in the order of `providerKeyValues`. */
export const providerKeyColumns = [
  'id', 'ws_id', 'provider', 'name', 'base_url', 'kek_id', 'wrapped_dek', 'iv', 'ct', 'tag', 'last4', 'rev', 'created_ms',
] as const;

/** Total over the unions, so that a new one which can't be read back does not compile. */
const scopeNames: { readonly [Name in Budget['scope']]: Name } = { key: 'key', member: 'member', workspace: 'workspace' };
const unitNames: { readonly [Name in Budget['unit']]: Name } = { nusd: 'nusd', msg: 'msg' };
const periodNames: { readonly [Name in Budget['period']]: Name } = { daily: 'daily', weekly: 'weekly', monthly: 'monthly', total: 'total' };
const scopes = Object.values(scopeNames);
const units = Object.values(unitNames);
const periods = Object.values(periodNames);

export function budgetValues(budget: Budget): SqlValue[] {
  return [
    budget.id, budget.workspaceId, budget.name, budget.scope, budget.scopeId, budget.unit, budget.amount, budget.period,
    budget.timeZone, budget.isHard ? 1 : 0, JSON.stringify(budget.thresholds), budget.revision, budget.createdMs,
  ];
}

export function readBudget(row: Row): Budget {
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    name: readText(row, 'name'),
    scope: readOneOf(row, 'scope', scopes),
    scopeId: readText(row, 'scope_id'),
    unit: readOneOf(row, 'unit', units),
    amount: readBigInt(row, 'amount'),
    period: readOneOf(row, 'period', periods),
    timeZone: readText(row, 'time_zone'),
    isHard: readInteger(row, 'hard') === 1,
    thresholds: readNumbers(row, 'thresholds'),
    revision: readInteger(row, 'rev'),
    createdMs: readInteger(row, 'created_ms'),
  };
}

export function providerKeyValues(key: ProviderKeyRow): SqlValue[] {
  return [
    key.id, key.workspaceId, key.provider, key.name, key.baseUrl, key.kekId, key.wrappedKey, key.iv, key.ciphertext, key.tag,
    key.last4, key.revision, key.createdMs,
  ];
}

export function readProviderKey(row: Row): ProviderKeyRow {
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    provider: readText(row, 'provider'),
    name: readText(row, 'name'),
    baseUrl: readTextOrNull(row, 'base_url'),
    kekId: readText(row, 'kek_id'),
    wrappedKey: readBytes(row, 'wrapped_dek'),
    iv: readBytes(row, 'iv'),
    ciphertext: readBytes(row, 'ct'),
    tag: readBytes(row, 'tag'),
    last4: readText(row, 'last4'),
    revision: readInteger(row, 'rev'),
    createdMs: readInteger(row, 'created_ms'),
  };
}

export function readOwnKey(row: Row): OwnKeyRef {
  return { id: readText(row, 'id'), provider: readText(row, 'provider'), revision: readInteger(row, 'rev') };
}
