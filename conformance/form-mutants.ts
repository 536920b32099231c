/** This file makes forms that nobody should send: parts dropped, doubled, renamed, or with something else in them. */
import { BOUNDARY } from './form.ts';

type Random = () => number;

const SEPARATOR = `--${BOUNDARY}`;
const NAMES = ['image', 'image[]', 'mask', 'prompt', 'n', 'size', 'file', 'file[]', 'model', 'model[a]', 'stream', 'temperature', 'include[]', 'include', 'chunking_strategy', 'chunking_strategy[type]', 'sandbox[fail_status]', '__proto__', '__proto__[a]', '', '[]', 'a[b][c][d][e][f][g][h][i][j]', 'é', 'a\\"b', 'x'.repeat(300)];
const TEXTS = ['', '64x64', '65000x65000', '\u0089PNG\r\n\u001a\n', 'true', 'maybe', '0.5', '1e999', '-1', 'NaN', '{"type":"server_vad"}', '["word"]', '{broken', '['.repeat(100), '\u0000', '\u00ff', 'x'.repeat(5000), 'sandbox/transcribe', 'sandbox/echo', 'vllm/fuzz', 'srt', 'verbose_json', 'RIFF....WAVEfmt '];
const LINES = ['content-type: image/png', 'content-type: application/octet-stream', 'content-type: text/plain; charset=utf-16', 'content-transfer-encoding: base64', 'content-disposition: attachment', 'content-disposition: form-data', 'x: y', 'no colon', 'x: '.concat('y'.repeat(9000))];

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

/** Changes one part of a form; null for a body that is none. */
export function mutateForm(body: Buffer, random: Random): Buffer | null {
  const pieces = body.toString('latin1').split(SEPARATOR);
  if (pieces.length < 3) return null;
  const at = 1 + Math.floor(random() * (pieces.length - 2));
  const part = pieces[at] ?? '';
  const how = random();
  if (how < 0.15) pieces.splice(at, 1);
  else if (how < 0.25) pieces.splice(at, 0, part);
  else if (how < 0.45) pieces[at] = part.replace(/name="[^"]*"/, `name="${Buffer.from(pick(random, NAMES)).toString('latin1')}"`);
  else if (how < 0.75) pieces[at] = `${part.slice(0, part.indexOf('\r\n\r\n') + 4)}${Buffer.from(pick(random, TEXTS)).toString('latin1')}\r\n`;
  else if (how < 0.85) pieces[at] = part.replace('\r\n', `\r\n${pick(random, LINES)}\r\n`);
  else if (how < 0.92) pieces[at] = part.includes('filename=') ? part.replace(/; filename="[^"]*"/, '') : part.replace(/(name="[^"]*")/, '$1; filename="a.wav"');
  else pieces.splice(at, 0, `\r\ncontent-disposition: form-data; name="${pick(random, NAMES)}"\r\n\r\n${pick(random, TEXTS)}\r\n`);
  return Buffer.from(pieces.join(SEPARATOR), 'latin1');
}
