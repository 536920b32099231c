/** This file starts each gateway of the bench, alone on the gateway core, with what its own documentation says is its fast way of running. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gateway, type Site, freePort, untilReady } from './gateway.ts';
import { startInterline } from './interline.ts';
import type { ContenderName, InterlineName } from './options.ts';
import { type Running, allCores, run, start } from './processes.ts';
import { proveAnswers } from './requests.ts';

function closeOf(running: Running): () => Promise<null> {
  return async () => {
    await running.stop();
    return null;
  };
}

function startDirect(site: Site): Gateway {
  const door = { port: site.upstreamPort, path: '/v1/chat/completions', headers: { authorization: 'Bearer bench' } };
  return { name: 'direct', version: 'no gateway', doors: { json: door, stream: door }, model: site.model, running: null, readyMs: null, close: () => Promise.resolve(null) };
}

function nginxConfig(folder: string, port: number, upstreamPort: number): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`);
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}worker_processes 1;
worker_rlimit_nofile 8192;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
${paths.join('\n')}
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  tcp_nodelay on;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_read_timeout 300s;
    location / { proxy_pass http://bench; }
    location /unbuffered/ { proxy_pass http://bench/; proxy_buffering off; }
  }
}
`;
}

async function startNginx(site: Site): Promise<Gateway> {
  const folder = join(site.folder, 'nginx');
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, port, site.upstreamPort));
  const logPath = join(folder, 'log');
  const args = ['-e', join(folder, 'error.log'), '-p', folder, '-c', config, '-g', 'daemon off;'];
  const begun = performance.now();
  const running = start({ name: 'nginx', command: 'nginx', args, cores: site.gatewayCore, lastSignal: 'TERM' }, logPath);
  const readyMs = await untilReady(`http://127.0.0.1:${port}/v1/models`, running, { begun, logPath });
  const version = await run({ name: 'nginx -v', command: 'nginx', args: ['-v'], cores: site.gatewayCore }, 5000);
  const headers = { authorization: 'Bearer bench' };
  const doors = { json: { port, path: '/v1/chat/completions', headers }, stream: { port, path: '/unbuffered/v1/chat/completions', headers } };
  return { name: 'nginx', version: /nginx\/\S+/.exec(version)?.[0] ?? 'nginx', doors, model: site.model, running, readyMs, close: closeOf(running) };
}

function versionOf(manifestPath: string): string {
  const manifest: unknown = JSON.parse(readFileSync(manifestPath, 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}

/** The Node of Portkey's own container image (node:20-alpine, seen in its Dockerfile 2026-11), which also is the one speed.md's spike ran on. */
function portkeysNode(modules: string): string {
  const path = join(modules, `node-linux-${process.arch}/bin/node`);
  if (!existsSync(path)) throw new Error(`bench/portkey has no Node 20 for ${process.arch}.`);
  return path;
}

async function startPortkey(name: 'portkey' | 'portkey-our-node', site: Site): Promise<Gateway> {
  const folder = join(site.root, 'bench/portkey');
  const modules = join(folder, 'node_modules');
  if (!existsSync(join(modules, '@portkey-ai/gateway/build/start-server.js'))) {
    // Its install scripts do nothing its published build needs.
    await run({ name: 'npm ci', command: 'npm', args: ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], cores: allCores, cwd: folder }, 300_000);
  }
  const node = name === 'portkey' ? portkeysNode(modules) : process.execPath;
  const port = await freePort();
  const logPath = join(site.folder, `${name}.log`);
  const begun = performance.now();
  const args = ['@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'];
  const running = start({ name, command: node, args, cores: site.gatewayCore, cwd: modules, env: { NODE_ENV: 'production' } }, logPath);
  const readyMs = await untilReady(`http://127.0.0.1:${port}/`, running, { begun, logPath });
  const headers = { authorization: 'Bearer bench', 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${site.upstreamPort}/v1` };
  const door = { port, path: '/v1/chat/completions', headers };
  const [gateway, server, hono] = ['@portkey-ai/gateway', '@hono/node-server', 'hono'].map((each) => `${each} ${versionOf(join(modules, each, 'package.json'))}`);
  const nodeVersion = (await run({ name: 'node -v', command: node, args: ['-v'], cores: allCores }, 5000)).trim();
  const version = `${gateway} (with ${server} and ${hono}) on node ${nodeVersion}`;
  return { name, version, doors: { json: door, stream: door }, model: site.model, running, readyMs, close: closeOf(running) };
}

async function startWithStoreIn(name: InterlineName, parent: string, site: Site): Promise<Gateway> {
  const store = join(parent, `${name}-${process.pid}`);
  rmSync(store, { recursive: true, force: true });
  process.once('exit', () => rmSync(store, { recursive: true, force: true }));
  return startInterline({ name, dataFolder: store, nodeArgs: [] }, site);
}

const starters: Record<ContenderName, (site: Site) => Promise<Gateway> | Gateway> = {
  direct: startDirect,
  nginx: startNginx,
  interline: (site) => startWithStoreIn('interline', site.folder, site),
  'interline-route': (site) => startWithStoreIn('interline-route', site.folder, site),
  'interline-before': (site) => startWithStoreIn('interline-before', site.folder, site),
  'interline-tmpfs': (site) => startWithStoreIn('interline-tmpfs', '/dev/shm', site),
  'interline-unlimited': (site) => startWithStoreIn('interline-unlimited', site.folder, site),
  portkey: (site) => startPortkey('portkey', site),
  'portkey-our-node': (site) => startPortkey('portkey-our-node', site),
};

/**
 * Starts a gateway and proves that it gives the upstream's answers whole.
 * @throws Error when it does not start, or answers wrong.
 */
export async function startGateway(name: ContenderName, site: Site): Promise<Gateway> {
  const gateway = await starters[name](site);
  await proveAnswers(name, gateway.doors, gateway.model);
  return gateway;
}
