/** This file writes files only their owner may read, whole or not at all, even across a crash. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;
const SUFFIX_BYTES = 6;

/**
 * Writes the file durably with mode 0600. With `keepExisting` a file that is there already stays as it is: the
 * result is false, and whoever came first has won.
 */
export function writePrivateFile(file: string, text: string, keepExisting: boolean): boolean {
  const temporary = `${file}.${randomBytes(SUFFIX_BYTES).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', OWNER_ONLY);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (keepExisting) linkSync(temporary, file);
    else renameSync(temporary, file);
    syncFolder(dirname(file));
    return true;
  } catch (failure) {
    if (keepExisting && hasCode(failure, 'EEXIST')) return false;
    throw failure;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Reads a file; null when there is none. */
export function readPrivateFile(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (failure) {
    if (hasCode(failure, 'ENOENT')) return null;
    throw failure;
  }
}

/** A new name in a folder is durable once the folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function hasCode(failure: unknown, code: string): boolean {
  return typeof failure === 'object' && failure !== null && 'code' in failure && failure.code === code;
}
