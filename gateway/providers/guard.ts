/** This file keeps the base URLs of workspaces out of the operator's own network: what they name is checked, and again what it resolves to. */
import { lookup as resolveName } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface GuardOptions {
  /** Networks (`10.0.0.0/8`) and hosts (`llm.internal`) that may be reached all the same. */
  readonly allow: readonly string[];
  /** Beside 443 and 8443. */
  readonly ports: readonly number[];
}

export interface Guard {
  /** Why a URL may not be called; null when it may. */
  faultOf(url: string): string | null;
  /** Resolves names for connections: all of a name's addresses must be allowed, and the connection is made to one that was looked at. */
  readonly lookup: LookupFunction;
}

const PORTS: ReadonlySet<number> = new Set([443, 8443]);
const HTTPS_PORT = 443;
/** Names that mean this machine or this network wherever they are asked. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa)$/;

/** Makes the guard of one gateway. A host or network the operator allows may be called by http and at any port. */
export function createGuard({ allow, ports }: GuardOptions): Guard {
  const networks = allow.filter((entry) => entry.includes('/')).map((entry) => ipaddr.parseCIDR(entry));
  const hosts = new Set(allow.filter((entry) => !entry.includes('/')).map((entry) => entry.toLowerCase()));
  const isListed = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean => networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  const isAllowedAddress = (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false;
    // An IPv4 address in the clothes of IPv6 is judged as what it is.
    const address = ipaddr.process(text);
    return isListed(address) || hosts.has(text) || isPublic(address);
  };

  return {
    faultOf(text) {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (!url) return 'it is not a URL';
      if (url.username !== '' || url.password !== '') return 'it holds a user name or a password';
      if (url.search !== '' || url.hash !== '') return 'it holds a query or a fragment';
      const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();
      const isAddress = ipaddr.isValid(host);
      const isKnown = hosts.has(host) || (isAddress && isListed(ipaddr.process(host)));
      if (isKnown) return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'it is neither https nor http';
      if (url.protocol !== 'https:') return 'it is not https';
      const port = url.port === '' ? HTTPS_PORT : Number(url.port);
      if (!PORTS.has(port) && !ports.includes(port)) return `port ${port} is not allowed`;
      if (isAddress) return isAllowedAddress(host) ? null : 'the address is not a public one';
      if (!host.includes('.') || PRIVATE_NAMES.test(host)) return 'the host is not a public one';
      return null;
    },
    lookup(hostname, options, callback) {
      const name = hostname.replace(/\.$/, '').toLowerCase();
      // A name that does not resolve comes without addresses, whatever the types say.
      resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] | undefined) => {
        const found = addresses ?? [];
        const refused = error ?? refusalOf(found.map(({ address }) => address), { isAllowed: (address) => hosts.has(name) || isAllowedAddress(address), name });
        const [first] = found;
        if (refused || !first) callback(refused ?? new Error(`${name} has no address`), '', 0);
        else if (options.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      });
    },
  };
}

/** Global unicast: https://www.iana.org/assignments/ipv6-unicast-address-assignments, read 2026-11. What is outside, such as `::127.0.0.1`, leads nowhere good. */
const GLOBAL = ipaddr.parseCIDR('2000::/3');

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const isGlobal = address.kind() === 'ipv4' || address.match(GLOBAL[0], GLOBAL[1]);
  return isGlobal && address.range() === 'unicast';
}

/** One bad address among good ones is reason enough: which of them is taken is not for the name's owner to play with. */
function refusalOf(addresses: readonly string[], judge: { readonly isAllowed: (address: string) => boolean; readonly name: string }): Error | null {
  return addresses.every(judge.isAllowed) ? null : new Error(`${judge.name} leads to an address that is not a public one`);
}

