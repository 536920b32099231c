/** This file puts generated text on disk and compares what is there with what should be. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Folders in which the generator owns every file, so that one it no longer writes is removed. */
const WHOLE_FOLDERS = ['client'];

export function writeText(out: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(out, name)), { recursive: true });
  writeFileSync(path.join(out, name), text.endsWith('\n') ? text : `${text}\n`);
}

export function writeJson(out: string, name: string, value: unknown): void {
  writeText(out, name, JSON.stringify(value, null, 2));
}

/** Names the files that are missing, different or left over in `target`, in order. */
export function findStale(out: string, target: string): string[] {
  const changed = listFiles(out).filter((file) => !isSame(path.join(out, file), path.join(target, file)));
  return [...changed, ...findLeftOver(out, target)].sort();
}

/** Writes what has changed to `target` and removes what is left over. */
export function publish(out: string, target: string): void {
  for (const file of findStale(out, target)) {
    const source = path.join(out, file);
    if (existsSync(source)) copyInto(source, path.join(target, file));
    else rmSync(path.join(target, file));
  }
}

function copyInto(source: string, destination: string): void {
  mkdirSync(path.dirname(destination), { recursive: true });
  copyFileSync(source, destination);
}

function findLeftOver(out: string, target: string): string[] {
  return WHOLE_FOLDERS.flatMap((folder) => listFiles(path.join(target, folder)).map((file) => path.join(folder, file)))
    .filter((file) => !existsSync(path.join(out, file)));
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

function isSame(left: string, right: string): boolean {
  return existsSync(right) && readFileSync(left).equals(readFileSync(right));
}
