/** This file checks the formulas of messages and charges against independent ones, over millions of random calls: `npm run formula`. */
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { toNanoUsd } from '../gateway/foundation/money.ts';
import type { Price } from '../gateway/foundation/prices.ts';
import type { Usage } from '../gateway/foundation/terms.ts';
import { countMessages } from '../gateway/metering/messages.ts';
import { priceUsage } from '../gateway/metering/price.ts';

const DIFFERENCES_SHOWN_MAX = 10;
const TOKENS_PER_MESSAGE = 16_000;
/** SQLite is asked for every so manieth of them. */
const SQL_STRIDE = 20;

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } } });
const count = Number(values.count);
const seed = Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) throw new Error('--count and --seed are whole numbers, --count at least 1');

interface Triple {
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
}

/** The same numbers for the same seed: xorshift128, 32 bits at a time. */
function createRandom(from: number): (below: number) => number {
  let [a, b, c, d] = [from | 0, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
  const next = (): number => {
    const t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
  for (let skipped = 0; skipped < 64; skipped++) next();
  return (below) => Number((BigInt(next()) << 32n | BigInt(next())) % BigInt(below));
}

/** Small and huge numbers, and those next to a whole number of messages, where rounding shows. */
function draw(random: (below: number) => number): number {
  switch (random(8)) {
    case 0: return random(4);
    case 1: return random(200);
    case 2:
    case 3: return random(40_000);
    case 4: return random(2_000_000);
    case 5: return random(10 ** 12);
    default: return Math.max(0, random(20) * TOKENS_PER_MESSAGE + random(7) - 3);
  }
}

/** The formula of the contract, read literally, in fractions of unbounded integers: max(1, ceil((max(0, p - floor(k × 0.5)) + c) / 16000)). */
function literalMessages({ prompt, cached, completion }: Triple): bigint {
  const half = BigInt(cached) * 5n;
  const discount = (half - half % 10n) / 10n;
  const input = BigInt(prompt) - discount;
  const tokens = (input < 0n ? 0n : input) + BigInt(completion);
  let messages = tokens / 16_000n;
  if (messages * 16_000n < tokens) messages++;
  return messages < 1n ? 1n : messages;
}

/** A charge as a sum of single rows in millionths of a nano-USD, rounded up by what is missing to the next whole. */
function literalCharge(usage: Usage, price: Price): bigint {
  let rates: Omit<Price, 'version'> = price;
  for (const long of price.longPrompts ?? []) if (usage.promptTokens > long.abovePromptTokens) rates = long;
  let millionths = 0n;
  const add = (tokens: number, rate: bigint): void => { millionths += BigInt(tokens) * rate; };
  add(usage.promptTokens - usage.cachedTokens - usage.cacheWriteTokens, rates.input);
  add(usage.cachedTokens, rates.cacheRead ?? rates.input);
  add(usage.cacheWriteTokens, rates.cacheWrite ?? rates.input);
  add(usage.completionTokens - usage.reasoningTokens, rates.output);
  add(usage.reasoningTokens, rates.reasoning ?? rates.output);
  const rest = millionths % 1_000_000n;
  return rest === 0n ? millionths / 1_000_000n : (millionths + (1_000_000n - rest)) / 1_000_000n;
}

function drawPrice(random: (below: number) => number): Price {
  const rate = (): Price['input'] => toNanoUsd(random(100_000_000_000));
  const maybe = <Name extends string>(name: Name): { [Key in Name]?: Price['input'] } | object => random(2) === 0 ? {} : { [name]: rate() };
  const rates = { input: rate(), output: rate(), ...maybe('cacheRead'), ...maybe('cacheWrite'), ...maybe('reasoning') };
  if (random(2) === 0) return { version: 'random', ...rates };
  return { version: 'random', ...rates, longPrompts: [{ abovePromptTokens: random(40_000), input: rate(), output: rate(), ...maybe('reasoning') }] };
}

/** The formula as it stands in SQL, where the ledger is checked. */
function createSqlMessages(): (triple: Triple) => bigint {
  const database = new DatabaseSync(':memory:');
  const statement = database.prepare('SELECT MAX(1, (MAX(0, :p - :k / 2) + :c + 15999) / 16000) AS messages');
  statement.setReadBigInts(true);
  return ({ prompt, cached, completion }) => {
    // A number would be bound as REAL, and divided as one.
    const messages = statement.get({ p: BigInt(prompt), k: BigInt(cached), c: BigInt(completion) })?.['messages'];
    if (typeof messages !== 'bigint') throw new Error('SQLite gave no whole number');
    return messages;
  };
}

function main(): void {
  const random = createRandom(seed);
  const sqlMessages = createSqlMessages();
  const differences: string[] = [];
  let price = drawPrice(random);
  let inSql = 0;
  const startedAt = performance.now();
  for (let index = 0; index < count; index++) {
    const triple: Triple = { prompt: draw(random), cached: draw(random), completion: draw(random) };
    const expected = literalMessages(triple);
    const counted = BigInt(countMessages({ promptTokens: triple.prompt, cachedTokens: triple.cached, completionTokens: triple.completion }));
    if (counted !== expected) differences.push(`messages of ${JSON.stringify(triple)}: ${counted}, not ${expected}`);
    if (index % SQL_STRIDE === 0) {
      inSql++;
      price = drawPrice(random);
      if (sqlMessages(triple) !== expected) differences.push(`messages of ${JSON.stringify(triple)} in SQL: ${sqlMessages(triple)}, not ${expected}`);
    }
    const cachedTokens = Math.min(triple.cached, triple.prompt);
    const usage: Usage = {
      promptTokens: triple.prompt, cachedTokens, cacheWriteTokens: random(triple.prompt - cachedTokens + 1), completionTokens: triple.completion, reasoningTokens: random(triple.completion + 1),
    };
    const charged = priceUsage(usage, price).nanoUsd;
    if (charged !== literalCharge(usage, price)) differences.push(`charge of ${JSON.stringify(usage)}: ${charged}, not ${literalCharge(usage, price)}`);
  }
  console.log(`${count} random calls with seed ${seed}, ${inSql} of them in SQL too, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  console.log(`differences ${differences.length}`);
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN_MAX)) console.log(`  ${difference}`);
  process.exitCode = differences.length > 0 ? 1 : 0;
}

main();
