/** This file reads the parts of a Gemini candidate into pieces of a chat message, for whole replies and for streams alike. */
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import { GrowingArguments } from './gemini-content-args.ts';

/** What only Google knows of: carried in `extra_content`, as its own OpenAI endpoint does (https://ai.google.dev/gemini-api/docs/openai, 2026-11). */
export interface ExtraContent {
  readonly google: Readonly<Record<string, string>>;
}

export interface CallPiece {
  readonly index: number;
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly extra_content?: ExtraContent;
}

/** An image the model made, in the form the `images` of OpenRouter's replies have. */
export interface ImagePiece {
  readonly type: 'image_url';
  readonly image_url: { readonly url: string };
  readonly extra_content?: ExtraContent;
}

/** The part of a message that some parts of a candidate make. */
export interface Piece {
  text: string;
  reasoning: string;
  readonly calls: CallPiece[];
  readonly images: ImagePiece[];
  /** The signature of the text. */
  signature: string | null;
  /** The signature of what was thought. */
  thinkingSignature: string | null;
}

interface OpenCall {
  readonly name: string;
  readonly id: string | null;
  readonly args: GrowingArguments;
  signature: string | null;
}

/** The `extra_content` of a signature; nothing without one. */
export function signed(signature: string | null): { extra_content?: ExtraContent } {
  return signature === null ? {} : { extra_content: { google: { thought_signature: signature } } };
}

/** The `extra_content` of a message: the signatures of its text and of its reasoning. */
export function signedMessage(piece: Pick<Piece, 'signature' | 'thinkingSignature'>): { extra_content?: ExtraContent } {
  if (piece.signature === null && piece.thinkingSignature === null) return {};
  const google: Record<string, string> = {};
  if (piece.signature !== null) google['thought_signature'] = piece.signature;
  if (piece.thinkingSignature !== null) google['thinking_signature'] = piece.thinkingSignature;
  return { extra_content: { google } };
}

/** Follows the parts of one candidate; calls are numbered from 0 and given out whole. */
export class CandidateParts {
  readonly #idPrefix: string;
  #calls = 0;
  #open: OpenCall | null = null;

  constructor(requestId: string, candidate: number) {
    this.#idPrefix = `call_${requestId.replace(/^req_/, '')}_${candidate}`;
  }

  /** Whether the candidate calls a tool. */
  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  /** Takes the next parts. `isLast`: no more will come, so a call that is still open is complete. */
  read(parts: readonly unknown[], isLast: boolean): Piece {
    const piece: Piece = { text: '', reasoning: '', calls: [], images: [], signature: null, thinkingSignature: null };
    for (const part of parts) this.#readPart(part, piece);
    if (isLast) this.#close(piece);
    return piece;
  }

  #readPart(part: unknown, piece: Piece): void {
    const signature = stringAt(part, 'thoughtSignature');
    const call = objectAt(part, 'functionCall');
    if (call) {
      this.#readCall(call, signature, piece);
      return;
    }
    const isThought = isJsonObject(part) && part['thought'] === true;
    const text = stringAt(part, 'text');
    const image = objectAt(part, 'inlineData');
    if (image && !isThought) {
      piece.images.push({ type: 'image_url', image_url: { url: `data:${stringAt(image, 'mimeType') ?? 'image/png'};base64,${stringAt(image, 'data') ?? ''}` }, ...signed(signature) });
      return;
    }
    if (isThought) {
      piece.reasoning += text ?? '';
      piece.thinkingSignature = signature ?? piece.thinkingSignature;
      return;
    }
    piece.text += text ?? '';
    piece.signature = signature ?? piece.signature;
  }

  /** A call with a name begins; one without goes on; one that says nothing of going on is complete. */
  #readCall(call: unknown, signature: string | null, piece: Piece): void {
    const name = stringAt(call, 'name');
    if (name !== null && name !== '') {
      this.#close(piece);
      this.#open = { name, id: stringAt(call, 'id'), args: new GrowingArguments(), signature: null };
    }
    if (!this.#open) return;
    this.#open.signature = signature ?? this.#open.signature;
    this.#open.args.add(call);
    if (!isJsonObject(call) || call['willContinue'] !== true) this.#close(piece);
  }

  #close(piece: Piece): void {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    const index = this.#calls++;
    const id = open.id !== null && open.id !== '' ? open.id : `${this.#idPrefix}_${index}`;
    piece.calls.push({ index, id, type: 'function', function: { name: open.name, arguments: open.args.json() }, ...signed(open.signature) });
  }
}

/** The generated text of a piece, for counting. */
export function textOfPiece(piece: Piece): string {
  return piece.reasoning + piece.text + piece.calls.map((call) => call.function.name + call.function.arguments).join('');
}
