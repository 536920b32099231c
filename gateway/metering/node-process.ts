/** This file asks the operating system who this process is, and whether another one on the same host still lives. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import type { NodeRow } from '../store/node-row.ts';

/** The process of a gateway, as others on its host can recognise it. */
export interface HostFacts extends Pick<NodeRow, 'host' | 'pid' | 'started'> {
  /** True when that gateway ran on this host and its process is gone; false when it lives, or can't be known from here. */
  isGone(node: Pick<NodeRow, 'host' | 'pid' | 'started'>): boolean;
}

/** Of /proc/<pid>/stat, counted from what follows the name of the program: proc_pid_stat(5), fields 3 and 22. */
const STATE_FIELD = 0;
const START_FIELD = 19;
/** Ended, and not yet asked about by its parent. */
const DEAD_STATES = 'ZXx';

interface ProcessState {
  readonly isDead: boolean;
  /** When it started, in clock ticks since the machine did. */
  readonly started: string;
}

/** The facts of this process. Only Linux tells when a process started; elsewhere a process that lives is taken for the one it was. */
export function readHostFacts(): HostFacts {
  const parts = [hostname(), read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')), read(() => readlinkSync('/proc/self/ns/pid'))];
  const host = parts.map((part) => part.trim()).filter((part) => part !== '').join(' ');
  return {
    host,
    pid: process.pid,
    started: readProcess(process.pid)?.started ?? '',
    isGone: (node) => node.host === host && isProcessGone(node),
  };
}

function isProcessGone({ pid, started }: Pick<NodeRow, 'pid' | 'started'>): boolean {
  if (!canBeSignalled(pid)) return true;
  const state = readProcess(pid);
  return state !== null && (state.isDead || (started !== '' && state.started !== started));
}

function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    // EPERM: it lives, and belongs to somebody else.
    return !(typeof failure === 'object' && failure !== null && 'code' in failure && failure.code === 'ESRCH');
  }
}

function readProcess(pid: number): ProcessState | null {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name of the program is in parentheses, and may hold some itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE_FIELD];
  const started = fields[START_FIELD];
  return state === undefined || started === undefined ? null : { isDead: DEAD_STATES.includes(state), started };
}

/** What can't be read is not there on this system. */
function read(from: () => string): string {
  try {
    return from();
  } catch {
    return '';
  }
}
