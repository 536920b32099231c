/** This file is an S3 server for tests: it keeps objects in memory and checks every signature by itself, as AWS documents it. */
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

export const S3_REGION = 'eu-test-1';
export const S3_KEY = { accessKeyId: 'AKIDTEST', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

export interface S3UnderTest {
  readonly url: string;
  /** Path → bytes. */
  readonly objects: Map<string, Buffer>;
  /** `METHOD path` of every request, refused ones too. */
  readonly seen: string[];
  /** The next requests are answered with these statuses, unless they are 0. */
  readonly failures: number[];
  close(): Promise<void>;
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const hmac = (key: string | Buffer, content: string): Buffer => createHmac('sha256', key).update(content).digest();

/** Starts it on a free port of this machine. */
export async function startS3(): Promise<S3UnderTest> {
  const objects = new Map<string, Buffer>();
  const seen: string[] = [];
  const failures: number[] = [];
  const server = createServer((request, response) => { void serve(request, response, { objects, seen, failures }); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, objects, seen, failures,
    close: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, state: Pick<S3UnderTest, 'objects' | 'seen' | 'failures'>): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const body = Buffer.concat(chunks);
  const { method = '', url: path = '' } = request;
  state.seen.push(`${method} ${path}`);
  const refuse = (status: number, code: string): void => {
    response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  };
  const failure = state.failures.shift() ?? 0;
  if (failure !== 0) { refuse(failure, 'SlowDown'); return; }
  const fault = signatureFault(request, body);
  if (fault !== null) { refuse(403, fault); return; }
  if (method === 'PUT') {
    state.objects.set(path, body);
    response.writeHead(200, { etag: '"x"' }).end();
    return;
  }
  if (method === 'DELETE') {
    state.objects.delete(path);
    response.writeHead(204).end();
    return;
  }
  const found = state.objects.get(path);
  if (!found) { refuse(404, 'NoSuchKey'); return; }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (range) response.writeHead(206, { 'content-range': `bytes ${range[1] ?? ''}-${range[2] ?? ''}/${found.length}` }).end(found.subarray(Number(range[1]), Number(range[2]) + 1));
  else response.writeHead(200, { 'content-length': found.length }).end(found);
}

/** Written from https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (2026-11); null when everything is as signed. */
function signatureFault(request: IncomingMessage, body: Buffer): string | null {
  const { headers } = request;
  const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '');
  const [, accessKeyId, day = '', region = '', signed = '', signature] = found ?? [];
  if (accessKeyId !== S3_KEY.accessKeyId || region !== S3_REGION) return 'InvalidAccessKeyId';
  const date = String(headers['x-amz-date']);
  if (!date.startsWith(day)) return 'AuthorizationHeaderMalformed';
  if (headers['x-amz-content-sha256'] !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const names = signed.split(';');
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name))) return 'AccessDenied';
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const canonical = [request.method, path, query, ...names.map((name) => `${name}:${String(headers[name]).trim()}`), '', signed, sha256(body)].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = ['s3', 'aws4_request'].reduce((each, part) => hmac(each, part), hmac(hmac(`AWS4${S3_KEY.secretAccessKey}`, day), region));
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  return signature === expected ? null : 'SignatureDoesNotMatch';
}
