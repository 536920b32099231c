/** This file names every bound of the gateway with its unit; an operator may override those in `limits` of the configuration. */

const KILO = 1024;
const MEGA = 1024 * KILO;
const SECOND = 1000;

export const defaultLimits = {
  /** Request line and headers together, in bytes; more is a 431. */
  headerBytesMax: 16 * KILO,
  headersCountMax: 100,
  /** A JSON body without inline images, audio or files, in bytes; more is a 413. */
  jsonBodyBytesMax: 1 * MEGA,
  /** A chat body with inline images, audio or files, in bytes; more is a 413. */
  mediaBodyBytesMax: 32 * MEGA,
  /** One data URL in a JSON body, in bytes; a longer one is a 413. */
  dataUrlBytesMax: 8 * MEGA,
  /** Nesting of objects and arrays in a body; more is a 400 before it is parsed. */
  jsonDepthMax: 64,
  /** One file of a form (multipart/form-data), in bytes; more is a 413. */
  formFileBytesMax: 25 * MEGA,
  /** All texts of a form together, names included, in bytes; more is a 413. */
  formTextBytesMax: 8 * MEGA,
  /** Files and texts of a form; more is a 400. */
  formPartsMax: 128,
  /** Headers of one part of a form, in bytes; a part with more is a 400. */
  formPartHeaderBytesMax: 8 * KILO,
  /** Nesting of a field's name in a form, as in `a[b][c]`, which is 3; more is a 400. */
  formNameDepthMax: 8,
  /** A slow client's headers must be complete after this long, in ms. */
  clientHeadersTimeoutMs: 4 * SECOND,
  /** A slow client's whole request must be complete after this long, in ms. */
  clientRequestTimeoutMs: 30 * SECOND,
  connectionsCheckingIntervalMs: 1 * SECOND,
  /** An idle keep-alive connection of a client is closed after this long, in ms. */
  clientKeepAliveMs: 65 * SECOND,
  /** A reader that takes nothing for this long is cut, in ms. */
  stalledWriteMs: 30 * SECOND,
  upstreamConnectMs: 3 * SECOND,
  /** From the request to the upstream's first byte, in ms. */
  upstreamFirstByteMs: 60 * SECOND,
  /** Between two chunks of an upstream reply, in ms. */
  upstreamIdleMs: 60 * SECOND,
  /** A whole upstream exchange, in ms. */
  upstreamTotalMs: 15 * 60 * SECOND,
  /** An upstream's JSON reply, in bytes; more is a 502. */
  upstreamReplyBytesMax: 32 * MEGA,
  /** One event of an upstream's stream, in bytes; more ends it with an error event. */
  upstreamEventBytesMax: 8 * MEGA,
  /** Prompts of one legacy completion; more is a 400. */
  completionPromptsMax: 64,
  /** Exchanges that one call has with its upstream at once, where it needs several. */
  exchangesAtOnceMax: 4,
  /** Connections to one upstream origin. */
  upstreamConnectionsMax: 1024,
  /** A stream whose upstream has not answered by then is committed to 200 and kept alive, in ms. */
  streamCommitMs: 20 * SECOND,
  /** Between keep-alive comments on a silent stream, in ms. */
  keepAliveCommentMs: 10 * SECOND,
  /** Raw events kept per open stream for counting before they are folded into text, in bytes. */
  observedEventsBytesMax: 64 * KILO,
  /** After SIGTERM open calls may go on for this long, in ms. */
  drainMs: 30 * SECOND,
  /** Keys kept in memory. */
  keyCacheMax: 100_000,
  /** A cached key is read again after this long, in ms. */
  keyCacheMs: 5 * SECOND,
  /** Rows in one store transaction. */
  storeBatchMax: 256,
  /** Rows waiting for the store before new calls are refused with 503. */
  storeQueueMax: 20_000,
  /** How often other processes' changes are looked for, in ms. */
  revisionPollMs: 125,
  /** Of an open stream it is noted every so often what is certain, and from then on a crash is not free, in ms. */
  noteAfterMs: 1 * SECOND,
  /** A reply kept for its idempotency key, in bytes; a longer one is remembered, but not kept. */
  keptReplyBytesMax: 1 * MEGA,
  /** An idempotency key is remembered for this long, in ms. */
  idempotencyMs: 24 * 60 * 60 * SECOND,
  /** A hold nobody has ended is released after this long, in ms; longer than any request may take. */
  holdMs: 2 * 60 * 60 * SECOND,
  /** A request waits this long for what other gateways have leased before it is refused, in ms. */
  contendedMs: 3 * SECOND,
  /** Counters of which this gateway has leased a slice. */
  leasedCountersMax: 10_000,
  /** A lease nobody has used for this long is given back, in ms. */
  leaseIdleMs: 5 * SECOND,
  /** A gateway that shows no sign of life for this long is taken for dead, in ms; it stops using its leases after two thirds of it. */
  nodeDeadMs: 15 * SECOND,
  /** One thing that is kept (an image, a video), in bytes; an upstream that sends more is a 502. */
  mediaBytesMax: 512 * MEGA,
  /** What is kept is deleted after this long, in ms. */
  mediaMs: 30 * 24 * 60 * 60 * SECOND,
  /** Between two looks for what has expired, in ms. */
  mediaSweepMs: 10 * 60 * SECOND,
  /** An answer of Responses is kept for so long, in ms. */
  responseRetentionMs: 30 * 24 * 60 * 60 * SECOND,
  /** Between two looks for answers that have expired, in ms. */
  responseSweepMs: 10 * 60 * SECOND,
  /** Answers one gateway makes in the background at once; more are told to come back. */
  backgroundRunsMax: 256,
  /** Events of one answer made in the background, in bytes; of one with more only the last is told again. */
  backgroundEventsBytesMax: 4 * MEGA,
  /** Between two looks whether answers made in the background were cancelled through another gateway, in ms. */
  backgroundLookMs: SECOND / 2,
  /** Answers that can follow one another. */
  responseChainMax: 1000,
  /** Jobs (videos) one gateway moves on at once; the others wait for the next that is free. */
  jobsAtOnceMax: 64,
  /** Between two looks for jobs that are due, in ms. */
  jobLookMs: 1 * SECOND,
  /** A gateway that has claimed a job and died keeps it from others for so long, in ms. */
  jobLeaseMs: 15 * SECOND,
  /** A gateway that closes waits so long for the steps of its jobs, in ms. */
  jobFarewellMs: 5 * SECOND,
  /** Between two questions to an upstream how a video is coming along, in ms; longer for one that takes long. */
  videoPollMs: 10 * SECOND,
  /** What is known of a request, but for what it cost, is deleted after this long, in ms. */
  requestLogRetentionMs: 400 * 24 * 60 * 60 * SECOND,
  /** Between two looks for requests and bodies whose time is over, in ms. */
  requestLogSweepMs: 10 * 60 * SECOND,
  /** Rows one page of the request log looks at before it tells how far it came. */
  requestLogLooksMax: 20_000,
  /** Days one report is of. */
  reportDaysMax: 92,
  /** Requests a report looks at one by one; of more, so many spread over its time. */
  reportSampleRowsMax: 3000,
  /** No report concludes anything from fewer requests. */
  reportRequestsMin: 50,
  /** What is kept of a body of a request or a reply, in bytes; the rest is left out. */
  keptBodyBytesMax: 64 * KILO,
  /** Bodies that wait to be kept, in bytes; what comes while there are more is not kept. */
  keptBodiesQueueBytesMax: 32 * MEGA,
  /** A body that is longer is not looked for in the reply cache, in bytes. */
  cachedRequestBytesMax: 4 * MEGA,
  /** Answers that are kept of one workspace, in bytes, whatever it has set. */
  replyCacheBytesMax: 64 * MEGA,
  /** Answers that wait to be kept, in bytes; what comes while there are more is not kept. */
  replyCacheQueueBytesMax: 32 * MEGA,
  /** What candidates of rollouts are asked in the shadow of callers at once; what comes while there are more is not asked. */
  shadowCallsMax: 32,
  /** A request with a longer body has no shadow, in bytes. */
  shadowBodyBytesMax: 256 * KILO,
  /** A shadow call is given up after this long, in ms. */
  shadowMs: 120 * SECOND,
  /** An answer to a shadow call, in bytes; a longer one is given up. */
  shadowReplyBytesMax: 2 * MEGA,
  /** Requests of each side by which a rollout is compared: the newest so many. */
  rolloutSampleMax: 10_000,
  /** Prompts of an eval set; more are a 400. */
  evalItemsMax: 1000,
  /** Answers of one run of an eval set: prompts, contenders and repetitions; more are a 400. */
  evalAnswersMax: 20_000,
  /** Runs of eval sets one gateway does at once; the others wait for the next that is free. */
  evalRunsAtOnceMax: 4,
  /** Between two looks for runs of eval sets that are due, in ms. */
  evalLookMs: 1 * SECOND,
  /** A gateway that does a run and died keeps it from others for so long, in ms. */
  evalLeaseMs: 15 * SECOND,
  /** A gateway that closes waits so long for answers of its runs, in ms. */
  evalFarewellMs: 5 * SECOND,
  /** A run is deleted with its results after so long, in ms. */
  evalRetentionMs: 400 * 24 * 60 * 60 * SECOND,
  /** What is kept of one answer, and looked at by checks, in characters; the rest is left out. */
  evalOutputCharactersMax: 32_000,
  /** A regular expression or a JSON schema has so long for one answer, in ms. */
  evalCheckMs: 1 * SECOND,
  pageSizeDefault: 20,
  pageSizeMax: 100,
} as const;

export type Limits = { readonly [Name in keyof typeof defaultLimits]: number };
