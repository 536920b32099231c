/** This file turns error codes of the contract into refusals; one catch in `server/dispatch.ts` writes them. */
import { errorCatalogue } from '../../generated/errors.ts';
import type { ErrorCode, ErrorType } from '../../generated/errors.ts';

export type { ErrorCode } from '../../generated/errors.ts';

const codes = Object.keys(errorCatalogue).filter(isErrorCode);

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The type of a code; null for one the contract does not know. */
export function errorTypeOf(code: string): ErrorType | null {
  return isErrorCode(code) ? errorCatalogue[code].type : null;
}

/** All codes of one type. */
export function codesOfType(type: ErrorType): readonly string[] {
  return codes.filter((code) => errorCatalogue[code].type === type);
}

/** What the caller is told (`message`, `param`, `headers`) and what only the log sees (`detail`, `cause`). */
export interface RefusalOptions {
  /** One line that says what was wrong and what to do; defaults to the catalogue's message for the code. */
  readonly message?: string;
  /** Path of the offending field, e.g. `messages.0.content`. */
  readonly param?: string | null;
  /** Overrides the catalogue's code and type, only to hand on what an upstream said of the caller's own request. */
  readonly upstream?: { readonly code: string | null; readonly type: string | null };
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log, never for the caller. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** An expected failure with a code from the contract. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly options: RefusalOptions;

  constructor(code: ErrorCode, options: RefusalOptions = {}) {
    super(options.message ?? errorCatalogue[code].message, { cause: options.cause });
    this.code = code;
    this.status = errorCatalogue[code].status;
    this.options = options;
  }
}

/** The body of every error: OpenAI's four fields and the request id. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
    readonly request_id: string;
  };
}

/** Refuses with a code of the contract. Always throws. */
export function fail(code: ErrorCode, options: RefusalOptions = {}): never {
  throw new Refusal(code, options);
}

/** Makes the body of an error reply or of a typed error event. */
export function errorBody(refusal: Refusal, requestId: string): ErrorBody {
  const { upstream, param } = refusal.options;
  return {
    error: {
      message: refusal.message,
      type: upstream?.type ?? errorCatalogue[refusal.code].type,
      param: param ?? null,
      code: upstream?.code ?? refusal.code,
      request_id: requestId,
    },
  };
}

/** Gives any thrown value as a refusal; what was not expected becomes `internal_error` and keeps its cause. */
export function asRefusal(thrown: unknown): Refusal {
  return thrown instanceof Refusal ? thrown : new Refusal('internal_error', { cause: thrown });
}
