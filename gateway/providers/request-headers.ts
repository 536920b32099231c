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

type Headers = Readonly<Record<string, string>>;

/** A provider's headers of JSON for JSON, and of JSON for a stream, by wire: they are the same for every call. */
const kept: Readonly<Record<'whole' | 'stream', WeakMap<Provider, Map<WireName, Headers>>>> = { whole: new WeakMap(), stream: new WeakMap() };

/** What the operator has set goes over what is written here, and the key over both. Replies are asked for as they are: nothing here unpacks them. */
export function requestHeaders(provider: Provider, parts: HeaderParts): Headers {
  if (parts.accept !== undefined || parts.contentType !== undefined) return headersOf(provider, parts);
  const byProvider = parts.isStream === true ? kept.stream : kept.whole;
  let byWire = byProvider.get(provider);
  if (!byWire) byProvider.set(provider, byWire = new Map<WireName, Headers>());
  const known = byWire.get(parts.wire);
  if (known) return known;
  const made = headersOf(provider, parts);
  byWire.set(parts.wire, made);
  return made;
}

function headersOf(provider: Provider, { wire, isStream = false, accept = 'application/json', contentType = 'application/json' }: HeaderParts): Headers {
  return {
    'content-type': contentType,
    accept: isStream ? 'text/event-stream' : accept,
    'accept-encoding': 'identity',
    ...provider.headers,
    ...authorization(provider, wire),
  };
}
