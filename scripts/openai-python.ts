/** This file drives the official Python package against a gateway, directly, through a second one and through every wire; `npm run conformance:python`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readReadmeBlocks } from '../conformance/readme-blocks.ts';
import { faultsOfAll, openSdkStage, scenery } from '../conformance/sdk-stage.ts';
import { hasSharedRecordings } from '../conformance/sdk-scenes.ts';
import { makeFolder, startServer } from '../conformance/server-under-test.ts';
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
await runMatrix();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (passed === 0) process.exitCode = 1;

/** The matrix of conformance/sdk-matrix.test.ts, by Python; every reply is judged on its way. */
async function runMatrix(): Promise<void> {
  process.stdout.write(`openai for Python, endpoint by wire by recording${hasSharedRecordings ? '' : ' (skipped: the shared recordings, which are not at hand)'}\n`);
  const stage = await openSdkStage();
  try {
    const file = path.join(makeFolder(), 'matrix.json');
    writeFileSync(file, JSON.stringify(scenery.scenes.map((scene) => {
      const { proxy, server } = stage.laneOf(scene);
      return { ...scene, baseUrl: `${proxy.url}/v1`, apiKey: server.key };
    })));
    const { code, output } = await run(path.join(bin, 'python'), ['-B', path.resolve(import.meta.dirname, '../conformance/python/sdk_matrix.py'), file]);
    const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
    for (const { proxy } of stage.lanes) await proxy.settled();
    const judged = stage.lanes.flatMap(({ proxy }) => proxy.judged);
    const faults = faultsOfAll(judged);
    for (const fault of faults) process.stdout.write(`FAIL  ${fault}\n`);
    process.stdout.write(`${judged.length - faults.length} replies keep both contracts\n`);
    passed += Number(counts?.[1] ?? 0);
    failed += (counts ? Number(counts[2]) : 1) + faults.length;
    if (code !== 0 || faults.length > 0 || judged.length < scenery.scenes.length) process.exitCode = 1;
  } finally {
    await stage.close();
  }
}
