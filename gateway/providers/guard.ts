/** This file keeps the base URLs of workspaces out of the operator's own network: what they name is checked, what it resolves to, and what was connected to. */
import { lookup as resolveName } from 'node:dns';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface GuardOptions {
  /** Networks (`10.0.0.0/8`), addresses and hosts (`llm.internal`) that may be reached all the same. */
  readonly allow: readonly string[];
  /** Beside 443 and 8443. */
  readonly ports: readonly number[];
}

export interface Guard {
  /** Why a URL may not be called; null when it may. */
  faultOf(url: string): string | null;
  /** Resolves names for connections: all of a name's addresses must be allowed, and the connection is made to one that was looked at. */
  readonly lookup: LookupFunction;
  /** True when a connection to a host may have ended up at this address. */
  allowsPeer(host: string, address: string | undefined): boolean;
}

/** Gives all addresses of a name, as `dns.lookup` does. */
export type ResolveAll = (name: string, options: LookupAllOptions, callback: (error: Error | null, addresses: LookupAddress[] | undefined) => void) => void;

const PORTS: ReadonlySet<number> = new Set([443, 8443]);
const HTTPS_PORT = 443;
/** Names that mean this machine or this network wherever they are asked. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa)$/;

/** Makes the guard of one gateway. A host or network the operator allows may be called by http and at any port. Throws for a network that is none. */
export function createGuard(options: GuardOptions, resolveAll: ResolveAll = resolveName): Guard {
  const { hosts, isListed } = readAllowed(options.allow);
  const isAllowedAddress = (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false;
    // An IPv4 address in the clothes of IPv6 is judged as what it is.
    const address = ipaddr.process(text);
    return isListed(address) || isPublic(address);
  };

  return {
    faultOf(text) {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (!url) return 'it is not a URL';
      if (url.username !== '' || url.password !== '') return 'it holds a user name or a password';
      if (url.search !== '' || url.hash !== '') return 'it holds a query or a fragment';
      const host = plainHost(url.hostname);
      const isAddress = ipaddr.isValid(host);
      const isKnown = hosts.has(host) || (isAddress && isListed(ipaddr.process(host)));
      if (isKnown) return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'it is neither https nor http';
      if (url.protocol !== 'https:') return 'it is not https';
      const port = url.port === '' ? HTTPS_PORT : Number(url.port);
      if (!PORTS.has(port) && !options.ports.includes(port)) return `port ${port} is not allowed`;
      if (isAddress) return isAllowedAddress(host) ? null : 'the address is not a public one';
      if (!host.includes('.') || PRIVATE_NAMES.test(host)) return 'the host is not a public one';
      return null;
    },
    lookup(hostname, wanted, callback) {
      const name = plainHost(hostname);
      // A name that does not resolve comes without addresses, whatever the types say.
      resolveAll(hostname, { ...wanted, all: true }, (error, addresses) => {
        const found = addresses ?? [];
        const [first] = found;
        // One bad address among good ones is reason enough: which of them is taken is not for the name's owner to play with.
        const isBad = !hosts.has(name) && !found.every(({ address }) => isAllowedAddress(address));
        if (error) callback(error, '', 0);
        else if (!first) callback(new Error(`${name} has no address`), '', 0);
        else if (isBad) callback(new Error(`${name} leads to an address that is not a public one`), '', 0);
        else if (wanted.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      });
    },
    allowsPeer: (host, address) => hosts.has(plainHost(host)) || (address !== undefined && isAllowedAddress(address)),
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What the operator allows: hosts by name, and networks; an address alone is a network of one. */
function readAllowed(allow: readonly string[]): { readonly hosts: ReadonlySet<string>; readonly isListed: (address: Address) => boolean } {
  const hosts = new Set<string>();
  const networks: [Address, number][] = [];
  for (const entry of allow) {
    const host = plainHost(entry);
    if (entry.includes('/')) networks.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(host)) networks.push(onlyItself(ipaddr.process(host)));
    else hosts.add(host);
  }
  const isListed = (address: Address): boolean => networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  return { hosts, isListed };
}

function onlyItself(address: Address): [Address, number] {
  return [address, address.toByteArray().length * BITS_PER_BYTE];
}

const BITS_PER_BYTE = 8;

/** A host without the brackets of an address or the dots at the end of a name. */
function plainHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/\.+$/, '').toLowerCase();
}

/** Global unicast: https://www.iana.org/assignments/ipv6-unicast-address-assignments, read 2026-11. What is outside, such as `::127.0.0.1`, leads nowhere good. */
const GLOBAL = ipaddr.parseCIDR('2000::/3');

function isPublic(address: Address): boolean {
  const isGlobal = address.kind() === 'ipv4' || address.match(GLOBAL[0], GLOBAL[1]);
  return isGlobal && address.range() === 'unicast';
}
