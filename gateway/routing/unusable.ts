/** This file finds what operators wrote that has the right shape and yet can't be used: time zones and networks there are none of. */
import ipaddr from 'ipaddr.js';
import type { CatalogFile } from '../../generated/catalog-types.ts';
import type { Mistake } from './mistake.ts';

/** Every such mistake, in order. */
export function findUnusable(file: CatalogFile): Mistake[] {
  return [
    ...(file.plans ?? []).flatMap(({ time_zone: zone }, index) => (zone === undefined || isTimeZone(zone)
      ? [] : [{ path: ['plans', index, 'time_zone'], expected: `the name of an IANA time zone such as Europe/Berlin, not ${zone}` }])),
    ...(file.guard?.allow ?? []).flatMap((entry, index) => (!entry.includes('/') || ipaddr.isValidCIDR(entry)
      ? [] : [{ path: ['guard', 'allow', index], expected: `a host, an address, or a network such as 10.0.0.0/8, not ${entry}` }])),
  ];
}

/** What the runtime does not know would fail every call of the plan's workspaces. */
function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
