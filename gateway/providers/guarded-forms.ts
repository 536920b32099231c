/** This file lists forms of URLs that lead inside, for the tests of what must not follow them. */

/** Private, local, reserved and translated addresses. */
const IPV4 = [
  '0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1',
  '192.88.99.1', '192.168.0.1', '192.168.255.255', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
];
const IPV6 = [
  '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[fe80::1]', '[fe80::1%25eth0]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]',
  '[2001:db8::1]', '[2001::1]', '[100::1]', '[5f00::1]', '[64:ff9b:1::a00:1]', '[4000::1]', '[1::1]',
];
const NAMES = [
  'localhost', 'LOCALHOST', 'localhost.', 'localhost..', 'a.localhost', 'printer.local', 'db.internal', 'metadata.google.internal', 'metadata', 'nas.lan', 'router.home', 'x.home.arpa',
  'intranet', 'wiki.intranet', 'wiki.corp', 'vault.private', 'x.localdomain', 'ｌｏｃａｌｈｏｓｔ', 'local%68ost', 'kubernetes.default.svc.cluster.local',
];
const BYTE = 256;
const THREE_BYTES = 2 ** 24;
const WIDE = 0xfee0;

/** One address in every notation a URL parser takes for it, or in an address it is hidden in. */
function notationsOf(address: string): string[] {
  const parts = address.split('.').map(Number);
  const number = parts.reduce((sum, part) => sum * BYTE + part, 0);
  const high = (number >>> 16).toString(16);
  const low = (number & 0xffff).toString(16);
  return [
    address, `${address}.`, String(number), `0x${number.toString(16)}`, `0X${number.toString(16).toUpperCase()}`, `0${number.toString(8)}`,
    parts.map((part) => `0x${part.toString(16)}`).join('.'), parts.map((part) => `0${part.toString(8)}`).join('.'), parts.map((part) => `00000${part.toString(8)}`).join('.'),
    `${parts[0] ?? 0}.${number % THREE_BYTES}`, `${parts[0] ?? 0}.${parts[1] ?? 0}.${number & 0xffff}`,
    address.replaceAll('.', '\u3002'), address.replaceAll('.', '%2e'), address.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + WIDE)),
    `[::ffff:${address}]`, `[::ffff:${high}:${low}]`, `[0:0:0:0:0:ffff:${high}:${low}]`, `[::${address}]`, `[64:ff9b::${high}:${low}]`, `[64:ff9b::${address}]`, `[2002:${high}:${low}::1]`,
  ];
}

/** URLs of hosts inside; at a port, where one is given. */
export function forms(port?: number): string[] {
  return [...IPV4.flatMap(notationsOf), ...IPV6, ...NAMES].map((host) => `https://${host}${port === undefined ? '' : `:${port}`}/v1`);
}

/** URLs that are none, are of other schemes and ports, or say one thing and mean another. */
export const others: readonly string[] = [
  'http://example.com/v1', 'http://example.com:443/v1', 'HTTP://example.com', 'ftp://example.com', 'file:///etc/passwd', 'file://example.com/x', 'javascript:alert(1)', 'data:text/plain,x', 'ws://example.com', 'wss://example.com',
  'https://user@example.com', 'https://user:secret@example.com/v1', 'https://example.com@127.0.0.1', 'https://127.0.0.1@example.com', 'https://example.com%40127.0.0.1', 'https://:@127.0.0.1', 'https:\\\\127.0.0.1', 'https:/\\127.0.0.1', 'https:127.0.0.1', 'https:///127.0.0.1',
  'https://example.com:22/v1', 'https://example.com:6379', 'https://example.com:80', 'https://example.com:0', 'https://example.com:65536', 'https://example.com:8080',
  'https://example.com/v1?x=1', 'https://example.com/#@localhost', 'https://example.com#x', 'https://', 'https://.', 'https://..', 'example.com', '//example.com', '', ' ', 'https://exa mple.com', 'https://exa\nmple', 'gopher://example.com', 'unix:/var/run/docker.sock',
  'https://[::1', 'https://[::1]x', 'https://[v1.fe80::a]', 'https://127.0.0.1\\@example.com', 'https://127.0.0.1\t.', '\u0000https://127.0.0.1', 'https://256.256.256.256', 'https://1.2.3.4.5', 'https://0x', 'https://1.2.3.08',
];
