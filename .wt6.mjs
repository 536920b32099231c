import { Worker } from 'node:worker_threads';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
if (process.argv[3]) enableCompileCache(process.argv[3]);
import { readFileSync } from 'node:fs'; const rss=()=>(readFileSync('/proc/self/status','utf8').match(/(RssAnon|RssFile|VmRSS):\s+\d+/g)||[]).map(s=>s.replace(/\s+/g,'')).join(' ');
const mb=Number(process.argv[2]);
await sleep(200);
console.log('before', rss());
for (let i=0;i<4;i++){
 const h=monitorEventLoopDelay({resolution:1}); h.enable();
 const t=performance.now();
 const w=new Worker(new URL('./.wt-worker.mjs', import.meta.url),{resourceLimits:{maxOldGenerationSizeMb:mb,maxYoungGenerationSizeMb:4},...(process.argv[3]?{env:{NODE_COMPILE_CACHE:process.argv[3]}}:{})});
 w.on('error',e=>console.log(e.code));
 const m=await new Promise(r=>{w.once('message',r);w.once('exit',r)});
 console.log('ready', Math.round(performance.now()-t), m, 'rss', rss(), 'loop max ms', h.max/1e6);
 w.postMessage('The quick brown fox jumps. '.repeat(80)); await new Promise(r=>{w.once('message',r);w.once('exit',r)});
 console.log('after count', rss());
 await w.terminate(); await sleep(300); if (globalThis.gc) { console.log('pre-gc', rss()); gc({type:'major',execution:'sync',flavor:'last-resort'}); await sleep(200); console.log(readFileSync('/proc/self/smaps','utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).map(b=>({h:b.split('\n')[0].slice(0,90),r:Number(/Rss:\s+(\d+)/.exec(b)?.[1])})).filter(x=>x.r>1500).sort((a,b)=>b.r-a.r).slice(0,14)); } console.log('ended', rss());
}
