/** This file is what the store's thread does: it commits batches and answers calls, one after the other, on a SQLite connection of its own. */
import { toFailure } from './sqlite-failures.ts';
import type { BatchValue } from './sqlite-batch.ts';
import type { CallMessage, CallName, FromThread, ToThread } from './sqlite-messages.ts';
import { openConnection } from './sqlite-connection.ts';
import type { Connection } from './sqlite-connection.ts';

/** What a thread posts; an answer's value is typed where it is awaited, not here. */
export type Reply = Exclude<FromThread, { kind: 'answer' }> | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

/** Where what is to be said goes, and the end. */
export interface ServePort {
  post(reply: Reply): void;
  close(): void;
}

/** Makes what takes the messages of one connection. */
export function createServe(port: ServePort): (message: ToThread) => void {
  let connection: Connection | null = null;
  const opened = (): Connection => {
    if (!connection) throw new Error('the store thread was used before it was opened');
    return connection;
  };
  const call = <Name extends CallName>(message: CallMessage<Name>): unknown => opened().call(message.name, message.args);
  const perform = (message: Exclude<ToThread, BatchValue[]>): unknown => {
    switch (message.kind) {
      case 'open':
        connection = openConnection(message.setup);
        return undefined;
      case 'call': return call(message);
      case 'service': return opened().services[message.name]();
    }
  };
  return (message) => {
    if (Array.isArray(message)) {
      port.post(opened().commit(message));
      return;
    }
    try {
      port.post({ kind: 'answer', id: message.id, value: perform(message) });
    } catch (thrown) {
      port.post({ kind: 'rejection', id: message.id, failure: toFailure(thrown) });
    }
    if (message.kind === 'service' && message.name === 'close') port.close();
  };
}
