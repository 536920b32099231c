/** This file shows which process is taken for gone: one that has ended, or whose number another one has by now. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readHostFacts } from './node-process.ts';

const host = readHostFacts();
const children: ChildProcess[] = [];
afterAll(() => { for (const child of children) child.kill('SIGKILL'); });

describe('the process of a gateway', () => {
  test('it lives, and knows itself', () => {
    expect(host.isGone(host)).toBe(false);
    expect(host.pid).toBe(process.pid);
    expect(host.host).not.toBe('');
  });

  test('one that was killed is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    children.push(child);
    await once(child, 'spawn');
    const node = { ...host, pid: child.pid ?? 0, started: '' };
    expect(host.isGone(node)).toBe(false);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(host.isGone(node)).toBe(true);
  });

  test('on another host nobody can know', () => {
    expect(host.isGone({ host: 'elsewhere', pid: 2 ** 22 + 1, started: '1' })).toBe(false);
    expect(host.isGone({ host: host.host, pid: 2 ** 22 + 1, started: '1' })).toBe(true);
  });

  const onLinux = existsSync('/proc/self/stat') ? test : test.skip;
  onLinux('another process with the same number is not the same gateway', () => {
    expect(host.started).toMatch(/^\d+$/);
    expect(host.isGone({ ...host, started: `${host.started}0` })).toBe(true);
  });

  onLinux('one that has ended and was not yet asked about by its parent is gone', async () => {
    // A process that starts another one, tells its number, and never asks about it.
    const parent = spawn('sh', ['-c', '(read line <&3) & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    children.push(parent);
    const [told] = await once(parent.stdout ?? process.stdin, 'data') as [Buffer];
    const pid = Number(told.toString().trim());
    const deadline = performance.now() + 3000;
    // A shell would ask; what it has become by then does not.
    while (readFileSync(`/proc/${parent.pid ?? 0}/comm`, 'utf8') !== 'sleep\n' && performance.now() < deadline) await new Promise(setImmediate);
    const line = parent.stdio[3];
    if (line && 'write' in line) line.end('\n');
    while (!host.isGone({ ...host, pid, started: '' }) && performance.now() < deadline) await new Promise(setImmediate);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(host.isGone({ ...host, pid, started: '' })).toBe(true);
  });
});
