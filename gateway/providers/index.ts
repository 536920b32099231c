/** This file is the registry of wires: a wire's name to the wire. */
import type { WireName } from '../foundation/terms.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import { geminiContentWire } from './gemini-content.ts';
import { openaiChatWire } from './openai-chat.ts';
import { sandboxWire } from './sandbox.ts';
import type { Wire } from './wire.ts';

const wires: Readonly<Record<WireName, Wire>> = {
  'openai-chat': openaiChatWire,
  'anthropic-messages': anthropicMessagesWire,
  'gemini-content': geminiContentWire,
  sandbox: sandboxWire,
};

/** The wire of a provider. */
export function wireOf(name: WireName): Wire {
  return wires[name];
}
