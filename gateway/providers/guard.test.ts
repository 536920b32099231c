/** This file shows that no form of URL and no name leads a workspace's base URL inside. */
import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from '@jest/globals';
import { forms, others } from './guarded-forms.ts';
import { createGuard } from './guard.ts';
import type { Guard, ResolveAll } from './guard.ts';

const guard = createGuard({ allow: [], ports: [] });

/** Every name resolves to these. */
const resolvingTo = (...addresses: string[]): ResolveAll => (_name, _options, callback) => {
  callback(null, addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })));
};
/** The addresses a connection would be made to. */
const lookup = (of: Guard, name: string, all = false): Promise<string> => new Promise((resolve, reject) => {
  of.lookup(name, { all }, (error, found) => {
    if (error) reject(error);
    else resolve(typeof found === 'string' ? found : found.map(({ address }) => address).join(' '));
  });
});

describe('a base URL of a workspace', () => {
  test('leads inside by none of more than 300 forms', () => {
    const all = new Set([...forms(), ...others]);
    expect(all.size).toBeGreaterThanOrEqual(300);
    expect([...all].filter((url) => guard.faultOf(url) === null)).toEqual([]);
  });

  test('of a public host is taken', () => {
    for (const url of ['https://api.openai.com/v1', 'https://example.com', 'https://example.com:8443/v1/', 'https://8.8.8.8/v1', 'https://[2606:4700:4700::1111]/v1']) {
      expect([url, guard.faultOf(url)]).toEqual([url, null]);
    }
  });

  test('may lead where the operator has said so, and nowhere beside', () => {
    const open = createGuard({ allow: ['10.1.0.0/16', 'llm.internal', '192.168.7.7'], ports: [9000] });
    for (const url of ['http://10.1.2.3:8000/v1', 'http://192.168.7.7:1234', 'http://[::ffff:192.168.7.7]/v1', 'https://llm.internal/v1', 'http://llm.internal:8080/v1', 'https://example.com:9000']) expect([url, open.faultOf(url)]).toEqual([url, null]);
    for (const url of ['http://10.2.0.1/v1', 'http://192.168.7.8/v1', 'http://example.com:9000', 'https://10.2.0.1:9000', 'https://db.internal/v1', 'http://llm.internal.example.com', 'ftp://llm.internal']) expect(open.faultOf(url)).not.toBeNull();
  });
});

describe('a name', () => {
  test('that resolves to this machine is not connected to', async () => {
    await expect(lookup(guard, 'localhost')).rejects.toThrow('not a public one');
  });

  test('that does not resolve is a failure of the call, not of the gateway', async () => {
    await expect(lookup(guard, 'nobody.invalid')).rejects.toThrow();
    await expect(lookup(createGuard({ allow: [], ports: [] }, resolvingTo()), 'empty.example.com')).rejects.toThrow('has no address');
  });

  test.each([
    ['10.0.0.5'], ['93.184.216.34', '10.0.0.5'], ['10.0.0.5', '93.184.216.34'], ['2606:4700:4700::1111', 'fd00::1'], ['::ffff:127.0.0.1'], ['64:ff9b::7f00:1'], ['169.254.169.254'], ['not an address'],
  ])('that resolves to %s %s is not connected to, neither one way of asking nor the other', async (...addresses) => {
    const of = createGuard({ allow: [], ports: [] }, resolvingTo(...addresses));
    for (const all of [false, true]) await expect(lookup(of, 'mixed.example.com', all)).rejects.toThrow('not a public one');
  });

  test('is connected to at the addresses that were looked at, and at no others', async () => {
    const of = createGuard({ allow: [], ports: [] }, resolvingTo('93.184.216.34', '2606:4700:4700::1111'));
    expect(await lookup(of, 'fine.example.com')).toBe('93.184.216.34');
    expect(await lookup(of, 'fine.example.com', true)).toBe('93.184.216.34 2606:4700:4700::1111');
  });

  test('the operator has allowed is connected to wherever it leads', async () => {
    const of = createGuard({ allow: ['LLM.internal.'], ports: [] }, resolvingTo('10.9.9.9'));
    expect(await lookup(of, 'llm.internal')).toBe('10.9.9.9');
    await expect(lookup(of, 'other.internal')).rejects.toThrow();
  });

  test('in an allowed network is connected to, beside a public address too', async () => {
    const of = createGuard({ allow: ['10.0.0.0/8', '::1'], ports: [] }, resolvingTo('10.9.9.9', '93.184.216.34', '::1'));
    expect(await lookup(of, 'office.example.com', true)).toBe('10.9.9.9 93.184.216.34 ::1');
  });
});

describe('a socket', () => {
  test('may have ended up where the guard would have let it go, and nowhere else', () => {
    const of = createGuard({ allow: ['llm.internal', '10.1.1.1'], ports: [] });
    for (const [host, address] of [['example.com', '93.184.216.34'], ['llm.internal', '127.0.0.1'], ['x.example.com', '10.1.1.1']] as const) expect([host, of.allowsPeer(host, address)]).toEqual([host, true]);
    for (const address of ['127.0.0.1', '::1', '::ffff:10.0.0.1', '10.1.1.2', '', undefined]) expect([address, of.allowsPeer('example.com', address)]).toEqual([address, false]);
  });
});
