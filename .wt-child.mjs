const parentPort={postMessage:(m)=>process.send(m),on:(n,f)=>process.on(n,f)};
const t=performance.now();
const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
countTokens('hello world');
parentPort.postMessage({ms: performance.now()-t});
parentPort.on('message', (m)=>{ parentPort.postMessage({n: countTokens(m)}); });
