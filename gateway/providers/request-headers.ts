/** This file writes the headers that go with a body to an upstream. */
import type { Provider, WireName } from '../foundation/terms.ts';
import { authorization } from './authorization.ts';

export interface HeaderParts {
  /** The wire the request is written in: as it wants, the key is shown. */
  readonly wire: WireName;
  readonly isStream?: boolean;
  /** What a whole reply may be. Absent: JSON. */
  readonly accept?: string;
  /** Of the body. Absent: JSON. */
  readonly contentType?: string;
}

/** What the operator has set goes over what is written here, and the key over both. Replies are asked for as they are: nothing here unpacks them. */
export function requestHeaders(provider: Provider, { wire, isStream = false, accept = 'application/json', contentType = 'application/json' }: HeaderParts): Record<string, string> {
  return {
    'content-type': contentType,
    accept: isStream ? 'text/event-stream' : accept,
    'accept-encoding': 'identity',
    ...provider.headers,
    ...authorization(provider, wire),
  };
}
