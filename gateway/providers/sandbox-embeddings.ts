/** This file is the sandbox's wire of embeddings: stable unit vectors in which texts with words in common are close. */
import { openNoStream, inputsOf, readEmbeddings, readNoText, toBase64 } from './embeddings.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { refuse } from './sandbox-options.ts';
import { readBehaviour, refusal, replyScript } from './sandbox-script.ts';
import { countTokens, hashText, splitTokens } from './sandbox-tokens.ts';

/** As many numbers as OpenAI's small model gives. */
const DIMENSIONS_DEFAULT = 1536;
const DIMENSIONS_MAX = 4096;
/** Each word moves so many numbers of a vector. */
const DIRECTIONS_PER_WORD = 8;
/** Words past this change nothing more: a vector is a summary. */
const WORDS_MAX = 20_000;

/** The wire of `sandbox/embedding`. */
export const sandboxEmbeddingsWire: EmbeddingsWire = {
  takesTokens: true,
  encode(request) {
    const { target, body } = request;
    const options = readBehaviour(request);
    if ('kind' in options) return options;
    const dimensions = body.dimensions ?? DIMENSIONS_DEFAULT;
    if (dimensions > DIMENSIONS_MAX) {
      return refusal(refuse(`The sandbox gives vectors of at most ${DIMENSIONS_MAX} numbers.`, 'dimensions', 'invalid_value'), {});
    }
    const inputs = inputsOf(body.input);
    const promptTokens = inputs.reduce((sum, input) => sum + (typeof input === 'string' ? countTokens(input) : input.length), 0);
    const data = inputs.map((input, index) => {
      const vector = vectorOf(typeof input === 'string' ? splitTokens(input.toLowerCase().slice(0, WORDS_MAX)) : input.slice(0, WORDS_MAX).map(String), dimensions);
      return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? toBase64(vector) : vector };
    });
    const usage = options.shouldOmitUsage ? {} : { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } };
    return replyScript({ bytes: JSON.stringify({ object: 'list', data, model: `sandbox/${target.upstreamModel}`, ...usage }) }, options);
  },
  readReply: readEmbeddings,
  readText: readNoText,
  openStream: openNoStream,
  classify: classifyOpenAiError,
};

/** A unit vector, as 32-bit floats: the sum of a few directions for each word, whatever their order. */
function vectorOf(words: readonly string[], dimensions: number): number[] {
  const sums = new Float64Array(dimensions);
  for (const word of words) {
    for (let direction = 0; direction < DIRECTIONS_PER_WORD; direction++) {
      const hash = hashText(word.trim(), direction + 1);
      const at = hash % dimensions;
      sums[at] = (sums[at] ?? 0) + (hash & 0x8000_0000 ? 1 : -1) * (0.5 + ((hash >>> 8) & 0xff) / 255);
    }
  }
  const length = Math.sqrt(sums.reduce((total, each) => total + each * each, 0));
  // Opposite words may cancel out: then it points along the first axis.
  if (length === 0) return Array.from({ length: dimensions }, (_, at) => (at === 0 ? 1 : 0));
  return Array.from(sums, (each) => Math.fround(each / length));
}
