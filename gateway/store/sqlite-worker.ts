/** This file is the thread that owns a SQLite connection: it commits batches and answers calls, one after the other. */
import { parentPort } from 'node:worker_threads';
import { toFailure } from './sqlite-failures.ts';
import type { BatchValue } from './sqlite-batch.ts';
import type { CallMessage, CallName, FromThread, ToThread } from './sqlite-messages.ts';
import { openConnection } from './sqlite-connection.ts';
import type { Connection } from './sqlite-connection.ts';

/** What this thread posts; an answer's value is typed where it is awaited, not here. */
type Reply = Exclude<FromThread, { kind: 'answer' }> | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

const port = parentPort;

let connection: Connection | null = null;

port?.on('message', (message: ToThread) => {
  if (Array.isArray(message)) {
    post(opened().commit(message));
    return;
  }
  try {
    post({ kind: 'answer', id: message.id, value: perform(message) });
  } catch (thrown) {
    post({ kind: 'rejection', id: message.id, failure: toFailure(thrown) });
  }
  if (message.kind === 'service' && message.name === 'close') port?.close();
});

function perform(message: Exclude<ToThread, BatchValue[]>): unknown {
  switch (message.kind) {
    case 'open':
      connection = openConnection(message.setup);
      return undefined;
    case 'call': return call(message);
    case 'service': return opened().services[message.name]();
  }
}

function call<Name extends CallName>(message: CallMessage<Name>): unknown {
  return opened().call(message.name, message.args);
}

function opened(): Connection {
  if (!connection) throw new Error('the store thread was used before it was opened');
  return connection;
}

function post(reply: Reply): void {
  port?.postMessage(reply);
}
