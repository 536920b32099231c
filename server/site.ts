/** This file serves what people and machines look at beside the contract: docs, health, readiness, metrics. */
import { readFileSync } from 'node:fs';
import { gunzip } from 'node:zlib';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { Refusal, errorBody } from '../gateway/foundation/errors.ts';
import type { House } from '../gateway/relay/house.ts';
import { landingPage, redocPage, scalarPage } from './pages.ts';

const HTML = 'text/html; charset=utf-8';
/** Everything a page loads comes from here; nothing from elsewhere. */
const PAGE_POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:";

/** Makes the router of everything outside the contract. Every path answers GET and HEAD only. */
export function createSite(house: House, isDraining: () => boolean): Router {
  const router = Router();
  router.use((request, response, next) => {
    response.setHeader('x-request-id', house.makeId('req'));
    if (request.method === 'GET' || request.method === 'HEAD') next();
    else answerError(response, new Refusal(isPath(request.path) ? 'method_not_allowed' : 'unknown_url'));
  });
  router.get('/healthz', (_request, response) => { json(response, 200, { status: 'ok' }); });
  router.get('/readyz', (_request, response) => { void answerReadiness(house, response, isDraining()); });
  router.get('/metrics', (_request, response) => {
    void house.metrics.text().then((text) => { send(response, house.metrics.contentType, text); });
  });
  router.get('/', (_request, response) => { send(response, HTML, landingPage()); });
  router.get('/docs', (_request, response) => { send(response, HTML, scalarPage()); });
  router.get('/redoc', (_request, response) => { send(response, HTML, redocPage()); });
  router.get('/docs/scalar.js', packed('scalar.js.gz'));
  router.get('/docs/redoc.js', packed('redoc.js.gz'));
  router.use((request, response) => {
    answerError(response, new Refusal('unknown_url', { message: `Nothing is served at ${request.path.slice(0, 200)}. Try /docs, or the API below /v1.` }));
  });
  return router;
}

const PATHS: ReadonlySet<string> = new Set(['/', '/healthz', '/readyz', '/metrics', '/docs', '/docs/scalar.js', '/docs/redoc.js', '/redoc']);

function isPath(path: string): boolean {
  return PATHS.has(path);
}

async function answerReadiness(house: House, response: Response, isDraining: boolean): Promise<void> {
  if (isDraining) {
    json(response, 503, { status: 'draining' });
    return;
  }
  const broken = house.ledgerWatch.violations();
  if (broken.length > 0) {
    json(response, 503, { status: 'ledger broken', invariants: [...new Set(broken.map((violation) => violation.invariant))] });
    return;
  }
  try {
    await house.store.ping();
    json(response, 200, { status: 'ready' });
  } catch (error) {
    house.log.error({ error }, 'store does not answer');
    json(response, 503, { status: 'store unavailable' });
  }
}

function json(response: Response, status: number, body: object): void {
  response.statusCode = status;
  send(response, 'application/json', JSON.stringify(body));
}

function send(response: Response, contentType: string, body: string | Buffer): void {
  response.setHeader('content-type', contentType);
  if (contentType === HTML) response.setHeader('content-security-policy', PAGE_POLICY);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

function answerError(response: Response, refusal: Refusal): void {
  response.statusCode = refusal.status;
  if (refusal.code === 'method_not_allowed') response.setHeader('allow', 'GET, HEAD');
  send(response, 'application/json', JSON.stringify(errorBody(refusal, String(response.getHeader('x-request-id')))));
}

const assets = new URL('./assets/', import.meta.url);
const SCRIPT = 'text/javascript; charset=utf-8';

/** Serves a script kept gzipped, inflating it for the rare client that does not take gzip. Read on demand: idle memory is worth more. */
function packed(name: string): (request: Request, response: Response) => void {
  return (request, response) => {
    const bytes = readFileSync(new URL(name, assets));
    response.setHeader('cache-control', 'public, max-age=3600');
    response.setHeader('vary', 'accept-encoding');
    if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      response.setHeader('content-encoding', 'gzip');
      send(response, SCRIPT, bytes);
      return;
    }
    gunzip(bytes, (error, plain) => {
      if (error) answerError(response, new Refusal('internal_error', { cause: error }));
      else send(response, SCRIPT, plain);
    });
  };
}
