/** This file connects to addresses that workspaces have named, and to none the guard refuses: before, while and after it connects. */
// Only the connector: the whole of undici costs 20 MB and 50 ms at the start.
import buildConnector from 'undici/lib/core/connect.js';
import type { Guard } from './guard.ts';

/** What undici's client is given to connect with. */
export type Connect = ReturnType<typeof buildConnector>;

/**
 * Makes the connector for one origin. An address in the URL itself is never looked up, so the URL is judged again with every
 * connection; a name is connected to at an address the guard has looked at; and where the socket really leads is asked of the socket.
 */
export function connectGuarded(origin: string, guard: Guard, timeoutMs: number): Connect {
  const connect = buildConnector({ allowH2: false, timeout: timeoutMs, lookup: guard.lookup });
  return (options, callback) => {
    const fault = guard.faultOf(origin);
    if (fault !== null) {
      // Not within the call: who opens an exchange has not been given it yet.
      queueMicrotask(() => { callback(new Error(`the guard refuses ${origin}: ${fault}`), null); });
      return;
    }
    connect(options, (...[error, socket]) => {
      // A failure comes without a socket, whatever the types say of it.
      if (!socket) {
        callback(error ?? new Error('there is no socket'), null);
        return;
      }
      if (guard.allowsPeer(options.hostname, socket.remoteAddress)) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(new Error(`the guard refuses ${origin}: it leads to an address that is not a public one`), null);
    });
  };
}
