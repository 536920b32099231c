/** This file shows that no stream reader and no dialect is left out of `npm run fuzz:streams`. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { DIALECT_FILES, VOICES } from './open-readers.ts';
import { startingStreams } from './starting-streams.ts';

const gateway = new URL('../../gateway/', import.meta.url).pathname;
/** What makes a reader or a dialect's stream: a class, or a function that says so. */
const MAKES_ONE = /implements (?:StreamReader|DialectStream)\b|\): (?:StreamReader|DialectStream) \{|\): Dialect \{/;
/** Kinds of call that have no streams. */
const NEVER_OPENED = ['providers/embeddings.ts'];

function sourcesOf(room: string): string[] {
  return readdirSync(`${gateway}${room}`).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).map((name) => `${room}/${name}`);
}

test('every file of a stream reader or of a dialect is followed', () => {
  const files = ['providers', 'dialects', 'relay'].flatMap(sourcesOf).filter((file) => MAKES_ONE.test(readFileSync(`${gateway}${file}`, 'utf8')));
  const followed = new Set([...Object.values(VOICES).flatMap((voice) => voice.files), ...Object.values(DIALECT_FILES).flat(), ...NEVER_OPENED]);
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !followed.has(file))).toEqual([]);
  expect([...followed].filter((file) => !sourcesOf(file.slice(0, file.indexOf('/'))).includes(file))).toEqual([]);
});

test('every reader has a good stream to begin with', () => {
  const speakers = new Set(startingStreams().map(({ speaker }) => speaker));
  expect([...speakers].sort()).toEqual(Object.keys(VOICES).sort());
});
