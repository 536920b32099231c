/** This file is the interface of a wire for videos: pure functions that start a job at an upstream, follow it, and fetch what it made. */
import type { JsonObject } from '../foundation/json-value.ts';
import type { Target } from '../foundation/terms.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure } from './wire.ts';

/** An image or a video that goes into a video: an address (`https:`, or `data:` with everything in it), or the bytes. */
export type VideoPart =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array };

/** The canonical request of a video. Sizes, seconds and inputs have been checked against the model's entry in the catalogue. */
export interface VideoRequest {
  readonly prompt: string;
  /** Whole seconds; null leaves it to the upstream. */
  readonly seconds: number | null;
  /** `1280x720`; null leaves it to the upstream. */
  readonly size: string | null;
  readonly inputReference: VideoPart | null;
  readonly endFrame: VideoPart | null;
  readonly referenceImages: readonly VideoPart[];
  readonly referenceVideos: readonly VideoPart[];
  readonly audio: boolean | null;
  readonly motionControl: unknown;
  /** Fields the contract does not name; for an upstream that does. */
  readonly extra: JsonObject;
}

/** What a wire needs to know to start a job. */
export interface VideoStart {
  readonly target: Target;
  readonly video: VideoRequest;
  /** Ours; where an upstream takes an id of its caller's, it is told this one. */
  readonly jobId: string;
  /** What `prepare` has given, one for each of its requests; empty where a wire has none. */
  readonly prepared: readonly string[];
}

export interface VideoState {
  readonly status: 'queued' | 'in_progress' | 'completed' | 'failed';
  /** Percent, where the upstream says; null where it does not. */
  readonly progress: number | null;
  /** Why it failed; `moderation_blocked` when the upstream would not show it. Null unless it has. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** What `content` needs, and what the upstream counted; kept with the job. Null until it is completed. */
  readonly result: JsonObject | null;
  /** How long the video is; null while the upstream has not said. */
  readonly seconds: number | null;
}

export interface VideoStarted {
  /** Names the job in `poll`, `content` and `remove`. Not always the upstream's id alone. */
  readonly upstreamId: string;
  readonly state: VideoState;
}

export type VideoVariant = 'video' | 'thumbnail' | 'spritesheet';

/**
 * Where the bytes are: at the provider, asked with its credential; elsewhere, asked without; or here. A provider may answer with a redirect:
 * it is followed without the credential, unless it stays at the provider's own address.
 */
export type VideoDownload =
  | HttpRequest
  | { readonly kind: 'url'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array };

/** How one upstream makes videos. Nothing here throws for what an upstream says: what can't be read is a failure with its code. */
export interface VideoWire {
  /** False: parts must be bytes or `data:` URLs. A part at another address is dropped with a warning, so it is to be refused or fetched before. */
  readonly takesUrls: boolean;
  /** Reference videos must be at an address, also where pictures need not be. */
  readonly videosByAddress?: true;
  /** How much the upstream charges, in ms of video, what it read included; null when it does not say. `size` is the one that was asked for. Absent: what was asked for. */
  readonly chargedMs?: (state: VideoState, size: string | null) => number | null;
  /** Requests to be sent before the start, in order, such as uploads; harmless to repeat. Absent: none. */
  readonly prepare?: {
    requests(start: Omit<VideoStart, 'prepared'>): readonly HttpRequest[];
    /** Reads a successful reply; what it gives goes into `prepared`. */
    read(text: string): string | UpstreamFailure;
  };
  /** Writes the request that submits the job, with a warning for each field that was changed or dropped. */
  start(start: VideoStart): HttpRequest | ScriptedReply;
  /** Reads a successful reply to the start. A failure that is not retryable may mean that the job was taken all the same. */
  readStart(text: string, start: VideoStart): VideoStarted | UpstreamFailure;
  /** Looks for a job whose start had no answer. Absent: the upstream can't be asked, so a lost start stays unknown. */
  readonly find?: {
    request(start: VideoStart): HttpRequest;
    /** Null: the upstream says there is no such job. `status` is the reply's, which may be an error's. */
    read(reply: { readonly status: number; readonly text: string }, start: VideoStart): VideoStarted | UpstreamFailure | null;
  };
  poll(target: Target, upstreamId: string): HttpRequest | ScriptedReply;
  /** Reads a successful reply to a poll. */
  readPoll(text: string): VideoState | UpstreamFailure;
  /** Null: this upstream has no such variant, or not yet. */
  content(job: { readonly target: Target; readonly upstreamId: string; readonly state: VideoState }, variant: VideoVariant): VideoDownload | null;
  /** Removes a job at the upstream; one that waits is cancelled. Absent: it can't be. */
  readonly remove?: (target: Target, upstreamId: string) => HttpRequest;
  /** Classifies an error status with its body (possibly not JSON, possibly cut), from any of the requests above. */
  classify(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure;
}
