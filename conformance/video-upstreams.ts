/** This file is an upstream for videos: a small server that behaves like one vendor's, over real sockets, and remembers what it was asked. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { videoVendors } from './video-vendors.ts';
import type { VendorJob, VendorReply, VideoStage, VideoTrouble, VideoVendor, VideoVendorName } from './video-vendors.ts';

/** What becomes of a job. */
export interface VideoPlan {
  /**
   * How the start is answered: `take` as it should be; `lose` takes the job and closes the connection without an answer; `drop` closes it
   * and takes nothing; `garble` takes it and answers what is no JSON; the others refuse.
   */
  readonly submit?: 'take' | 'lose' | 'drop' | 'garble' | 'refuse' | 'moderate' | 'limit' | 'break';
  /** Polls that find it waiting or running. */
  readonly polls?: number;
  readonly ending?: 'completed' | 'failed' | 'moderated';
  /** So many polls are answered with 503 before any other. */
  readonly brokenPolls?: number;
  /** So many downloads are cut in the middle before one is whole. */
  readonly brokenDownloads?: number;
  /** What a vendor that counts tokens says it has counted; null: it does not say. */
  readonly tokens?: number | null;
  /** Downloads from the vendor are first redirected to where they are fetched without a key. */
  readonly redirects?: boolean;
}

/** A job that was taken, and what was asked of it since. */
export interface TakenVideo {
  readonly id: string;
  readonly prompt: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly plan: VideoPlan;
  polls: number;
  downloads: number;
  isRemoved: boolean;
}

export interface VideoUpstream {
  /** As the provider's base URL. */
  readonly url: string;
  /** Every job taken, oldest first. A job that was submitted twice is here twice. */
  readonly jobs: readonly TakenVideo[];
  /** Starts that came, whether taken or not. */
  readonly starts: () => number;
  /** Requests that came with a key to where none belongs, by their path; always empty if all is well. */
  readonly leaks: readonly string[];
  /** Says what becomes of jobs with this prompt; the other ones follow the plan given at the start. */
  plan(prompt: string, plan: VideoPlan): void;
  close(): Promise<void>;
}

export interface VideoUpstreamOptions {
  readonly key?: string;
  /** For prompts without a plan of their own. */
  readonly plan?: VideoPlan | ((prompt: string) => VideoPlan);
  /** What is downloaded; the upstream's own is no real video. */
  readonly video?: Buffer;
  readonly port?: number;
}

/** A file type box and some bytes that differ by job. */
function placeholder(id: string): Buffer {
  const type = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp42', 'latin1');
  const content = Buffer.from(`a video for ${id} `.repeat(200), 'latin1');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write('mdat', 4, 'latin1');
  return Buffer.concat([type, head, content]);
}

interface Stage {
  readonly vendor: VideoVendor;
  readonly options: VideoUpstreamOptions;
  readonly plans: Map<string, VideoPlan>;
  readonly jobs: TakenVideo[];
  readonly leaks: string[];
  readonly origin: () => string;
  starts: number;
  uploads: number;
}

/** Starts an upstream of one vendor on a free port. */
export async function startVideoUpstream(name: VideoVendorName, options: VideoUpstreamOptions = {}): Promise<VideoUpstream> {
  const vendor = videoVendors[name];
  let port = 0;
  const stage: Stage = { vendor, options, plans: new Map(), jobs: [], leaks: [], origin: () => `http://127.0.0.1:${port}`, starts: 0, uploads: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const parts: Buffer[] = [];
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    request.on('data', (bytes: Buffer) => { parts.push(bytes); });
    request.on('end', () => { answer(stage, { request, response, body: Buffer.concat(parts).toString('utf8') }); });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => { server.listen(options.port ?? 0, '127.0.0.1', resolve); });
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}${vendor.prefix}`,
    jobs: stage.jobs,
    starts: () => stage.starts,
    leaks: stage.leaks,
    plan(prompt, plan) { stage.plans.set(prompt, plan); },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

const CREDENTIALS = ['authorization', 'x-goog-api-key', 'api-key'];

function answer(stage: Stage, asked: Asked): void {
  const { vendor, options } = stage;
  const { request, response } = asked;
  const { pathname } = new URL(request.url ?? '/', stage.origin());
  const elsewhere = /^\/elsewhere\/([^/]+)\.mp4$/.exec(pathname)?.[1];
  if (elsewhere !== undefined) {
    if (CREDENTIALS.some((name) => request.headers[name] !== undefined)) stage.leaks.push(pathname);
    sendVideo(stage, response, find(stage, elsewhere));
    return;
  }
  if (request.headers[vendor.keyHeader] !== vendor.keyStart + (options.key ?? 'sk-video')) return send(response, vendor.trouble('no-key'));
  const path = pathname.startsWith(vendor.prefix) ? pathname.slice(vendor.prefix.length) : '';
  if (request.method === 'POST' && vendor.start.test(path)) return takeJob(stage, asked, path);
  if (request.method === 'POST' && vendor.upload?.test(path) === true && vendor.uploaded) return send(response, vendor.uploaded(++stage.uploads));
  const content = vendor.content?.exec(path)?.[1];
  if (request.method === 'GET' && content !== undefined) return giveContent(stage, response, find(stage, content));
  const job = find(stage, vendor.poll.exec(path)?.[1] ?? '');
  if (job === undefined) return send(response, vendor.trouble('absent'));
  if (request.method === 'DELETE') {
    job.isRemoved = true;
    return send(response, { status: 200, text: JSON.stringify({ id: job.id, object: 'video.deleted', deleted: true }) });
  }
  if (++job.polls <= (job.plan.brokenPolls ?? 0)) return send(response, vendor.trouble('broken'));
  return send(response, vendor.show(show(stage, job)));
}

/** By the vendor's id, or by the caller's own where it takes one. */
function find(stage: Stage, id: string): TakenVideo | undefined {
  return id === '' ? undefined : stage.jobs.find((job) => !job.isRemoved && (job.id === id || job.body.includes(`"external_task_id":"${id}"`)));
}

const TROUBLES: ReadonlyMap<string, VideoTrouble> = new Map([['refuse', 'refused'], ['moderate', 'moderated'], ['limit', 'limited'], ['break', 'broken']]);

function takeJob(stage: Stage, { request, response, body }: Asked, path: string): void {
  const { vendor, options, jobs } = stage;
  stage.starts++;
  const prompt = promptOf(body);
  const fallback = typeof options.plan === 'function' ? options.plan(prompt) : options.plan ?? {};
  const plan = stage.plans.get(prompt) ?? fallback;
  const trouble = TROUBLES.get(plan.submit ?? 'take');
  if (trouble !== undefined) return send(response, vendor.trouble(trouble));
  if (plan.submit === 'drop') {
    response.socket?.destroy();
    return;
  }
  const job: TakenVideo = { id: vendor.newId(jobs.length + 1), prompt, path, headers: request.headers, body, plan, polls: 0, downloads: 0, isRemoved: false };
  jobs.push(job);
  if (plan.submit === 'lose') response.socket?.destroy();
  else if (plan.submit === 'garble') send(response, { status: 200, text: '<html>Bad Gateway</html>' });
  else send(response, vendor.taken(show(stage, job)));
}

/** The prompt of a body in any vendor's form. */
function promptOf(body: string): string {
  const multipart = /name="prompt"\r\n\r\n([\s\S]*?)\r\n--/.exec(body)?.[1];
  if (multipart !== undefined) return multipart;
  try {
    const value = JSON.parse(body) as { prompt?: string; instances?: { prompt?: string }[]; content?: { text?: string }[] };
    return value.prompt ?? value.instances?.[0]?.prompt ?? value.content?.[0]?.text ?? '';
  } catch {
    return '';
  }
}

function show(stage: Stage, job: TakenVideo): VendorJob {
  const waiting = job.plan.polls ?? 2;
  const seen = job.polls - (job.plan.brokenPolls ?? 0);
  const isOver = seen > waiting;
  const open: VideoStage = seen <= 1 ? 'queued' : 'running';
  const videoUrl = `${stage.origin()}/elsewhere/${job.id}.mp4`;
  return { id: job.id, stage: isOver ? job.plan.ending ?? 'completed' : open, percent: isOver ? 100 : Math.floor(100 * Math.max(0, seen) / (waiting + 1)), videoUrl, ...(job.plan.tokens === undefined ? {} : { tokens: job.plan.tokens }) };
}

function giveContent(stage: Stage, response: ServerResponse, job: TakenVideo | undefined): void {
  if (job === undefined || show(stage, job).stage !== 'completed') return send(response, stage.vendor.trouble('absent'));
  if (job.plan.redirects !== true) return sendVideo(stage, response, job);
  response.writeHead(302, { location: `${stage.origin().replace('127.0.0.1', 'localhost')}/elsewhere/${job.id}.mp4` }).end();
}

function sendVideo({ options }: Stage, response: ServerResponse, job: TakenVideo | undefined): void {
  if (job === undefined) {
    response.writeHead(404).end();
    return;
  }
  const video = options.video ?? placeholder(job.id);
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': String(video.length) });
  if (++job.downloads > (job.plan.brokenDownloads ?? 0)) {
    response.end(video);
    return;
  }
  response.write(video.subarray(0, Math.floor(video.length / 2)), () => { response.socket?.destroy(); });
}

function send(response: ServerResponse, { status, headers = {}, text }: VendorReply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}
