/** This file gives Express requests and responses that are born with its prototypes, so that it need not change them on every request. */
import { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import type { Express } from 'express';

export interface BornConstructors {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/**
 * Makes constructors for `http.createServer` whose prototypes are the app's own. Express calls
 * `Object.setPrototypeOf(req, app.request)` for each request, which costs half of its time (speed.md 2) and
 * nothing when the prototype is already that one. Holds for one app without mounted sub-apps; pinned by a test.
 */
export function bearInto(app: Express): BornConstructors {
  class BornRequest extends IncomingMessage {}
  class BornResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {}
  Object.setPrototypeOf(BornRequest.prototype, express.request);
  Object.setPrototypeOf(BornResponse.prototype, express.response);
  Object.defineProperty(BornRequest.prototype, 'app', { value: app, configurable: true, writable: true });
  Object.defineProperty(BornResponse.prototype, 'app', { value: app, configurable: true, writable: true });
  Object.assign(app, { request: BornRequest.prototype, response: BornResponse.prototype });
  return { IncomingMessage: BornRequest, ServerResponse: BornResponse };
}
