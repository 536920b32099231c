/** This file is what a request for embeddings asks. */
import { NO_BYTES, decodeText, encodeText } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import type { Call } from '../foundation/operation.ts';
import type { Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from '../metering/text-size.ts';
import { inEncoding, inputsOf, withUsage } from '../providers/embeddings.ts';
import type { EmbeddingsFacts } from '../providers/embeddings.ts';
import { embeddingsWireOf } from '../providers/index.ts';
import type { Ask } from './ask.ts';
import { AttemptFailed } from './attempt-outcome.ts';
import { NO_REQUEST_FACTS } from './choose-route.ts';
import { notAsAsked } from './strict.ts';

/** OpenAI's bound for one request, in inputs. */
const INPUTS_MAX = 2048;
/** Some upstreams put a token before and after each text. */
const TOKENS_AROUND_TEXT = 2;

/** Makes the ask of a request for embeddings. Refuses what no model could take with invalid_request. */
export function askEmbeddings({ body, bodyText, outline }: Pick<Call<'createEmbedding'>, 'body' | 'bodyText' | 'outline'>): Ask {
  const inputs = inputsOf(body.input);
  if (inputs.length > INPUTS_MAX) fail('invalid_request', { param: 'input', message: `At most ${INPUTS_MAX} inputs a request.` });
  const texts = inputs.filter((input) => typeof input === 'string');
  const tokens = inputs.reduce((sum, input) => sum + (typeof input === 'string' ? 0 : input.length), 0);
  const isTokens = texts.length < inputs.length;
  return {
    kind: 'embeddings',
    model: body.model,
    isStream: false,
    wantsUsage: false,
    mayBeEmpty: false,
    isCacheable: true,
    dialect: null,
    doneEvent: NO_BYTES,
    // Vectors of two models are not alike: what is drawn by weight stays with the user, or with the key.
    facts: () => ({ ...NO_REQUEST_FACTS, affinity: body.user ?? '' }),
    size: ({ prices }) => sizeCall({
      prices, outputTokens: 0, choices: 1,
      promptTokens: texts.reduce((sum, text) => sum + TOKENS_AROUND_TEXT + guessTokens(text, extraBytesOf(text)), tokens),
      promptTokensAtLeast: texts.reduce((sum, text) => sum + guessTokensAtLeast(text, extraBytesOf(text)), tokens),
    }),
    write(target, context) {
      const wire = embeddingsWireOf(target.provider);
      if (!wire) return null;
      if (isTokens && !wire.takesTokens) throw new AttemptFailed(notAsAsked([`input: ${target.id} takes texts, not tokens`]));
      const wanted = { isBase64: body.encoding_format === 'base64', model: target.upstreamModel };
      return {
        wire: {
          ...wire,
          readReply: (text) => wholeFacts(wire.readReply(text), inputs.length),
          toReply: (text, about) => inEncoding(wire.toReply?.(text, about) ?? text, wanted),
        },
        request: wire.encode({ target, body, bodyText, outline, isStream: false, files: [], ...context }),
      };
    },
    count: (counter) => countInputs(counter, texts, tokens),
    tellUsage: (reply, usage) => encodeText(withUsage(decodeText(reply), usage)),
  };
}

/** Throws a SyntaxError for a reply that leaves some input without its vector. */
function wholeFacts(facts: EmbeddingsFacts, inputs: number): EmbeddingsFacts {
  if (facts.vectors !== inputs) throw new SyntaxError(`${facts.vectors} vectors for ${inputs} inputs`);
  return facts;
}

async function countInputs(counter: Counter, texts: readonly string[], tokens: number): Promise<Usage> {
  const counted = texts.length === 0 ? 0 : await counter.countTexts(texts);
  return { ...NO_USAGE, promptTokens: tokens + counted };
}
