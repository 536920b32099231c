/** This file drives the official Python package against a gateway, directly and through a second one; `npm run conformance:python`. */
import path from 'node:path';
import { readReadmeBlocks } from '../conformance/readme-blocks.ts';
import { startServer } from '../conformance/server-under-test.ts';
import { openPython } from './python.ts';
import { run } from './run.ts';

const script = path.resolve(import.meta.dirname, '../conformance/python/check_openai_sdk.py');
const bin = await openPython('openai');
const upstream = await startServer();
const gateway = await startServer({ env: { VLLM_BASE_URL: `${upstream.url}/v1`, VLLM_API_KEY: upstream.key } });

let passed = 0;
let failed = 0;
const lanes = [{ what: 'directly', server: upstream, prefix: '' }, { what: 'through a second Interline', server: gateway, prefix: 'vllm/' }];
for (const { what, server, prefix } of lanes) {
  process.stdout.write(`openai for Python, ${what}\n`);
  const { code, output } = await run(path.join(bin, 'python'), ['-B', script, `${server.url}/v1`, server.key, prefix]);
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
  passed += Number(counts?.[1] ?? 0);
  failed += counts ? Number(counts[2]) : 1;
  if (code !== 0) process.exitCode = 1;
}
for (const { code: program, prints } of readReadmeBlocks(upstream.url).filter(({ language }) => language === 'python')) {
  const { output } = await run(path.join(bin, 'python'), ['-c', program], { isQuiet: true, env: { INTERLINE_KEY: upstream.key } });
  const isKept = output.includes(prints);
  process.stdout.write(isKept ? "ok    the README's Python prints what it promises\n" : `FAIL  the README's Python prints\n${output}\n`);
  if (isKept) passed++;
  else {
    failed++;
    process.exitCode = 1;
  }
}
await gateway.stop();
await upstream.stop();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (passed === 0) process.exitCode = 1;
