/**
 * `npm run bench -- dumps DUMP [VMLINUX]`: how long a dump takes until its zones, free lists, caches, areas and tasks are listed, as a
 * process of its own, beside crash and drgn where these are installed and the kernel's vmlinux is given; how much memory that takes; and
 * the first where(page). Each figure is the best of several rounds, of CPU time and of wall time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openToInspect } from '../../src/engine/image/openMachine.js';
import { whereAnswer } from '../../src/engine/inspect/ask/where.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { keepingNothing } from '../../src/files/nodeFiles.js';

const ROUNDS = 3;
/** The same lists, by drgn's own helpers. */
const DRGN = `
from drgn.helpers.linux import *
for nid in for_each_online_node(prog):
    for z in prog['node_data'][nid].node_zones:
        if not z.present_pages: continue
        for a in z.free_area:
            for l in a.free_list:
                for p in list_for_each_entry('struct page', l.address_of_(), 'lru'): page_to_pfn(p)
for c in for_each_slab_cache(prog): c.name.string_()
for a in list_for_each_entry('struct vmap_area', prog['vmap_area_list'].address_of_(), 'list'): a.va_start.value_()
for t in for_each_task(prog): t.comm.string_()
`;
const CRASH =
  'kmem -f > /dev/null\nkmem -s > /dev/null\nkmem -v > /dev/null\nps > /dev/null\nquit\n';

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly mostBytes: number;
}

const [dump, vmlinux] = process.argv.slice(2);
if (dump === undefined || !existsSync(dump)) {
  console.error('usage: npm run bench -- dumps DUMP [VMLINUX]');
  process.exit(2);
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'mmscope-bench-'));
try {
  await measure(dump);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(file: string): Promise<void> {
  const given = vmlinux === undefined ? [] : ['--vmlinux', vmlinux];
  const ours = best('mmscope', process.execPath, ['dist/mmscope.cjs', 'info', file, '--json']);
  if (ours === undefined)
    best('mmscope', process.execPath, ['dist/mmscope.cjs', 'info', file, '--json', ...given]);
  await measureWhere(file);
  if (vmlinux === undefined) return;
  const script = path.join(folder, 'lists.py');
  writeFileSync(script, DRGN);
  const drgn = best('drgn', 'drgn', ['-q', '-c', file, '-s', vmlinux, script]);
  const crash = best('crash', 'crash', ['-s', vmlinux, file], CRASH);
  for (const [name, theirs] of [
    ['drgn', drgn],
    ['crash', crash],
  ] as const)
    if (ours && theirs)
      console.log(
        `${name} takes ${(theirs.wallMs / ours.wallMs).toFixed(1)} times as long, ${(theirs.cpuMs / ours.cpuMs).toFixed(1)} times the CPU`,
      );
}

/** Of the rounds that succeed; undefined, with a line that says so, where the program is not there or fails. */
function best(
  name: string,
  program: string,
  args: readonly string[],
  input?: string,
): Cost | undefined {
  const costs: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const cost = costOf(program, args, input);
    if (cost === undefined) break;
    costs.push(cost);
  }
  const least = (of: (cost: Cost) => number): number => Math.min(...costs.map(of));
  if (costs.length === 0) {
    console.log(`${name}: is not installed, or cannot open this dump`);
    return undefined;
  }
  const cost = {
    wallMs: least(({ wallMs }) => wallMs),
    cpuMs: least(({ cpuMs }) => cpuMs),
    mostBytes: least(({ mostBytes }) => mostBytes),
  };
  console.log(
    `${name}: ${cost.wallMs.toFixed(0)} ms, ${cost.cpuMs.toFixed(0)} ms of CPU, ${(cost.mostBytes / 2 ** 20).toFixed(0)} MiB`,
  );
  return cost;
}

/** Started and waited for by a few lines of Python, which have wait4(): it tells CPU time and the most memory of that process alone. */
function costOf(program: string, args: readonly string[], input?: string): Cost | undefined {
  const told = path.join(folder, 'cost');
  const timer = `import os,sys,time,resource\nstart=time.monotonic()\npid=os.fork()\nif pid==0:\n os.dup2(os.open('/dev/null',os.O_WRONLY),1);os.dup2(1,2);os.execvp(sys.argv[2],sys.argv[2:])\n_,status,used=os.wait4(pid,0)\nopen(sys.argv[1],'w').write(f'{status} {(time.monotonic()-start)*1000} {(used.ru_utime+used.ru_stime)*1000} {used.ru_maxrss*1024}')\n`;
  const done = spawnSync('python3', ['-c', timer, told, program, ...args], { input });
  if (done.status !== 0 || !existsSync(told)) return undefined;
  const [status, wallMs = 0, cpuMs = 0, mostBytes = 0] = readFileSync(told, 'utf8')
    .split(' ')
    .map(Number);
  return status === 0 ? { wallMs, cpuMs, mostBytes } : undefined;
}

/** In this process: from the dump that is open, nothing of it listed yet. */
async function measureWhere(file: string): Promise<void> {
  let first = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const { dumped, close } = await openToInspect(
      { kind: 'core', path: file, ...(vmlinux === undefined ? {} : { vmlinux }) },
      keepingNothing,
    );
    const start = performance.now();
    whereAnswer({ k: dumped, task: undefined }, BigInt(dumped.globalPointer('slab_caches')));
    first = Math.min(first, performance.now() - start);
    if (round === 0) reportOf(dumped);
    close();
  }
  console.log(`first where(page): ${first.toFixed(1)} ms`);
}
