/** This file tests the contract's list of abnormal ends: what stands in the table for people is what stands in the list for programs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { abnormalEnds } from '../../generated/abnormal-ends.ts';
import { operations } from '../../generated/operations.ts';
import { renderAbnormalEnds, renderTable } from './abnormal-ends.ts';
import { listOperations } from './contract.ts';
import type { AbnormalEnd, Contract } from './contract.ts';

const contract = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../generated/openapi.json'), 'utf8')) as Contract;
const counted = listOperations(contract).filter(({ operation }) => operation['x-meter'] !== 'none').map(({ operation }) => operation);

/** The contract with another list. */
function withEnds(ends: AbnormalEnd[] | undefined): Contract {
  const changed = structuredClone(contract);
  for (const { operation } of listOperations(changed)) {
    delete operation['x-abnormal-ends'];
    if (ends && operation['x-meter'] !== 'none') operation['x-abnormal-ends'] = ends;
  }
  return changed;
}

const end: AbnormalEnd = { case: 'it_rains', when: 'It rains.', pays: 'nothing', outcome: 'ok', basis: 'none', why: 'It does.' };

describe('the list of abnormal ends', () => {
  test('stands as a table in the description of its operation, word for word', () => {
    expect(counted.length).toBeGreaterThan(0);
    for (const { description, 'x-abnormal-ends': ends } of counted) expect(description).toContain(`\n\n${renderTable(ends ?? [])}\n`);
  });

  test('is given for every operation that is counted, and for no other', () => {
    const ids = Object.entries(operations).filter(([, { meter }]) => meter !== 'none').map(([id]) => id);
    expect(Object.keys(abnormalEnds)).toEqual(ids);
    const listed = listOperations(contract).filter(({ operation }) => operation['x-abnormal-ends']).map(({ operation }) => operation.operationId);
    expect(listed).toEqual(ids);
  });

  test('knows outcomes and bases of the contract only', () => {
    const known = (name: string): unknown[] => contract.components.schemas[name]?.enum ?? [];
    for (const { 'x-abnormal-ends': ends = [] } of counted) {
      for (const { case: name, outcome, basis } of ends) {
        expect([name, ['refund', 'expired'].includes(outcome ?? '')]).toEqual([name, false]);
        expect([null, ...known('Outcome')]).toContain(outcome);
        expect(known('UsageBasis')).toContain(basis);
      }
    }
  });

  test('never lets a caller pay where nothing is known of the usage, nor go free where it is', () => {
    for (const { 'x-abnormal-ends': ends = [] } of counted) {
      for (const { case: name, pays, basis } of ends) expect([name, pays === 'nothing']).toEqual([name, basis === 'none']);
    }
  });
});

describe('the generator refuses', () => {
  test.each([
    ['a counted operation without a list', undefined, /needs x-abnormal-ends/],
    ['an empty list', [], /needs x-abnormal-ends/],
    ['a case that stands there twice', [end, end], /names the abnormal end it_rains twice/],
    ['a payment nobody knows', [{ ...end, pays: 'double' }], /nobody can pay double/],
  ])('%s', (_, ends, message) => {
    expect(() => renderAbnormalEnds(withEnds(ends))).toThrow(message);
  });

  test('and writes what it takes', () => {
    expect(renderAbnormalEnds(withEnds([{ ...end, outcome: null }]))).toContain(`    it_rains: { pays: 'nothing', outcome: null, basis: 'none', when: "It rains.", why: "It does." },`);
  });
});
