/** This file is the thread that owns a SQLite connection. */
import { parentPort } from 'node:worker_threads';
import { createServe } from './sqlite-serve.ts';

const port = parentPort;

port?.on('message', createServe({
  post: (reply) => { port.postMessage(reply); },
  close: () => { port.close(); },
}));
