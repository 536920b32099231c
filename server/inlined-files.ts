/** This file refuses data URLs that are too long, before anybody copies, hashes or sends them on. */
import { fail } from '../gateway/foundation/errors.ts';
import { isJsonObject } from '../gateway/foundation/json-value.ts';

const MEGA = 1024 * 1024;

/** Refuses (413 body_too_large) the first string of a value that begins with `data:` and is longer than `bytesMax`; its path is the `param`. */
export function checkDataUrls(value: unknown, bytesMax: number): void {
  const left: { readonly path: string; readonly value: unknown }[] = [{ path: '', value }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, value: each } = next;
    if (typeof each === 'string') {
      if (each.length > bytesMax && each.startsWith('data:')) refuse(path, bytesMax);
    } else if (Array.isArray(each)) {
      for (const [index, item] of each.entries()) left.push({ path: join(path, String(index)), value: item });
    } else if (isJsonObject(each)) {
      for (const [name, item] of Object.entries(each)) left.push({ path: join(path, name), value: item });
    }
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function refuse(path: string, bytesMax: number): never {
  const most = bytesMax >= MEGA ? `${Math.floor(bytesMax / MEGA)} MB` : `${bytesMax} bytes`;
  fail('body_too_large', { param: path, message: `${path} is a data URL of more than ${most}. Send a smaller file, or an https:// address of it.` });
}
