import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Roster } from './roster.ts';
import type { Seat } from './roster.ts';

describe('Roster', () => {
  test('holds exactly those who joined and have not left, in whatever order they come and go', () => {
    fc.assert(fc.property(fc.array(fc.nat(20)), (steps) => {
      const roster = new Roster<number>();
      const seats = new Map<number, Seat<number>>();
      for (const item of steps) {
        const seat = seats.get(item);
        if (seat) {
          roster.leave(seat);
          roster.leave(seat);
          seats.delete(item);
        } else {
          seats.set(item, roster.join(item));
        }
        expect(roster.present().sort()).toEqual([...seats.keys()].sort());
        expect(roster.size).toBe(seats.size);
      }
    }));
  });

  test('everybody has left a cleared roster', () => {
    const roster = new Roster<string>();
    const seat = roster.join('a');
    roster.clear();
    roster.join('b');
    roster.leave(seat);
    expect(roster.present()).toEqual(['b']);
  });
});
