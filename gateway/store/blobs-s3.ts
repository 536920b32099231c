/** This file keeps bytes as objects named for their hash in S3-compatible storage (AWS, MinIO, R2, Ceph …). */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Chance } from '../foundation/chance.ts';
import { isoTime } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Environment } from '../foundation/config.ts';
import { BlobMissing, checkHash } from './blobs.ts';
import type { BlobDraft, BlobStore } from './blobs.ts';
import { StoreUnavailable } from './store.ts';

/** Where objects go, and in whose name. */
export interface S3Place {
  /** Everything before the name of an object; ends in a slash. */
  readonly base: URL;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

const CONNECTIONS_MAX = 64;
const CONNECT_MS = 5000;
/** Until the first byte of an answer, and between two, in ms. */
const IDLE_MS = 60_000;
const TRIES_MAX = 4;
/** Before the second try, in ms; doubled before each further one, plus up to as much again by chance. */
const RETRY_MS = 100;
/** Of an answer that says what was wrong, in bytes. */
const COMPLAINT_BYTES_MAX = 4096;
/** SHA-256 of nothing. */
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[A-Za-z0-9!_.*'()/-]*$/;

/**
 * Reads `s3://bucket/prefix?endpoint=https://host&region=name`. Without an endpoint it is AWS. Credentials and, where the address
 * names none, the region come from `AWS_*`. Gives a sentence that says what is wrong, without the address, when it can't be used.
 */
export function readS3Place(address: string, environment: Environment): S3Place | string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const prefix = url?.pathname.replace(/^\/+|\/+$/g, '') ?? '';
  if (!url || url.username !== '' || !BUCKET.test(url.hostname) || !PREFIX.test(prefix)) {
    return 'INTERLINE_MEDIA must be s3://bucket/prefix?endpoint=https://host&region=name; bucket and prefix in plain letters, digits, dots and dashes.';
  }
  const region = url.searchParams.get('region') ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const endpoint = url.searchParams.get('endpoint');
  const host = endpoint ?? `https://${url.hostname}.s3.${region}.amazonaws.com`;
  const isHost = URL.canParse(host) && /^https?:$/.test(new URL(host).protocol) && new URL(host).username === '';
  if (!isHost) return 'The endpoint in INTERLINE_MEDIA must be https://host or http://host:port.';
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken = '' } = environment;
  if (accessKeyId === '' || secretAccessKey === '') return 'INTERLINE_MEDIA names S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  // Other servers than AWS know a bucket by the first part of the path.
  const path = [endpoint === null ? '' : url.hostname, prefix].filter((part) => part !== '').join('/');
  const base = new URL(host);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}${path === '' ? '' : '/'}`;
  return { base, region, accessKeyId, secretAccessKey, sessionToken: sessionToken === '' ? null : sessionToken };
}

export interface S3Parts {
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Makes a store in a bucket that is there already. */
export function createS3Blobs(place: S3Place, parts: S3Parts): BlobStore {
  const pool = new Pool(place.base.origin, { connections: CONNECTIONS_MAX, connect: { timeout: CONNECT_MS }, headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });
  const ask = (asked: Asked): Promise<Dispatcher.ResponseData> => {
    const url = new URL(asked.sha256, place.base);
    return retry(parts, () => send({ pool, place, clock: parts.clock }, url, asked));
  };
  return {
    async put(draft) {
      const answer = await ask({ method: 'PUT', sha256: checkHash(draft.sha256), draft, headers: {} });
      if (answer.statusCode !== 200) throw await complaint(answer);
      await answer.body.dump();
      await rm(draft.file, { force: true });
    },
    async open(sha256, range) {
      const answer = await ask({ method: 'GET', sha256: checkHash(sha256), draft: null, headers: range ? { range: `bytes=${range.start}-${range.end}` } : {} });
      if (answer.statusCode === (range ? 206 : 200)) return answer.body;
      if (answer.statusCode !== 404) throw await complaint(answer);
      await answer.body.dump();
      throw new BlobMissing(sha256);
    },
    async remove(sha256) {
      const answer = await ask({ method: 'DELETE', sha256: checkHash(sha256), draft: null, headers: {} });
      if (answer.statusCode !== 204 && answer.statusCode !== 200 && answer.statusCode !== 404) throw await complaint(answer);
      await answer.body.dump();
    },
    close: () => pool.close(),
  };
}

interface Asked {
  readonly method: 'PUT' | 'GET' | 'DELETE';
  readonly sha256: string;
  readonly draft: BlobDraft | null;
  readonly headers: Readonly<Record<string, string>>;
}

interface Way {
  readonly pool: Pool;
  readonly place: S3Place;
  readonly clock: Clock;
}

/** The name of an object is the hash of its bytes, so what is sent is signed too, and the server checks it. */
async function send({ pool, place, clock }: Way, url: URL, { method, draft, headers }: Asked): Promise<Dispatcher.ResponseData> {
  const { accessKeyId, secretAccessKey, sessionToken, region } = place;
  const signer = new AwsV4Signer({
    method, url: url.href, service: 's3', region, accessKeyId, secretAccessKey,
    datetime: amzDate(clock.now()),
    headers: { ...headers, 'x-amz-content-sha256': draft ? draft.sha256 : EMPTY_HASH },
    ...(sessionToken === null ? {} : { sessionToken }),
  });
  const signed = await signer.sign();
  return pool.request({
    method, path: signed.url.pathname,
    headers: { ...Object.fromEntries(signed.headers), ...(draft ? { 'content-length': String(draft.bytes), 'content-type': 'application/octet-stream' } : {}) },
    ...(draft ? { body: createReadStream(draft.file) } : {}),
  });
}

/** Milliseconds since the epoch as `20261121T120000Z`. */
function amzDate(ms: number): string {
  return isoTime(ms).replace(/[-:]|\.\d{3}/g, '');
}

/** Every request may be repeated: what an object holds follows from its name. */
async function retry({ clock, chance }: S3Parts, make: () => Promise<Dispatcher.ResponseData>): Promise<Dispatcher.ResponseData> {
  for (let tries = 1; ; tries++) {
    let failure: unknown;
    try {
      const answer = await make();
      if (answer.statusCode < 500 && answer.statusCode !== 429) return answer;
      failure = await complaint(answer);
    } catch (thrown) {
      failure = thrown;
    }
    if (tries >= TRIES_MAX) throw failure instanceof StoreUnavailable ? failure : new StoreUnavailable('the S3 storage can not be reached', { cause: failure });
    const ms = RETRY_MS * 2 ** (tries - 1) * (1 + chance());
    await new Promise<void>((resolve) => { clock.after(ms, resolve); });
  }
}

/** S3 says what is wrong in `<Code>` (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, 2026-11). */
async function complaint(answer: Dispatcher.ResponseData): Promise<StoreUnavailable> {
  const text = await answer.body.text().catch(() => '');
  const code = /<Code>([A-Za-z0-9]{1,80})<\/Code>/.exec(text.slice(0, COMPLAINT_BYTES_MAX))?.[1] ?? 'no code';
  return new StoreUnavailable(`the S3 storage answered ${answer.statusCode} (${code})`);
}
