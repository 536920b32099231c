/** This file is the registry of wires: for each kind of call, a provider's wire. */
import type { Kind, Provider, WireName } from '../foundation/terms.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { geminiEmbeddingsWire } from './gemini-embeddings.ts';
import { openaiEmbeddingsWire } from './openai-embeddings.ts';
import { sandboxEmbeddingsWire } from './sandbox-embeddings.ts';
import { geminiImagesWire } from './gemini-images.ts';
import type { ImagesWire } from './images.ts';
import { openaiImagesWire } from './openai-images.ts';
import { sandboxImagesWire } from './sandbox-images.ts';
import { geminiContentWire } from './gemini-content.ts';
import { openaiChatWire } from './openai-chat.ts';
import { openaiResponsesWire } from './openai-responses.ts';
import { sandboxWire } from './sandbox.ts';
import type { Wire } from './wire.ts';
import { openaiSpeechWire } from './openai-speech.ts';
import type { SpeechWire } from './openai-speech.ts';
import { openaiTranscriptionsWire } from './openai-transcriptions.ts';
import type { TranscriptionWire } from './openai-transcriptions.ts';
import { sandboxSpeechWire } from './sandbox-speech.ts';
import { sandboxTranscribeWire } from './sandbox-transcribe.ts';

const chatWires = {
  'openai-chat': openaiChatWire,
  'anthropic-messages': anthropicMessagesWire,
  'gemini-content': geminiContentWire,
  'openai-responses': openaiResponsesWire,
  sandbox: sandboxWire,
} satisfies Readonly<Partial<Record<WireName, Wire>>>;

/** The wire of a provider for chat; null when it does not chat. */
export function chatWireOf(provider: Provider): Wire | null {
  const wires: Readonly<Partial<Record<WireName, Wire>>> = chatWires;
  return wires[wireName('chat', provider)] ?? null;
}

const embeddingsWires: Partial<Readonly<Record<WireName, EmbeddingsWire>>> = {
  'openai-chat': openaiEmbeddingsWire, 'gemini-content': geminiEmbeddingsWire, sandbox: sandboxEmbeddingsWire,
};

/** The wire of a provider for embeddings; null when it has none. */
export function embeddingsWireOf(provider: Provider): EmbeddingsWire | null {
  return embeddingsWires[wireName('embeddings', provider)] ?? null;
}

const transcriptionWires: Partial<Readonly<Record<WireName, TranscriptionWire>>> = { 'openai-chat': openaiTranscriptionsWire, sandbox: sandboxTranscribeWire };

/** The wire of a provider for transcriptions; null when it has none. */
export function transcriptionWireOf(provider: Provider): TranscriptionWire | null {
  return transcriptionWires[wireName('transcription', provider)] ?? null;
}

const speechWires: Partial<Readonly<Record<WireName, SpeechWire>>> = { 'openai-chat': openaiSpeechWire, sandbox: sandboxSpeechWire };

/** The wire of a provider for speech; null when it has none. */
export function speechWireOf(provider: Provider): SpeechWire | null {
  return speechWires[wireName('speech', provider)] ?? null;
}

const imagesWires: Partial<Readonly<Record<WireName, ImagesWire>>> = { 'openai-chat': openaiImagesWire, 'gemini-content': geminiImagesWire, sandbox: sandboxImagesWire };

/** The wire of a provider for images; null when it has none. */
export function imagesWireOf(provider: Provider): ImagesWire | null {
  return imagesWires[wireName('images', provider)] ?? null;
}

function wireName(kind: Kind, provider: Provider): WireName {
  return provider.wires?.[kind] ?? provider.wire;
}
