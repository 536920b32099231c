/** This file is the process that counts tokens: it holds the tokenizer, answers one list of texts at a time, and ends with its gateway. */
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { countTexts } from './count.ts';

// Without this, text that spells a control token such as <|endoftext|> throws.
const options = { disallowedSpecial: new Set<string>() };

// Install imports this file too, to warm the compile cache; only as a program does it do anything.
if (import.meta.main) {
  process.on('message', (texts) => {
    if (isTexts(texts)) process.send?.(countTexts(texts, (piece) => countTokens(piece, options)));
  });
  process.on('disconnect', () => { process.exit(0); });
  // Terminals and service managers signal the whole group, but a draining gateway still has rows to count.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
}

function isTexts(message: unknown): message is string[] {
  return Array.isArray(message) && message.every((text) => typeof text === 'string');
}
