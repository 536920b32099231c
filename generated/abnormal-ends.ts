/** This file is generated from the `x-abnormal-ends` of spec/paths by `npm run generate`; do not edit it. */
import type { Outcome, UsageBasis } from './client/types.gen.ts';

/** What a caller pays when a request does not end as usual. */
export interface AbnormalEnd {
  readonly when: string;
  /** `seen`: the prompt and what came of the answer. `noted`: what was certain at the last note. `room`: as much of the answer as every limit has room for. */
  readonly pays: 'nothing' | 'answer' | 'seen' | 'noted' | 'room';
  /** As the usage row tells it; null where there is no row of its own. */
  readonly outcome: Outcome | null;
  /** How the usage is known where the upstream did not say it. */
  readonly basis: UsageBasis;
  readonly why: string;
}

export const abnormalEnds = {
  createChatCompletion: {
    refused_by_gateway: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The gateway refuses the request: a limit, a balance, a budget, a scope.", why: "No upstream was called." },
    upstream_refuses: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The upstream refuses the request.", why: "It did no work." },
    fails_before_first_byte: { pays: 'nothing', outcome: 'upstream_error', basis: 'none', when: "The upstream fails, or cannot be reached, before the first byte of an answer. An answer in one piece has no first byte until it is whole.", why: "Nothing of use has come." },
    fails_after_first_byte: { pays: 'seen', outcome: 'upstream_error', basis: 'observed', when: "The upstream breaks off in the middle of a stream.", why: "The prompt was read and the text that came was delivered." },
    answers_empty: { pays: 'nothing', outcome: 'ok', basis: 'none', when: "The upstream answers with no text, no call and nothing thought.", why: "There is no answer." },
    omits_usage: { pays: 'answer', outcome: 'ok', basis: 'counted', when: "The upstream answers, and does not say what was used.", why: "The gateway counts the tokens of the prompt and of the text itself." },
    caller_leaves: { pays: 'seen', outcome: 'client_gone', basis: 'observed', when: "The caller closes the connection before the end.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    caller_leaves_with_idempotency_key: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The same, of a request with an Idempotency-Key.", why: "The answer is finished and kept for whoever asks again." },
    deadline_passes_before_first_byte: { pays: 'nothing', outcome: 'timeout', basis: 'none', when: "The upstream takes too long to begin.", why: "Nothing of use has come." },
    deadline_passes_after_first_byte: { pays: 'seen', outcome: 'timeout', basis: 'observed', when: "The upstream takes too long in the middle of a stream.", why: "The prompt was read and the text that came was delivered." },
    gateway_killed_young: { pays: 'nothing', outcome: null, basis: 'none', when: "The gateway is killed before anything of the request was noted: within its first second, or while an answer in one piece is awaited.", why: "Nothing is certain; the loss is the operator's." },
    gateway_killed_noted: { pays: 'noted', outcome: 'recovered', basis: 'observed', when: "The gateway is killed in the middle of a stream of which it has noted every second what is certain.", why: "Settled at the last note, never at all that was held." },
    gateway_killed_with_idempotency_key: { pays: 'nothing', outcome: 'recovered', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    reply_replayed: { pays: 'nothing', outcome: null, basis: 'none', when: "A request is repeated with its Idempotency-Key and answered with the kept reply.", why: "The first one has paid." },
    fallback_or_retry: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "Another target answers after one or more have failed.", why: "Only the answer is paid, at the price of the target that gave it." },
    costs_more_than_limits_hold: { pays: 'room', outcome: 'ok', basis: 'provider', when: "The answer costs more than was set aside, and a limit has no room for the rest.", why: "A hard limit is never overspent; the rest is the operator's loss and stands in the receipt as overrun." },
    key_revoked: { pays: 'seen', outcome: 'revoked', basis: 'observed', when: "The key is revoked while it is answered.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    shutdown: { pays: 'seen', outcome: 'shutdown', basis: 'observed', when: "The gateway is stopped and the answer is not finished in the time it is given.", why: "The prompt was read and the text that came was delivered." },
    shutdown_with_idempotency_key: { pays: 'nothing', outcome: 'shutdown', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    store_away_before: { pays: 'nothing', outcome: null, basis: 'none', when: "The store cannot be reached when the request comes.", why: "Nothing can be set aside: 503 store_unavailable, before any upstream is called." },
    store_away_after: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The database (PostgreSQL) cannot be reached when the answer is there.", why: "The charge is kept on disk beside the gateway and posted once the database is back." },
  },
  createCompletion: {
    refused_by_gateway: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The gateway refuses the request: a limit, a balance, a budget, a scope.", why: "No upstream was called." },
    upstream_refuses: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The upstream refuses the request.", why: "It did no work." },
    fails_before_first_byte: { pays: 'nothing', outcome: 'upstream_error', basis: 'none', when: "The upstream fails, or cannot be reached, before the first byte of an answer. An answer in one piece has no first byte until it is whole.", why: "Nothing of use has come." },
    fails_after_first_byte: { pays: 'seen', outcome: 'upstream_error', basis: 'observed', when: "The upstream breaks off in the middle of a stream.", why: "The prompt was read and the text that came was delivered." },
    answers_empty: { pays: 'nothing', outcome: 'ok', basis: 'none', when: "The upstream answers with no text, no call and nothing thought.", why: "There is no answer." },
    omits_usage: { pays: 'answer', outcome: 'ok', basis: 'counted', when: "The upstream answers, and does not say what was used.", why: "The gateway counts the tokens of the prompt and of the text itself." },
    caller_leaves: { pays: 'seen', outcome: 'client_gone', basis: 'observed', when: "The caller closes the connection before the end.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    caller_leaves_with_idempotency_key: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The same, of a request with an Idempotency-Key.", why: "The answer is finished and kept for whoever asks again." },
    deadline_passes_before_first_byte: { pays: 'nothing', outcome: 'timeout', basis: 'none', when: "The upstream takes too long to begin.", why: "Nothing of use has come." },
    deadline_passes_after_first_byte: { pays: 'seen', outcome: 'timeout', basis: 'observed', when: "The upstream takes too long in the middle of a stream.", why: "The prompt was read and the text that came was delivered." },
    gateway_killed_young: { pays: 'nothing', outcome: null, basis: 'none', when: "The gateway is killed before anything of the request was noted: within its first second, or while an answer in one piece is awaited.", why: "Nothing is certain; the loss is the operator's." },
    gateway_killed_noted: { pays: 'noted', outcome: 'recovered', basis: 'observed', when: "The gateway is killed in the middle of a stream of which it has noted every second what is certain.", why: "Settled at the last note, never at all that was held." },
    gateway_killed_with_idempotency_key: { pays: 'nothing', outcome: 'recovered', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    reply_replayed: { pays: 'nothing', outcome: null, basis: 'none', when: "A request is repeated with its Idempotency-Key and answered with the kept reply.", why: "The first one has paid." },
    fallback_or_retry: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "Another target answers after one or more have failed.", why: "Only the answer is paid, at the price of the target that gave it." },
    costs_more_than_limits_hold: { pays: 'room', outcome: 'ok', basis: 'provider', when: "The answer costs more than was set aside, and a limit has no room for the rest.", why: "A hard limit is never overspent; the rest is the operator's loss and stands in the receipt as overrun." },
    key_revoked: { pays: 'seen', outcome: 'revoked', basis: 'observed', when: "The key is revoked while it is answered.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    shutdown: { pays: 'seen', outcome: 'shutdown', basis: 'observed', when: "The gateway is stopped and the answer is not finished in the time it is given.", why: "The prompt was read and the text that came was delivered." },
    shutdown_with_idempotency_key: { pays: 'nothing', outcome: 'shutdown', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    store_away_before: { pays: 'nothing', outcome: null, basis: 'none', when: "The store cannot be reached when the request comes.", why: "Nothing can be set aside: 503 store_unavailable, before any upstream is called." },
    store_away_after: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The database (PostgreSQL) cannot be reached when the answer is there.", why: "The charge is kept on disk beside the gateway and posted once the database is back." },
  },
  createEmbedding: {
    refused_by_gateway: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The gateway refuses the request: a limit, a balance, a budget, a scope.", why: "No upstream was called." },
    upstream_refuses: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The upstream refuses the request.", why: "It did no work." },
    fails_before_first_byte: { pays: 'nothing', outcome: 'upstream_error', basis: 'none', when: "The upstream fails, or cannot be reached, before the first byte of an answer. An answer in one piece has no first byte until it is whole.", why: "Nothing of use has come." },
    omits_usage: { pays: 'answer', outcome: 'ok', basis: 'counted', when: "The upstream answers, and does not say what was used.", why: "The gateway counts the tokens of the prompt and of the text itself." },
    caller_leaves: { pays: 'seen', outcome: 'client_gone', basis: 'observed', when: "The caller closes the connection before the end.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    caller_leaves_with_idempotency_key: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The same, of a request with an Idempotency-Key.", why: "The answer is finished and kept for whoever asks again." },
    deadline_passes_before_first_byte: { pays: 'nothing', outcome: 'timeout', basis: 'none', when: "The upstream takes too long to begin.", why: "Nothing of use has come." },
    gateway_killed_young: { pays: 'nothing', outcome: null, basis: 'none', when: "The gateway is killed before anything of the request was noted: within its first second, or while an answer in one piece is awaited.", why: "Nothing is certain; the loss is the operator's." },
    gateway_killed_with_idempotency_key: { pays: 'nothing', outcome: 'recovered', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    reply_replayed: { pays: 'nothing', outcome: null, basis: 'none', when: "A request is repeated with its Idempotency-Key and answered with the kept reply.", why: "The first one has paid." },
    fallback_or_retry: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "Another target answers after one or more have failed.", why: "Only the answer is paid, at the price of the target that gave it." },
    costs_more_than_limits_hold: { pays: 'room', outcome: 'ok', basis: 'provider', when: "The answer costs more than was set aside, and a limit has no room for the rest.", why: "A hard limit is never overspent; the rest is the operator's loss and stands in the receipt as overrun." },
    key_revoked: { pays: 'seen', outcome: 'revoked', basis: 'observed', when: "The key is revoked while it is answered.", why: "The upstream is let go at once; it has read the prompt and generated what came by then." },
    shutdown: { pays: 'seen', outcome: 'shutdown', basis: 'observed', when: "The gateway is stopped and the answer is not finished in the time it is given.", why: "The prompt was read and the text that came was delivered." },
    shutdown_with_idempotency_key: { pays: 'nothing', outcome: 'shutdown', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    store_away_before: { pays: 'nothing', outcome: null, basis: 'none', when: "The store cannot be reached when the request comes.", why: "Nothing can be set aside: 503 store_unavailable, before any upstream is called." },
    store_away_after: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The database (PostgreSQL) cannot be reached when the answer is there.", why: "The charge is kept on disk beside the gateway and posted once the database is back." },
  },
  createTranscription: {
    refused_by_gateway: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The gateway refuses the request: a limit, a balance, a budget, a scope.", why: "No upstream was called." },
    upstream_refuses: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The upstream refuses the request.", why: "It did no work." },
    fails_before_first_byte: { pays: 'nothing', outcome: 'upstream_error', basis: 'none', when: "The upstream fails, or cannot be reached, before the first byte of an answer. An answer in one piece has no first byte until it is whole.", why: "Nothing of use has come." },
    fails_after_first_byte: { pays: 'seen', outcome: 'upstream_error', basis: 'observed', when: "The upstream breaks off in the middle of a stream.", why: "The audio was heard and the text that came was delivered." },
    omits_usage: { pays: 'answer', outcome: 'ok', basis: 'counted', when: "The upstream answers, and does not say what was used.", why: "The gateway knows how long the audio is from its headers, and counts the tokens of the text." },
    caller_leaves: { pays: 'seen', outcome: 'client_gone', basis: 'observed', when: "The caller closes the connection before the end.", why: "The upstream is let go at once; it has the audio, and has written what came by then." },
    caller_leaves_with_idempotency_key: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The same, of a request with an Idempotency-Key.", why: "The answer is finished and kept for whoever asks again." },
    deadline_passes_before_first_byte: { pays: 'nothing', outcome: 'timeout', basis: 'none', when: "The upstream takes too long to begin.", why: "Nothing of use has come." },
    deadline_passes_after_first_byte: { pays: 'seen', outcome: 'timeout', basis: 'observed', when: "The upstream takes too long in the middle of a stream.", why: "The audio was heard and the text that came was delivered." },
    gateway_killed_young: { pays: 'nothing', outcome: null, basis: 'none', when: "The gateway is killed before anything of the request was noted: within its first second, or while an answer in one piece is awaited.", why: "Nothing is certain; the loss is the operator's." },
    gateway_killed_noted: { pays: 'noted', outcome: 'recovered', basis: 'observed', when: "The gateway is killed in the middle of a stream of which it has noted every second what is certain.", why: "Settled at the last note, never at all that was held." },
    gateway_killed_with_idempotency_key: { pays: 'nothing', outcome: 'recovered', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    reply_replayed: { pays: 'nothing', outcome: null, basis: 'none', when: "A request is repeated with its Idempotency-Key and answered with the kept reply.", why: "The first one has paid." },
    fallback_or_retry: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "Another target answers after one or more have failed.", why: "Only the answer is paid, at the price of the target that gave it." },
    costs_more_than_limits_hold: { pays: 'room', outcome: 'ok', basis: 'provider', when: "The answer costs more than was set aside, and a limit has no room for the rest.", why: "A hard limit is never overspent; the rest is the operator's loss and stands in the receipt as overrun." },
    key_revoked: { pays: 'seen', outcome: 'revoked', basis: 'observed', when: "The key is revoked while it is answered.", why: "The upstream is let go at once; it has the audio, and has written what came by then." },
    shutdown: { pays: 'seen', outcome: 'shutdown', basis: 'observed', when: "The gateway is stopped and the answer is not finished in the time it is given.", why: "The audio was heard and the text that came was delivered." },
    shutdown_with_idempotency_key: { pays: 'nothing', outcome: 'shutdown', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    store_away_before: { pays: 'nothing', outcome: null, basis: 'none', when: "The store cannot be reached when the request comes.", why: "Nothing can be set aside: 503 store_unavailable, before any upstream is called." },
    store_away_after: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The database (PostgreSQL) cannot be reached when the answer is there.", why: "The charge is kept on disk beside the gateway and posted once the database is back." },
  },
  createSpeech: {
    refused_by_gateway: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The gateway refuses the request: a limit, a balance, a budget, a scope.", why: "No upstream was called." },
    upstream_refuses: { pays: 'nothing', outcome: 'refused', basis: 'none', when: "The upstream refuses the request.", why: "It did no work." },
    fails_before_first_byte: { pays: 'nothing', outcome: 'upstream_error', basis: 'none', when: "The upstream fails, or cannot be reached, before the first byte of an answer. An answer in one piece has no first byte until it is whole.", why: "Nothing of use has come." },
    fails_after_first_byte: { pays: 'seen', outcome: 'upstream_error', basis: 'observed', when: "The upstream breaks off in the middle of a stream.", why: "The text was read and the sound that came was delivered." },
    omits_usage: { pays: 'answer', outcome: 'ok', basis: 'counted', when: "The upstream answers, and does not say what was used.", why: "The gateway counts the characters and tokens of the text and the length of the sound." },
    caller_leaves: { pays: 'seen', outcome: 'client_gone', basis: 'observed', when: "The caller closes the connection before the end.", why: "The upstream is let go at once; it has the text, and has spoken what came by then." },
    caller_leaves_with_idempotency_key: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The same, of a request with an Idempotency-Key.", why: "The answer is finished and kept for whoever asks again." },
    deadline_passes_before_first_byte: { pays: 'nothing', outcome: 'timeout', basis: 'none', when: "The upstream takes too long to begin.", why: "Nothing of use has come." },
    deadline_passes_after_first_byte: { pays: 'seen', outcome: 'timeout', basis: 'observed', when: "The upstream takes too long in the middle of a stream.", why: "The text was read and the sound that came was delivered." },
    gateway_killed_young: { pays: 'nothing', outcome: null, basis: 'none', when: "The gateway is killed before anything of the request was noted: within its first second, or while an answer in one piece is awaited.", why: "Nothing is certain; the loss is the operator's." },
    gateway_killed_noted: { pays: 'noted', outcome: 'recovered', basis: 'observed', when: "The gateway is killed in the middle of a stream of which it has noted every second what is certain.", why: "Settled at the last note, never at all that was held." },
    gateway_killed_with_idempotency_key: { pays: 'nothing', outcome: 'recovered', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    reply_replayed: { pays: 'nothing', outcome: null, basis: 'none', when: "A request is repeated with its Idempotency-Key and answered with the kept reply.", why: "The first one has paid." },
    fallback_or_retry: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "Another target answers after one or more have failed.", why: "Only the answer is paid, at the price of the target that gave it." },
    costs_more_than_limits_hold: { pays: 'room', outcome: 'ok', basis: 'provider', when: "The answer costs more than was set aside, and a limit has no room for the rest.", why: "A hard limit is never overspent; the rest is the operator's loss and stands in the receipt as overrun." },
    key_revoked: { pays: 'seen', outcome: 'revoked', basis: 'observed', when: "The key is revoked while it is answered.", why: "The upstream is let go at once; it has the text, and has spoken what came by then." },
    shutdown: { pays: 'seen', outcome: 'shutdown', basis: 'observed', when: "The gateway is stopped and the answer is not finished in the time it is given.", why: "The text was read and the sound that came was delivered." },
    shutdown_with_idempotency_key: { pays: 'nothing', outcome: 'shutdown', basis: 'none', when: "The same, of a request with an Idempotency-Key.", why: "The key is free again, and the repeated request pays." },
    store_away_before: { pays: 'nothing', outcome: null, basis: 'none', when: "The store cannot be reached when the request comes.", why: "Nothing can be set aside: 503 store_unavailable, before any upstream is called." },
    store_away_after: { pays: 'answer', outcome: 'ok', basis: 'provider', when: "The database (PostgreSQL) cannot be reached when the answer is there.", why: "The charge is kept on disk beside the gateway and posted once the database is back." },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, AbnormalEnd>>>>;

/** Every way in which an operation can end abnormally: a table over it is total, or does not compile. */
export type AbnormalCase<Id extends keyof typeof abnormalEnds> = keyof (typeof abnormalEnds)[Id];
