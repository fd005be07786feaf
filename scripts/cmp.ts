import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openCore } from '../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../src/engine/image/core/randomAccess.js';
import { bootMachine } from '../src/engine/image/boot/bootMachine.js';
import { readZones } from '../src/engine/image/state/index.js';
import { PageReader } from '../test/engine/bootChecks.js';
import { cacheName, slabCaches } from '../src/engine/proc/slabCaches.js';
import '../src/engine/entry/functions.js';
const MiB=2**20;
for (const [folder, highmemMiB, initrdPages] of [['i386-highmem4g-slub-256M',64,91],['i386-pae-slab-256M',64,91],['x86_64-slab-192M',0,88],['x86_64-slub-192M',0,88],['x86_64-slub-smp-192M',0,88]] as const) {
  if (process.argv[2] && !folder.startsWith(process.argv[2])) continue;
  const core = openCore(randomAccessOf(gunzipSync(readFileSync(`/work/shared/golden/cores/${folder}/before.vmcore.gz`))));
  const cmaPages = Math.max(...readZones(core).zones.map((z) => z.populated?.fields.cma ?? 0));
  const t0=performance.now();
  const image = bootMachine({ profile: core.profile, ramBytes: Number(/(\d+)M$/.exec(folder)?.[1])*MiB, cmaBytes: cmaPages*4096, highmemBytes: highmemMiB*MiB, initrdBytes: initrdPages*4096, commandLine: process.argv[4] ?? 'slab_nomerge' } as never);
  const t1=performance.now();
  const [ours, kernel]=[new PageReader(image), new PageReader(core)];
  let equal=0; const diffs:string[]=[];
  const names=new Map<number,string>(); for(const s of slabCaches(core.mm)) names.set(core.mm.va_low(s), cacheName(core.mm,s));
  const names2=new Map<number,string>(); for(const s of slabCaches(image.mm)) names2.set(image.mm.va_low(s), cacheName(image.mm,s));
  const desc=(k:any,w:Int32Array,n:Map<number,string>)=>{ const f=w[k.page.flags]!; return (f&(1<<k.PG_slab))? 'SLAB '+(n.get(w[k.slab.slab_cache]!)??'?') : w[k.page._mapcount]===~k.PG_buddy?'buddy':w[k.page._refcount]===0?'free':'used'; };
  const kinds=new Map<string,number>();
  let words=0, eqwords=0;
  for (let pfn=0;pfn<core.maxPfn;pfn++){ const [a,b]=[ours.words(pfn)!,kernel.words(pfn)!]; 
    words+=a.length; for(let i=0;i<a.length;i++) if(a[i]===b[i]) eqwords++;
    if (a.every((w,i)=>w===b[i])) equal++; else { const d=desc(image.mm,a,names2)+' | '+desc(core.mm,b,names); kinds.set(d,(kinds.get(d)??0)+1); diffs.push(pfn.toString(16)+' '+d+' '+[...a].map((w,i)=>w===b[i]?'=':(w>>>0).toString(16)+'/'+(b[i]!>>>0).toString(16)).join(',')); } }
  console.log(folder, `boot ${(t1-t0).toFixed(0)} ms`, equal, core.maxPfn, (equal/core.maxPfn*100).toFixed(2)+'%', 'words', (eqwords/words*100).toFixed(3)+'%', 'frames', image.memory.nrTouchedFrames);
  console.log([...kinds].sort((a,b)=>b[1]-a[1]).slice(0,14).map(([k,n])=>`   ${n} ${k}`).join('\n'));
  if (process.argv[3]) console.log(diffs.slice(0,Number(process.argv[3])).join('\n'));
}
