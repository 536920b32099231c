/** This file measures the CPU of processes a script has started, on Linux: what is left of a figure when others keep the machine busy. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MICRO = 1e6;
/** Clock ticks of the system, in which it counts the CPU of a process. */
const TICKS_PER_SECOND = 100;
const TICKS_AT = 11;

/** CPU of every process this one has started and of theirs, in µs. */
export function othersCpu(): number {
  let ticks = 0;
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => readStat(name));
  const own = new Set([String(process.pid)]);
  for (let grown = true; grown;) {
    grown = false;
    for (const stat of stats) {
      if (!stat || own.has(stat.pid) || !own.has(stat.parent)) continue;
      own.add(stat.pid);
      ticks += stat.ticks;
      grown = true;
    }
  }
  return ticks / TICKS_PER_SECOND * MICRO;
}

function readStat(pid: string): { pid: string; parent: string; ticks: number } | null {
  try {
    const fields = readFileSync(join('/proc', pid, 'stat'), 'utf8').replace(/^.*\) /, '').split(' ');
    return { pid, parent: fields[1] ?? '', ticks: Number(fields[TICKS_AT]) + Number(fields[TICKS_AT + 1]) };
  } catch {
    // It has ended meanwhile.
    return null;
  }
}
