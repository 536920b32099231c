/** This file knows how the audio operations are made to say the errors that only a call of a model can say. */
import type { OperationId } from '../generated/operations.ts';
import { PRICED_SPEECH, PRICED_TRANSCRIPTION, speech, transcription } from './audio-requests.ts';
import { provokeMedia } from './provoke-media.ts';

export const audioOperations: readonly OperationId[] = ['createTranscription', 'createSpeech'];

const audio = { babble: '{"welcome":true}', isPatient: false };

export const provocationsOfAudio = provokeMedia({
  createTranscription: {
    ...audio,
    request: transcription,
    stream: { stream: 'true' },
    firstEvent: 'data: {"type":"transcript.text.delta","delta":"Hel"}\n\n',
    other: { prompt: 'something else' },
    unavailable: 'openai/whisper-1',
    priced: PRICED_TRANSCRIPTION.id,
  },
  createSpeech: {
    ...audio,
    request: speech,
    stream: { stream_format: 'sse' },
    firstEvent: 'data: {"type":"speech.audio.delta","audio":"UklGRg=="}\n\n',
    other: { input: 'something else' },
    unavailable: 'openai/tts-1',
    priced: PRICED_SPEECH.id,
  },
});
