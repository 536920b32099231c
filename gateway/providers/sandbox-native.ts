/** This file is the sandbox's own API beside chat, so that paths which are not metered can be tried without a provider: its models and files. */
import { script } from './sandbox-script.ts';
import type { ScriptedReply } from './wire.ts';

const MODELS = ['echo', 'chat'];
const CREATED = 1_795_219_200;

/** Answers `GET models`, `GET models/{model}`, `GET files`, `DELETE files/{file}` in OpenAI's words, and anything else with 404. */
export function playSandboxNative(method: 'GET' | 'POST' | 'DELETE', path: string): ScriptedReply {
  const [room, id, ...more] = path.split('/');
  const model = (name: string) => ({ id: name, object: 'model', created: CREATED, owned_by: 'interline' });
  if (more.length === 0 && method === 'GET' && room === 'models') {
    if (id === undefined) return play(200, { object: 'list', data: MODELS.map(model) });
    if (MODELS.includes(id)) return play(200, model(id));
  }
  if (more.length === 0 && room === 'files') {
    if (method === 'GET' && id === undefined) return play(200, { object: 'list', data: [], has_more: false });
    if (method === 'DELETE' && id !== undefined) return play(200, { id, object: 'file', deleted: true });
  }
  const error = { message: `The sandbox has nothing at ${method} /${path}.`, type: 'invalid_request_error', param: null, code: 'not_found' };
  return play(404, { error });
}

/** Refuses a request the sandbox can't read, as OpenAI would. */
export function playSandboxRefusal(message: string): ScriptedReply {
  return play(400, { error: { message, type: 'invalid_request_error', param: 'messages', code: 'invalid_value' } });
}

function play(status: number, value: unknown): ScriptedReply {
  return script({ status, steps: [{ afterMs: 0, bytes: JSON.stringify(value) }] });
}
