/** This file finds the code of the README that promises to work, and the output it promises. */
import { readFileSync } from 'node:fs';

export interface ReadmeBlock {
  readonly language: 'sh' | 'js' | 'python';
  readonly code: string;
  /** A part of what the code prints. */
  readonly prints: string;
}

const MARKED = /<!-- tested: prints (.+) -->\n```(\w+)\n([\s\S]*?)```/g;
const BASE_URL = 'http://127.0.0.1:3457';

/** The blocks marked `<!-- tested: prints … -->`, aimed at another server than the default one. */
export function readReadmeBlocks(url: string): ReadmeBlock[] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(MARKED)].map(([, prints = '', language = '', code = '']) => {
    if (language !== 'sh' && language !== 'js' && language !== 'python') throw new Error(`the README has a tested block of ${language}`);
    if (!code.includes(BASE_URL)) throw new Error(`the README has a tested block that does not speak to ${BASE_URL}`);
    return { language, code: code.replaceAll(BASE_URL, url), prints };
  });
}
