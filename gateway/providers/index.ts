/** This file is the registry of wires: for each kind of call, a provider's wire. */
import type { Kind, Provider, WireName } from '../foundation/terms.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import { geminiContentWire } from './gemini-content.ts';
import { openaiChatWire } from './openai-chat.ts';
import { sandboxWire } from './sandbox.ts';
import type { Wire } from './wire.ts';

const chatWires = {
  'openai-chat': openaiChatWire,
  'anthropic-messages': anthropicMessagesWire,
  'gemini-content': geminiContentWire,
  sandbox: sandboxWire,
} satisfies Readonly<Record<WireName, Wire>>;

/** The wire of a provider for chat. */
export function chatWireOf(provider: Provider): Wire {
  return chatWires[wireName('chat', provider)];
}

function wireName(kind: Kind, provider: Provider): WireName {
  return provider.wires?.[kind] ?? provider.wire;
}
