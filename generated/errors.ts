/** This file is generated from spec/responses by `npm run generate`; do not edit it. */

export type ErrorCode =
  | 'invalid_request'
  | 'invalid_json'
  | 'json_too_deep'
  | 'upstream_rejected'
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'expired_api_key'
  | 'revoked_api_key'
  | 'insufficient_scope'
  | 'model_not_allowed'
  | 'model_not_found'
  | 'model_not_available'
  | 'key_not_found'
  | 'unknown_url'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'key_in_use'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'upstream_rate_limited'
  | 'headers_too_large'
  | 'internal_error'
  | 'upstream_error'
  | 'upstream_unreachable'
  | 'upstream_bad_reply'
  | 'upstream_auth_failed'
  | 'upstream_stream_failed'
  | 'store_unavailable'
  | 'shutting_down'
  | 'upstream_timeout';

export interface ErrorEntry {
  readonly status: number;
  readonly type: string;
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
  unknown_url: {
    status: 404,
    type: "invalid_request_error",
    message: "There is nothing at this URL.",
    help: "The bases are /v1 and /api/openai/v1; the contract at /v1/openapi.yaml lists the paths.",
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
  key_in_use: {
    status: 409,
    type: "invalid_request_error",
    message: "A key may not revoke, delete or demote itself.",
    help: "Do it with another key that has the scope management.",
  },
  body_too_large: {
    status: 413,
    type: "invalid_request_error",
    message: "The body is too large.",
    help: "Stay below 1 MB of JSON, or 32 MB where images, audio or files are inside.",
  },
  unsupported_media_type: {
    status: 415,
    type: "invalid_request_error",
    message: "The body must be uncompressed application/json.",
    help: "Send the header content-type: application/json and no content-encoding.",
  },
  upstream_rate_limited: {
    status: 429,
    type: "rate_limit_error",
    message: "The upstream asks to slow down.",
    help: "Wait as long as the header retry-after says, then try again, or choose another model.",
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
