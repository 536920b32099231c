/** This file turns the content of Responses items into the parts of chat messages. */
import type { ContentPart, UserContent } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import { objectAt, stringAt } from '../foundation/json-value.ts';
import type { Warn } from './responses-tools.ts';

/** Where some content stands in the request, for whoever must mend it. */
export interface ContentPlace {
  readonly param: string;
  readonly warn: Warn;
}

/** The content of a user's message or of a tool's output: a text stays a text. */
export function userContent(content: unknown, { param, warn }: ContentPlace): UserContent {
  if (typeof content === 'string') return content;
  const parts = (Array.isArray(content) ? content : []).flatMap((part, at) => chatPart(part, { param: `${param}[${at}]`, warn }));
  const [only] = parts;
  if (parts.length === 0) return '';
  return parts.length === 1 && only?.type === 'text' ? only.text : parts;
}

/** The text of instructions, of a system's or a developer's message, or of an answer; what is no text is left out with a warning. */
export function textContent(content: unknown, { param, warn }: ContentPlace): string {
  if (typeof content === 'string') return content;
  return (Array.isArray(content) ? content : []).map((part, at) => {
    const text = stringAt(part, 'text');
    if (text === null) warn(`${param}[${at}]: dropped, only text can stand here`);
    return text ?? '';
  }).join('\n');
}

function chatPart(part: unknown, { param, warn }: ContentPlace): ContentPart[] {
  const type = stringAt(part, 'type');
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: stringAt(part, 'text') ?? '' }];
    case 'refusal':
      return [{ type: 'text', text: stringAt(part, 'refusal') ?? '' }];
    case 'input_image':
      return [imagePart(part, param)];
    case 'input_file':
      return [filePart(part, param)];
    case 'input_audio': {
      const audio = objectAt(part, 'input_audio');
      return [{ type: 'input_audio', input_audio: { data: stringAt(audio, 'data') ?? '', format: stringAt(audio, 'format') ?? '' } }];
    }
    default:
      warn(`${param}: ${type ?? 'content'} dropped, no chat can be told it`);
      return [];
  }
}

function imagePart(part: unknown, param: string): ContentPart {
  const url = stringAt(part, 'image_url') ?? fail('unsupported_field', { param: `${param}.file_id`, message: 'The gateway keeps no files for Responses. Send the image as image_url, a URL or a data URL.' });
  const detail = stringAt(part, 'detail');
  return { type: 'image_url', image_url: { url, ...(detail === null ? {} : { detail }) } };
}

function filePart(part: unknown, param: string): ContentPart {
  if (stringAt(part, 'file_id') !== null) fail('unsupported_field', { param: `${param}.file_id`, message: 'The gateway keeps no files for Responses. Send it as file_data or file_url.' });
  const filename = stringAt(part, 'filename');
  const data = stringAt(part, 'file_data');
  const url = stringAt(part, 'file_url');
  if (data === null && url !== null) return { type: 'document_url', document_url: url };
  return { type: 'file', file: { ...(filename === null ? {} : { filename }), file_data: data ?? fail('invalid_request', { param, message: 'A file needs file_data or file_url.' }) } };
}
