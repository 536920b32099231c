/** This file takes a request's body in whichever of its operation's content types it came. */
import type { IncomingMessage } from 'node:http';
import { fail } from '../gateway/foundation/errors.ts';
import { outlineJson } from '../gateway/foundation/json-outline.ts';
import type { JsonOutline } from '../gateway/foundation/json-outline.ts';
import type { Limits } from '../gateway/foundation/limits.ts';
import type { UploadedFile } from '../gateway/foundation/operation.ts';
import { operations } from '../generated/operations.ts';
import type { OperationEntry } from '../generated/operations.ts';
import type { OperationRoute } from './contract.ts';
import { checkDataUrls } from './inlined-files.ts';
import { bodyOfForm } from './form-body.ts';
import { checkPlain, isJsonType, readJsonBody } from './read-body.ts';
import { isFormType, readMultipart } from './read-multipart.ts';
import { complaintOf } from './validation-message.ts';

/** A validated body, its JSON text and its files. */
export interface TakenBody {
  readonly body: unknown;
  readonly bodyText: string;
  readonly outline: JsonOutline;
  readonly files: readonly UploadedFile[];
}

const NO_FILES: readonly UploadedFile[] = [];
const NO_BODY: TakenBody = { body: undefined, bodyText: '', outline: { depth: 0, fields: [], isIrregular: false }, files: NO_FILES };

/** Reads and validates the body of a call; nothing is read where the operation takes none. Throws a Refusal: 415, 413, 408 or 400. */
export async function takeBody(request: IncomingMessage, route: OperationRoute, limits: Limits): Promise<TakenBody> {
  const operation: OperationEntry = operations[route.operationId];
  if (!operation.hasBody) return NO_BODY;
  const bytesMax = operation.meter === 'none' ? limits.jsonBodyBytesMax : limits.mediaBodyBytesMax;
  const type = request.headers['content-type'] ?? '';
  if (operation.form && isFormType(type)) {
    const parts = await readMultipart(request, { bytesMax, limits });
    const { value, files } = bodyOfForm(parts, operation.form, limits);
    check(route.validators.form, { requestBody: value });
    const bodyText = JSON.stringify(value);
    return { body: value, bodyText, outline: outlineJson(bodyText, limits.jsonDepthMax), files };
  }
  if (!operation.takesJson || !isJsonType(type)) refuseType(request, operation, bytesMax);
  const body = await readJsonBody(request, { bytesMax, depthMax: limits.jsonDepthMax });
  check(route.validators.body, { requestBody: body.value });
  // Hardly any body is long enough to hold one that is too long.
  if (body.text.length > limits.dataUrlBytesMax) checkDataUrls(body.value, limits.dataUrlBytesMax);
  return { body: body.value, bodyText: body.text, outline: body.outline, files: NO_FILES };
}

function refuseType(request: IncomingMessage, operation: OperationEntry, bytesMax: number): never {
  checkPlain(request, bytesMax);
  const type = request.headers['content-type'] ?? '';
  const said = type === '' ? 'none was sent' : `not ${type.slice(0, 80)}`;
  const wanted = [...(operation.takesJson ? ['application/json'] : []), ...(operation.form ? ['multipart/form-data'] : [])].join(' or ');
  return fail('unsupported_media_type', { param: 'content-type', message: `Send the body as content-type ${wanted}: ${said}.` });
}

/** Refuses (400) what a validator of the contract finds wrong, by its most telling complaint. */
export function check(validate: OperationRoute['validators']['body'], value: unknown): void {
  if (!validate || validate(value)) return;
  fail('invalid_request', complaintOf(validate.errors ?? []));
}
