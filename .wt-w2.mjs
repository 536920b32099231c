import { parentPort } from 'node:worker_threads';
const t=performance.now();
const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
countTokens('hello world');
parentPort.postMessage({ms: performance.now()-t});
parentPort.on('message', (m)=>{ parentPort.postMessage({n: countTokens(m)}); });
