/** This file keeps bytes as files named for their hash, in a folder of this machine or one that several share. */
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BlobMissing, asBlobFailure, checkHash, errorCode } from './blobs.ts';
import type { BlobStore } from './blobs.ts';

const PRIVATE_FOLDER = 0o700;
/** Files in one folder stay few: two digits of the hash name it. */
const SHARD_DIGITS = 2;
/** Read at once, in bytes. */
const READ_BYTES = 256 * 1024;

/** Makes a store in a folder, which is made when it is first needed. */
export function createFileBlobs(folder: string): BlobStore {
  const fileOf = (sha256: string): string => join(folder, checkHash(sha256).slice(0, SHARD_DIGITS), sha256);
  return {
    async put(draft) {
      try {
        await moveInto(draft.file, fileOf(draft.sha256));
      } catch (thrown) {
        throw asBlobFailure(thrown);
      }
    },
    async open(sha256, range) {
      const handle = await open(fileOf(sha256), 'r').catch((thrown: unknown) => {
        throw errorCode(thrown) === 'ENOENT' ? new BlobMissing(sha256, { cause: thrown }) : asBlobFailure(thrown);
      });
      return handle.createReadStream({ highWaterMark: READ_BYTES, ...range });
    },
    async remove(sha256) {
      await rm(fileOf(sha256), { force: true });
    },
    close: () => Promise.resolve(),
  };
}

/** The file appears whole or not at all, and its name survives a crash: a folder's entries are durable once the folder is synced. */
async function moveInto(draft: string, file: string): Promise<void> {
  const shard = dirname(file);
  const made = await mkdir(shard, { recursive: true, mode: PRIVATE_FOLDER });
  try {
    await rename(draft, file);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EXDEV') throw thrown;
    await copyAcross(draft, file);
  }
  await syncFolder(shard);
  if (made !== undefined) await syncFolder(dirname(shard));
}

/** The folder is on another disk than the drafts. */
async function copyAcross(draft: string, file: string): Promise<void> {
  const near = join(dirname(file), `.${basename(draft)}`);
  try {
    await copyFile(draft, near, constants.COPYFILE_EXCL);
    const handle = await open(near, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(near, file);
  } finally {
    await rm(near, { force: true });
    await rm(draft, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
