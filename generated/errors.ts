/** This file is generated from spec/responses by `npm run generate`; do not edit it. */

export type ErrorCode =
  | 'invalid_request'
  | 'invalid_json'
  | 'json_too_deep'
  | 'upstream_rejected'
  | 'unsupported_field'
  | 'unsupported_model'
  | 'unsafe_url'
  | 'provider_key_rejected'
  | 'invalid_signature'
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'expired_api_key'
  | 'revoked_api_key'
  | 'insufficient_balance'
  | 'budget_exhausted'
  | 'in_flight_budget'
  | 'request_exceeds_budget'
  | 'insufficient_scope'
  | 'model_not_allowed'
  | 'insufficient_role'
  | 'workspace_not_allowed'
  | 'workspace_suspended'
  | 'tier_not_in_plan'
  | 'native_path_not_metered'
  | 'model_not_found'
  | 'model_not_available'
  | 'key_not_found'
  | 'video_not_found'
  | 'variant_not_available'
  | 'image_not_found'
  | 'unknown_url'
  | 'workspace_not_found'
  | 'user_not_found'
  | 'member_not_found'
  | 'budget_not_found'
  | 'provider_key_not_found'
  | 'plan_not_found'
  | 'provider_not_found'
  | 'route_not_found'
  | 'request_not_found'
  | 'eval_not_found'
  | 'response_not_found'
  | 'rollout_not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'video_not_ready'
  | 'key_in_use'
  | 'idempotency_key_in_use'
  | 'idempotency_reply_not_kept'
  | 'last_owner'
  | 'email_taken'
  | 'already_member'
  | 'provider_key_exists'
  | 'plan_in_use'
  | 'balance_in_use'
  | 'refund_too_large'
  | 'entry_is_built_in'
  | 'rollout_in_force'
  | 'rollout_over'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'range_not_satisfiable'
  | 'idempotency_key_reused'
  | 'upstream_rate_limited'
  | 'quota_exceeded'
  | 'rate_limited'
  | 'concurrency_limited'
  | 'headers_too_large'
  | 'internal_error'
  | 'upstream_error'
  | 'upstream_unreachable'
  | 'upstream_bad_reply'
  | 'upstream_auth_failed'
  | 'upstream_stream_failed'
  | 'payment_provider_failed'
  | 'store_unavailable'
  | 'shutting_down'
  | 'upstream_timeout';

/** What kind of error a code is, in OpenAI's words. */
export type ErrorType =
  | 'api_error'
  | 'authentication_error'
  | 'insufficient_quota'
  | 'invalid_request_error'
  | 'permission_error'
  | 'rate_limit_error';

export interface ErrorEntry {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
  readonly help: string;
}

export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = {
  invalid_request: {
    status: 400,
    type: "invalid_request_error",
    message: "A field is missing, unknown or of the wrong type; param names it.",
    help: "Compare the field that param names with the contract at /v1/openapi.yaml.",
  },
  invalid_json: {
    status: 400,
    type: "invalid_request_error",
    message: "The body is not valid JSON.",
    help: "Send a JSON object as the body, with the header content-type: application/json.",
  },
  json_too_deep: {
    status: 400,
    type: "invalid_request_error",
    message: "The body is nested too deeply.",
    help: "Flatten the body; objects and arrays may be nested 64 deep.",
  },
  upstream_rejected: {
    status: 400,
    type: "invalid_request_error",
    message: "The upstream refused the request as it was written.",
    help: "Read the message, it is the upstream's own; change the request or choose another model.",
  },
  unsupported_field: {
    status: 400,
    type: "invalid_request_error",
    message: "No target of this model can honour the request as it is. logit_bias: dropped, google/gemini-2.5-flash does not take it.",
    help: "Leave out the field that param names, choose another model, or leave out the header x-interline-strict to be answered without it.",
  },
  unsupported_model: {
    status: 400,
    type: "invalid_request_error",
    message: "The model \"sandbox/embedding\" makes embeddings, not text. Choose another, or another operation.",
    help: "Choose a model that makes what this operation gives; a model's row says what it makes, and GET /models lists those that chat.",
  },
  unsafe_url: {
    status: 400,
    type: "invalid_request_error",
    message: "The base URL leads where a workspace may not reach.",
    help: "Use an https URL of a public host on port 443 or 8443, or have the operator allow the network in the file's guard.",
  },
  provider_key_rejected: {
    status: 400,
    type: "invalid_request_error",
    message: "The provider refuses the key.",
    help: "Check that the key is complete, in force and of that provider.",
  },
  invalid_signature: {
    status: 400,
    type: "invalid_request_error",
    message: "The event is not signed as it should be.",
    help: "Check that the payment provider's webhook secret is the one configured here, and that both clocks are right.",
  },
  missing_api_key: {
    status: 401,
    type: "authentication_error",
    message: "No key was sent.",
    help: "Send a developer key in the header authorization: Bearer wm_v2….",
  },
  invalid_api_key: {
    status: 401,
    type: "authentication_error",
    message: "The key is not one of ours.",
    help: "Check that the whole key was copied, or create a new one.",
  },
  expired_api_key: {
    status: 401,
    type: "authentication_error",
    message: "The key has expired.",
    help: "Create a new key, or move the expiry of this one with a key that has the scope management.",
  },
  revoked_api_key: {
    status: 401,
    type: "authentication_error",
    message: "The key was revoked.",
    help: "Create a new key; a revoked one cannot be brought back.",
  },
  insufficient_balance: {
    status: 402,
    type: "insufficient_quota",
    message: "The prepaid balance is too small for this request.",
    help: "Top up with POST /balance/topups or ask the operator for a grant, or ask for fewer tokens: the message says which max_tokens fits.",
  },
  budget_exhausted: {
    status: 402,
    type: "insufficient_quota",
    message: "A budget has no room left for this request.",
    help: "Wait until the budget renews, raise it, or use a key it does not limit; GET /limits shows all that apply.",
  },
  in_flight_budget: {
    status: 402,
    type: "insufficient_quota",
    message: "What is left is set aside for requests that are still open.",
    help: "Wait as long as the header retry-after says; most of it is freed when those requests end.",
  },
  request_exceeds_budget: {
    status: 402,
    type: "insufficient_quota",
    message: "The request could cost more than the whole budget.",
    help: "Ask for fewer tokens (the message says which max_tokens fits, where one does), send a shorter prompt, or raise the budget.",
  },
  insufficient_scope: {
    status: 403,
    type: "permission_error",
    message: "The key lacks the scope this operation needs.",
    help: "Use a key with the scope that the operation's x-scope names.",
  },
  model_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "The key may not call this model.",
    help: "Call a model that GET /models lists for this key, or widen the key's models.",
  },
  insufficient_role: {
    status: 403,
    type: "permission_error",
    message: "The role in this workspace does not allow this.",
    help: "Ask an owner or admin of the workspace, or use a key of somebody whose role the operation's x-roles name.",
  },
  workspace_not_allowed: {
    status: 403,
    type: "permission_error",
    message: "The key may not act in that workspace.",
    help: "Leave out the header x-writingmate-workspace, or name a workspace GET /workspaces lists.",
  },
  workspace_suspended: {
    status: 403,
    type: "permission_error",
    message: "The workspace is suspended.",
    help: "Ask the operator of this gateway to lift it (PATCH /admin/workspaces/{workspace}).",
  },
  tier_not_in_plan: {
    status: 403,
    type: "permission_error",
    message: "The workspace's plan does not include models of this tier.",
    help: "Choose a model of another tier (GET /models says which), or change the plan.",
  },
  native_path_not_metered: {
    status: 403,
    type: "permission_error",
    message: "What this call costs can't be read from its reply, and nobody has agreed to pay for it.",
    help: "Call a path whose usage can be read (docs/native.md), store a key of the workspace's own for this provider, or have the operator name the path in native.unmetered_paths.",
  },
  model_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "The model does not exist.",
    help: "GET /models lists the models this key can call.",
  },
  model_not_available: {
    status: 404,
    type: "invalid_request_error",
    message: "The model exists, but it is retired or no provider that serves it has its key set.",
    help: "Set the environment variable the message names, or move to the replacement it names.",
  },
  key_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such key in this workspace.",
    help: "GET /keys lists the keys of the workspace.",
  },
  video_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such video in this workspace.",
    help: "GET /videos lists the videos of the workspace. They are deleted when they expire.",
  },
  variant_not_available: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such picture of this video.",
    help: "Fetch the video itself. Pictures of it come from the provider, or are drawn where the gateway has ffmpeg installed.",
  },
  image_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such image in this workspace.",
    help: "An image is there for the workspace it was made for, until it expires; make it again.",
  },
  unknown_url: {
    status: 404,
    type: "invalid_request_error",
    message: "There is nothing at this URL.",
    help: "The bases are /v1 and /api/openai/v1; the contract at /v1/openapi.yaml lists the paths.",
  },
  workspace_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such workspace.",
    help: "GET /workspaces lists yours; operators find all at GET /admin/workspaces.",
  },
  user_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such user.",
    help: "Check the id. Operators find all users at GET /admin/users; a member can be added by e-mail address instead.",
  },
  member_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such member in this workspace.",
    help: "GET /members lists the members of the workspace.",
  },
  budget_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such budget in this workspace.",
    help: "GET /budgets lists the budgets of the workspace.",
  },
  provider_key_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such provider key in this workspace.",
    help: "GET /provider-keys lists the provider keys of the workspace.",
  },
  plan_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such plan.",
    help: "GET /admin/plans lists the plans.",
  },
  provider_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such provider.",
    help: "GET /admin/providers lists the providers.",
  },
  route_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such route.",
    help: "Look at `GET /routes`.",
  },
  request_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such request in this workspace.",
    help: "GET /usage lists the requests this key may see; a refused one that left no row has no receipt.",
  },
  eval_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such eval set, prompt or run in this workspace.",
    help: "GET /evals lists the eval sets of the workspace; runs are deleted with their set, and when they expire.",
  },
  response_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such response in this workspace.",
    help: "An answer is kept when `store` is not false, for as long as the operator keeps answers, and is seen by its own workspace only.",
  },
  rollout_not_found: {
    status: 404,
    type: "invalid_request_error",
    message: "There is no such rollout.",
    help: "GET /admin/rollouts lists them.",
  },
  method_not_allowed: {
    status: 405,
    type: "invalid_request_error",
    message: "This path does not answer this method.",
    help: "Use one of the methods that the header allow names.",
  },
  request_timeout: {
    status: 408,
    type: "invalid_request_error",
    message: "The request did not arrive completely in time.",
    help: "Send headers and body without long pauses.",
  },
  video_not_ready: {
    status: 409,
    type: "invalid_request_error",
    message: "The video is not made yet, or has failed.",
    help: "GET /videos/{video} tells its status; fetch it once it is completed.",
  },
  key_in_use: {
    status: 409,
    type: "invalid_request_error",
    message: "A key may not revoke, delete or demote itself.",
    help: "Do it with another key that has the scope management.",
  },
  idempotency_key_in_use: {
    status: 409,
    type: "invalid_request_error",
    message: "A request with this Idempotency-Key is still being answered.",
    help: "Wait as long as the header retry-after says and ask again: you will be given its reply.",
  },
  idempotency_reply_not_kept: {
    status: 409,
    type: "invalid_request_error",
    message: "The request was answered before, but its reply was too large to keep.",
    help: "The request was done and charged once. Use another Idempotency-Key to ask anew.",
  },
  last_owner: {
    status: 409,
    type: "invalid_request_error",
    message: "A workspace needs an owner.",
    help: "Make somebody else an owner first, with PATCH /members/{user}.",
  },
  email_taken: {
    status: 409,
    type: "invalid_request_error",
    message: "Another user has this e-mail address.",
    help: "Use that user (GET /admin/users), or another address.",
  },
  already_member: {
    status: 409,
    type: "invalid_request_error",
    message: "The user is a member already.",
    help: "Change the role with PATCH /members/{user}.",
  },
  provider_key_exists: {
    status: 409,
    type: "invalid_request_error",
    message: "The workspace has a key of this provider already.",
    help: "Delete it first with DELETE /provider-keys/{provider_key}, then store the new one.",
  },
  plan_in_use: {
    status: 409,
    type: "invalid_request_error",
    message: "Workspaces still use this plan.",
    help: "Give them another plan first, with PATCH /admin/workspaces/{workspace}.",
  },
  balance_in_use: {
    status: 409,
    type: "invalid_request_error",
    message: "So much is not left of the balance.",
    help: "Take away no more than GET /balance says is available.",
  },
  refund_too_large: {
    status: 409,
    type: "invalid_request_error",
    message: "So much was not charged, or was given back already.",
    help: "Leave amount_nano_usd out to give back all that is left of the charge.",
  },
  entry_is_built_in: {
    status: 409,
    type: "invalid_request_error",
    message: "The entry belongs to the program or to the configured file.",
    help: "PUT an entry with the same id over it, or change the file INTERLINE_CONFIG names.",
  },
  rollout_in_force: {
    status: 409,
    type: "invalid_request_error",
    message: "A rollout is in force for this name.",
    help: "Roll the one that is in force back first, with POST /admin/rollouts/{rollout}/rollback, or change it with PATCH.",
  },
  rollout_over: {
    status: 409,
    type: "invalid_request_error",
    message: "This rollout is over; its terms stay as they are.",
    help: "Begin another with POST /admin/rollouts.",
  },
  body_too_large: {
    status: 413,
    type: "invalid_request_error",
    message: "The body is too large.",
    help: "Stay below 1 MB of JSON, or 32 MB where images, audio or files are inside, each data URL below 8 MB; an uploaded file may have 25 MB.",
  },
  unsupported_media_type: {
    status: 415,
    type: "invalid_request_error",
    message: "The body must be uncompressed and of a content type the operation takes.",
    help: "Send the header content-type: application/json, or multipart/form-data where files are uploaded, and no content-encoding.",
  },
  range_not_satisfiable: {
    status: 416,
    type: "invalid_request_error",
    message: "None of the bytes that the header range asks for is there.",
    help: "Ask for a range that begins within the bytes there are, which the header content-range counts, or leave the header range out.",
  },
  idempotency_key_reused: {
    status: 422,
    type: "invalid_request_error",
    message: "This Idempotency-Key belongs to a request with another body.",
    help: "Use a new key for every new request; send the very same body to repeat one.",
  },
  upstream_rate_limited: {
    status: 429,
    type: "rate_limit_error",
    message: "The upstream asks to slow down.",
    help: "Wait as long as the header retry-after says, then try again, or choose another model.",
  },
  quota_exceeded: {
    status: 429,
    type: "insufficient_quota",
    message: "The plan's messages are used up.",
    help: "Wait until they renew (the message and GET /limits say when), choose a model of another tier, or change the plan.",
  },
  rate_limited: {
    status: 429,
    type: "rate_limit_error",
    message: "Too many requests or tokens a minute.",
    help: "Wait as long as the header retry-after says; the headers x-ratelimit-* and GET /limits say what is left.",
  },
  concurrency_limited: {
    status: 429,
    type: "rate_limit_error",
    message: "Too many requests are open at the same time.",
    help: "Wait until one of them has ended; GET /limits says how many are open.",
  },
  headers_too_large: {
    status: 431,
    type: "invalid_request_error",
    message: "The headers are too large.",
    help: "Keep the request line and all headers together below 16 KB.",
  },
  internal_error: {
    status: 500,
    type: "api_error",
    message: "The gateway failed to answer.",
    help: "Try again; if it happens again, report it with the request id.",
  },
  upstream_error: {
    status: 502,
    type: "api_error",
    message: "The upstream failed to answer.",
    help: "Try again, or choose another model.",
  },
  upstream_unreachable: {
    status: 502,
    type: "api_error",
    message: "The upstream could not be reached.",
    help: "Check the provider's base URL and the network, or try again.",
  },
  upstream_bad_reply: {
    status: 502,
    type: "api_error",
    message: "The upstream sent a reply that cannot be understood.",
    help: "Try again, or choose another model.",
  },
  upstream_auth_failed: {
    status: 502,
    type: "api_error",
    message: "The upstream refused the operator's own credentials.",
    help: "Ask the operator to check the provider's key.",
  },
  upstream_stream_failed: {
    status: 502,
    type: "api_error",
    message: "The upstream broke off in the middle of the stream.",
    help: "Send the request again; what was received is not complete.",
  },
  payment_provider_failed: {
    status: 502,
    type: "api_error",
    message: "The payment provider could not be reached or refused.",
    help: "Try again later; nothing was paid.",
  },
  store_unavailable: {
    status: 503,
    type: "api_error",
    message: "The gateway cannot keep its records now.",
    help: "Try again as the header retry-after says; the operator should look at the disk.",
  },
  shutting_down: {
    status: 503,
    type: "api_error",
    message: "The gateway is shutting down.",
    help: "Try again as the header retry-after says.",
  },
  upstream_timeout: {
    status: 504,
    type: "api_error",
    message: "The upstream took too long to answer.",
    help: "Try again, ask for less, or stream the reply.",
  },
};
