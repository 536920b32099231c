import { Worker, isMainThread } from 'node:worker_threads';
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
const mode=process.env.WT;
const rss=()=>(readFileSync('/proc/self/status','utf8').match(/(RssAnon|RssFile|VmRSS):\s+\d+/g)||[]).map(s=>s.replace(/\s+/g,'')).join(' ');
const sleep=(ms)=>new Promise(r=>setTimeout(r,ms));
if (isMainThread && mode) (async()=>{
 await sleep(4000); console.log('idle', rss());
 for (let i=0;i<3;i++){
  const w= mode==='thread'? new Worker(new URL('./.wt-w2.mjs', import.meta.url),{execArgv:[],resourceLimits:{maxOldGenerationSizeMb:64,maxYoungGenerationSizeMb:4},env:{NODE_COMPILE_CACHE:'/work/tmp/wt/cc'}})
   : fork('./.wt-child.mjs',{execArgv:['--max-semi-space-size=4'],env:{NODE_COMPILE_CACHE:'/work/tmp/wt/cc'},serialization:'advanced',stdio:['ignore','ignore','inherit','ipc']});
  await new Promise(r=>{w.once('message',r);w.once('exit',r)});
  console.log('ready', rss());
  if (mode==='thread') await w.terminate(); else w.kill();
  await sleep(1000); console.log('ended', rss());
 }
 process.exit(0);
})();
