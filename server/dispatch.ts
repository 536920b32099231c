/** This file serves every operation of the contract: match, authenticate, validate, call the handler, catch — once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkRole } from '../gateway/access/roles.ts';
import { DepartureSignal } from '../gateway/foundation/departure.ts';
import { Refusal, asRefusal, fail } from '../gateway/foundation/errors.ts';
import type { Roster } from '../gateway/foundation/roster.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';
import { operations } from '../generated/operations.ts';
import type { OperationEntry } from '../generated/operations.ts';
import type { OperationRoute } from './contract.ts';
import { baseHeaders, writeError, writeReply } from './reply.ts';
import type { AnyReply } from './reply.ts';
import { BASE_PATHS } from './route-table.ts';
import type { RouteMatch, RouteTable } from './route-table.ts';
import { check, takeBody } from './take-body.ts';
import type { TakenBody } from './take-body.ts';

/** A call before its types are tied to its operation. */
export interface UntypedCall extends TakenBody {
  readonly operationId: string;
  readonly requestId: string;
  readonly path: unknown;
  readonly query: unknown;
  readonly headers: IncomingMessage['headers'];
  readonly caller: Caller | null;
  readonly departure: DepartureSignal;
  readonly receivedAt: number;
}

/** Calls the handler of an operation with a validated call; the one seam where types come from the contract's validators. */
export type CallHandler = (operationId: string, call: UntypedCall) => Promise<AnyReply>;

/** The calls being answered now, for the drain. */
export type OpenCalls = Roster<DepartureSignal>;

export interface DispatchParts {
  readonly house: House;
  readonly table: RouteTable;
  readonly callHandler: CallHandler;
  readonly openCalls: OpenCalls;
  readonly isDraining: () => boolean;
}

const PREFLIGHT_SECONDS = 86_400;
/** Selects another workspace of the key's user. */
const WORKSPACE_HEADER = 'x-writingmate-workspace';

/** True for the paths that belong to the contract. */
export function isContractPath(url: string): boolean {
  return BASE_PATHS.some((base) => url.startsWith(base) && (url.length === base.length || url[base.length] === '/' || url[base.length] === '?'));
}

/** Makes the listener that serves the contract's paths. It answers every request it is given and never throws. */
export function createDispatch(parts: DispatchParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const requestId = parts.house.makeId('req');
    const headers = baseHeaders(request, requestId);
    const match = parts.table.match(request.url ?? '');
    const method = request.method ?? '';
    const route = match?.entry.methods.get(method);
    if (!match || !route) {
      answerUnrouted({ request, response, headers, requestId, match });
      return;
    }
    serve(parts, { request, response, match, route, headers, requestId }).catch((error: unknown) => {
      parts.house.log.error({ requestId, operation: route.operationId, error }, 'a reply could not be written');
      response.destroy();
    });
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly match: RouteMatch;
  readonly route: OperationRoute;
  readonly headers: ReturnType<typeof baseHeaders>;
  readonly requestId: string;
}

/** 404 before 405; a preflight is answered for any path there is. */
function answerUnrouted(exchange: Omit<Exchange, 'match' | 'route'> & { match: RouteMatch | null }): void {
  const { request, response, headers, requestId, match } = exchange;
  if (!match) {
    const message = `Nothing is served at ${(request.url ?? '').slice(0, 200)}. The operations are listed in GET ${BASE_PATHS[0]}/openapi.yaml.`;
    writeError(response, new Refusal('unknown_url', { message }), { headers, requestId });
    return;
  }
  headers['allow'] = match.entry.allow;
  if (request.method === 'OPTIONS') {
    headers['access-control-allow-origin'] = '*';
    headers['access-control-allow-methods'] = match.entry.allow;
    headers['access-control-allow-headers'] = request.headers['access-control-request-headers'] ?? 'authorization, content-type';
    headers['access-control-max-age'] = PREFLIGHT_SECONDS;
    response.writeHead(204, headers);
    response.end();
    return;
  }
  const message = `${request.method ?? ''} is not served here; use ${match.entry.allow}.`;
  writeError(response, new Refusal('method_not_allowed', { message }), { headers, requestId });
}

async function serve(parts: DispatchParts, exchange: Exchange): Promise<void> {
  const { house, openCalls } = parts;
  const { request, response, route, headers, requestId } = exchange;
  const departure = new DepartureSignal();
  const receivedAt = house.clock.monotonic();
  const seat = openCalls.join(departure);
  let unwatch: (() => void) | null = null;
  response.once('close', () => {
    openCalls.leave(seat);
    unwatch?.();
    if (!response.writableFinished) departure.depart('client_gone');
  });
  try {
    if (parts.isDraining()) fail('shutting_down', { headers: { 'retry-after': '1' } });
    const authenticated = authenticate(house, request, route);
    const caller = authenticated instanceof Promise ? await authenticated : authenticated;
    if (caller) {
      checkScope(caller, route);
      checkRole(caller, operations[route.operationId].roles);
      unwatch = caller.onRevoked(() => { departure.depart('revoked'); });
    }
    const call = await readCall(parts, exchange, { caller, departure, receivedAt });
    const reply = await parts.callHandler(route.operationId, call);
    house.metrics.countReply(route.operationId, reply.status);
    if (parts.isDraining()) headers['connection'] = 'close';
    writeReply(response, reply, { headers, house });
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    house.metrics.countReply(route.operationId, refusal.status);
    house.metrics.countRefusal(refusal.code);
    logRefusal(house, refusal, { requestId, operation: route.operationId });
    // Half a reply can't be taken back; and what a handler added to the headers may be what could not be written.
    if (response.headersSent) throw thrown;
    const fresh = baseHeaders(request, requestId);
    if (parts.isDraining()) fresh['connection'] = 'close';
    writeError(response, refusal, { headers: fresh, requestId });
  }
}

function logRefusal(house: House, refusal: Refusal, request: { requestId: string; operation: string }): void {
  const line = { ...request, code: refusal.code, status: refusal.status, detail: refusal.options.detail };
  if (refusal.code === 'internal_error') house.log.error({ ...line, error: refusal.cause }, 'internal error');
  else if (refusal.status >= 500) house.log.warn({ ...line, error: refusal.cause }, 'refused');
  else house.log.debug(line, 'refused');
}

function authenticate(house: House, request: IncomingMessage, route: OperationRoute): Caller | Promise<Caller> | null {
  const { scope, keyHeaders }: OperationEntry = operations[route.operationId];
  if (scope === 'none') return null;
  const authorization = keyHeaders ? authorizationOf(request.headers, keyHeaders) : request.headers.authorization;
  return house.authenticator.authenticate(authorization, request.headers[WORKSPACE_HEADER]);
}

/** Where vendors' packages send the key in a header of their own, it may stand there. Two that differ are refused: nobody can say who is asking. */
function authorizationOf(headers: IncomingMessage['headers'], keyHeaders: readonly string[]): string | undefined {
  const shown = [headers.authorization, ...keyHeaders.map((name) => headers[name]).filter((key) => key !== undefined).map((key) => `Bearer ${String(key)}`)]
    .filter((each) => each !== undefined);
  const [first, ...others] = shown;
  if (others.some((other) => other !== first)) fail('invalid_api_key', { message: `Different keys were sent in authorization and ${keyHeaders.join(' or ')}; send one.` });
  return first;
}

function checkScope(caller: Caller, route: OperationRoute): void {
  const { scope } = operations[route.operationId];
  if (scope === 'none' || caller.scopes.includes(scope)) return;
  fail('insufficient_scope', { message: `This key has the scope ${caller.scopes.join(', ')}; ${route.operationId} needs ${scope}.` });
}

async function readCall(
  parts: DispatchParts,
  exchange: Exchange,
  known: { caller: Caller | null; departure: DepartureSignal; receivedAt: number },
): Promise<UntypedCall> {
  const { request, route, match, requestId } = exchange;
  const parameters = readParameters(route, match);
  const taken = await takeBody(request, route, parts.house.limits);
  return { ...known, ...parameters, ...taken, operationId: route.operationId, requestId, headers: request.headers };
}

/** Validates path and query, coercing numbers and booleans. */
function readParameters(route: OperationRoute, match: RouteMatch): { path: unknown; query: unknown } {
  const { parameter, rest } = route;
  for (const [name, value] of [[parameter, match.parameter], [rest, match.rest]] as const) {
    if (value === undefined) fail('invalid_request', { param: name, message: `Path parameter '${name ?? ''}' is not valid percent-encoding.` });
  }
  const path: Record<string, unknown> = { ...(parameter === null ? {} : { [parameter]: match.parameter }), ...(rest === null ? {} : { [rest]: match.rest }) };
  const query: Record<string, unknown> = {};
  if (match.queryText !== '') {
    for (const [key, value] of new URLSearchParams(match.queryText)) {
      if (Object.hasOwn(query, key)) fail('invalid_request', { param: key, message: `Query parameter '${key}' is given twice.` });
      Object.defineProperty(query, key, { value, enumerable: true, writable: true, configurable: true });
    }
  }
  check(route.validators.parameters, { path, query, header: {}, cookie: {} });
  return { path, query };
}
