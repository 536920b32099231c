import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
const rss=()=>Math.round(process.memoryUsage().rss/1e6);
await sleep(200); console.log('before', rss());
for (let i=0;i<3;i++){
 const h=monitorEventLoopDelay({resolution:1}); h.enable();
 const t=performance.now();
 const w=fork('./.wt-child.mjs',{execArgv:['--max-semi-space-size=4','--max-old-space-size=96'],env:{NODE_COMPILE_CACHE:process.argv[2]},serialization:'advanced',stdio:['ignore','ignore','inherit','ipc']});
 const m=await new Promise(r=>{w.once('message',r);w.once('exit',r)});
 const c=/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${w.pid}/status`,'utf8'))[1]/1000;
 console.log('ready', Math.round(performance.now()-t), m, 'rss', rss(), 'child', c, 'loop max ms', h.max/1e6);
 w.send('The quick brown fox jumps. '.repeat(80)); await new Promise(r=>{w.once('message',r);w.once('exit',r)});
 w.kill(); await sleep(300); console.log('ended', rss());
}
