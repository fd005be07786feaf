import { coreMachine } from './scenario/coreMachines.js';
import { runToEnd } from './scenario/machines.js';
import { allBuiltins } from '../src/scenario/builtins/table.js';
import { builtinType } from '../src/scenario/semantics/signatures.js';
import { loadProfile } from '../src/engine/types/bundled.js';
let seed = Number(process.argv[2] ?? 1);
const rnd = (n: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >> 8) % n; };
const NEW = new Set(['slab','vmalloc','highmem','per-CPU','DMA','bits','atomic','lock','RCU','list']);
const values = ['0','1','-1','4096','(void *)&init_task','(void *)&contig_page_data','pfn_to_page(100)','page_to_virt(pfn_to_page(200))','good','page_to_virt(pfn_to_page(200)) + 3','(void *)0xdead','cache','local','area','0x7fffffff','100','8','page','GFP_KERNEL', '(void *)-5'];
let crashes = 0, n = 0;
for (const p of ['x86_64-slub','i386-pae-slab','i386-highmem4g-slub','x86_64-slub-smp'] as const) {
  const profile = loadProfile(p);
  for (const b of allBuiltins) {
    if (!NEW.has(b.category)) continue;
    const t = builtinType({ profile }, b);
    let body = '';
    for (let i = 0; i < 6; i++) body += `task t${i} { ${b.name}(${t.parameters.map((q) => { const v = values[rnd(values.length)]; return q.type.kind === 'struct' ? v : `(typeof_(${v}))`; }).join(', ').replace(/typeof_\(([^]*?)\)\)/g, '$1)')}); }\n`;
    const text = `struct kmem_cache *cache = kmem_cache_create("f", 100, 0, 0, NULL);\nvoid *good = kmem_cache_alloc(cache, GFP_KERNEL), *area = vmalloc(5000);\nchar local[64];\nstruct page *page = alloc_page(GFP_HIGHUSER);\n${body}`;
    let vm;
    try { vm = coreMachine(text, p); } catch { try { vm = coreMachine(text.replace(/\((\(void \*\)[^()]*(?:\([^()]*\))?|[^(),]*)\)/g, '$1'), p); } catch (e) { continue; } }
    n++;
    const start = Date.now();
    try { runToEnd(vm); } catch (e) { crashes++; console.log(p, b.name, String(e).slice(0, 120), (e as Error).stack?.split('\n').slice(1, 4).map((l) => l.trim().replace(/\(.*\/src/, '(src')).join(' < ')); console.log(body.slice(0, 400)); }
    if (Date.now() - start > 2000) console.log('slow', p, b.name, Date.now() - start);
  }
}
console.log(n, 'ran', crashes, 'crashed');
