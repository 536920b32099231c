/** This file shows that no form of URL and no name leads a workspace's base URL inside. */
import { lookup as resolveName } from 'node:dns/promises';
import { describe, expect, test } from '@jest/globals';
import { createGuard } from './guard.ts';

const guard = createGuard({ allow: [], ports: [] });
const lookup = (name: string, of = guard): Promise<string> => new Promise((resolve, reject) => {
  of.lookup(name, { all: false }, (error, address) => { if (error) reject(error); else resolve(typeof address === 'string' ? address : ''); });
});

/** Private, local, reserved and translated addresses, in every notation a URL parser takes. */
const ipv4 = ['0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.168.0.1', '192.168.255.255', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'];
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const notations = (address: string): string[] => {
  const number = numberOf(address);
  const parts = address.split('.').map(Number);
  return [
    address, `${address}.`, String(number), `0x${number.toString(16)}`, `0${number.toString(8)}`,
    parts.map((part) => `0x${part.toString(16)}`).join('.'), parts.map((part) => `0${part.toString(8)}`).join('.'),
    `${parts[0] ?? 0}.${(number % 2 ** 24).toString()}`, `[::ffff:${address}]`, `[::ffff:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}]`,
    `[64:ff9b::${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}]`, `[2002:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}::1]`,
    `[::${address}]`,
  ];
};
const ipv6 = ['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[fe80::1]', '[fe80::1%25eth0]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]', '[2001::1]', '[100::1]'];
const names = ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'printer.local', 'db.internal', 'metadata.google.internal', 'nas.lan', 'router.home', 'x.home.arpa', 'intranet', 'wiki.corp', 'vault.private', 'x.localdomain'];
const forms = [...ipv4.flatMap(notations), ...ipv6, ...names].map((host) => `https://${host}/v1`);
const others = [
  'http://example.com/v1', 'ftp://example.com', 'file:///etc/passwd', 'javascript:alert(1)', 'https://user@example.com', 'https://user:secret@example.com/v1', 'https://example.com:22/v1',
  'https://example.com:6379', 'https://example.com:80', 'https://example.com/v1?x=1', 'https://example.com/#@localhost', 'https://', 'example.com', '//example.com', '', 'https://exa mple.com', 'gopher://example.com', 'unix:/var/run/docker.sock', 'https://[::1',
];

describe('a base URL of a workspace', () => {
  test('leads inside by none of more than 300 forms', () => {
    const all = [...forms, ...others];
    expect(all.length).toBeGreaterThanOrEqual(300);
    expect(all.filter((url) => guard.faultOf(url) === null)).toEqual([]);
  });

  test('of a public host is taken', () => {
    for (const url of ['https://api.openai.com/v1', 'https://example.com', 'https://example.com:8443/v1/', 'https://8.8.8.8/v1', 'https://[2606:4700:4700::1111]/v1']) {
      expect([url, guard.faultOf(url)]).toEqual([url, null]);
    }
  });

  test('may lead where the operator has said so, and nowhere beside', () => {
    const open = createGuard({ allow: ['10.1.0.0/16', 'llm.internal'], ports: [9000] });
    for (const url of ['http://10.1.2.3:8000/v1', 'https://llm.internal/v1', 'http://llm.internal:8080/v1', 'https://example.com:9000']) expect([url, open.faultOf(url)]).toEqual([url, null]);
    for (const url of ['http://10.2.0.1/v1', 'https://db.internal/v1', 'http://llm.internal.example.com', 'ftp://llm.internal']) expect(open.faultOf(url)).not.toBeNull();
  });
});

describe('a name', () => {
  test('that resolves to this machine is not connected to', async () => {
    await expect(lookup('localhost')).rejects.toThrow('not a public one');
  });

  test('that does not resolve is a failure of the call, not of the gateway', async () => {
    await expect(lookup('nobody.invalid')).rejects.toThrow();
  });

  test('the operator has allowed is connected to wherever it leads', async () => {
    const { address } = await resolveName('localhost');
    expect(await lookup('localhost', createGuard({ allow: ['localhost'], ports: [] }))).toBe(address);
  });
});
