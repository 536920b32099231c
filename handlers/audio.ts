/** This file answers the audio operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askSpeech } from '../gateway/relay/ask-speech.ts';
import { askTranscription } from '../gateway/relay/ask-transcription.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Writes down what is said in a recording, in the upstream's own bytes or events. */
export async function createTranscription(call: Call<'createTranscription'>, house: House): Promise<Reply<'createTranscription'>> {
  return relay(house, call, askTranscription(call));
}

/** Speaks a text, in the upstream's own bytes or events. */
export function createSpeech(call: Call<'createSpeech'>, house: House): Promise<Reply<'createSpeech'>> {
  return relay(house, call, askSpeech(call));
}
