/**
 * Makes a small dump of a large one, of whatever kernel:
 *
 *     node scripts/run.mjs test/dumps/reduceDump.ts IN OUT PID:VA... [--vmlinux FILE]
 *
 * With a vmlinux, OUT.map and OUT.types have what was asked of its symbols and types.
 *
 * It holds the pages that reading everything once touches (symbols, types, lists, counters, tasks and their areas, the walks
 * of the addresses that are named), and no others: not the memory of its processes.
 */
import { writeFileSync } from 'node:fs';
import { openContainer } from '../../src/engine/image/dump/containers/container.js';
import { describeKernel, kernelNote } from '../../src/engine/image/dump/describe.js';
import { dumpImage } from '../../src/engine/image/dump/dumpImage.js';
import { givenFacts } from '../../src/engine/image/dump/given.js';
import { writeSystemMap } from '../../src/engine/image/dump/symbols.js';
import { taskByPid } from '../../src/engine/inspect/ask/answer.js';
import { whereAnswer } from '../../src/engine/inspect/ask/where.js';
import { walkAnswer } from '../../src/engine/inspect/ask/walk.js';
import { pkmapOf } from '../../src/engine/inspect/fixedMaps.js';
import { Inspected, Problems } from '../../src/engine/inspect/inspected.js';
import { dumpedProcLines } from '../../src/engine/inspect/proc/files.js';
import { pidFileNames } from '../../src/engine/inspect/proc/pid/files.js';
import { cachesOf } from '../../src/engine/inspect/slab.js';
import { SlabObjects } from '../../src/engine/inspect/slabObjects.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { tasksOf, vmasOf } from '../../src/engine/inspect/tasks.js';
import { nodeCodecs } from '../../src/files/codecs.js';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';
import { unpackSection } from '../../src/files/unpackSection.js';
import { writeKdump } from './kdumpWriter.js';
import { RecordedSymbols, RecordedTypes } from './recordedFacts.js';

const args = process.argv.slice(2);
const option = args.indexOf('--vmlinux');
const [, vmlinux] = option < 0 ? [] : args.splice(option, 2);
const [input = '', output = '', ...places] = args;
const container = openContainer(await openRandomAccess(input), nodeCodecs);
const touched = new Set<number>();
const source = container.memory;
const memory = {
  endFrame: source.endFrame,
  hasFrame: (frame: number) => source.hasFrame(frame),
  read: (phys: number, sizeBytes: number) => {
    for (let frame = Math.floor(phys / 4096); frame * 4096 < phys + sizeBytes; frame++)
      touched.add(frame);
    return source.read(phys, sizeBytes);
  },
};
const note = kernelNote(container);
const files = { vmlinux: vmlinux === undefined ? undefined : await openRandomAccess(vmlinux) };
const given = await givenFacts(files, note, { unpack: unpackSection });
const described = describeKernel({ ...container, memory }, note, given);
const symbols = new RecordedSymbols(
  described.symbols.names().flatMap((name) => described.symbols.find(name) ?? []),
);
const types = new RecordedTypes(described.types);
const kernel = { ...described, symbols, types: types.table };
const k = new Inspected(kernel);
const problems = new Problems();
reportOf(k);
dumpImage(k);
for (const name of 'buddyinfo iomem meminfo pagetypeinfo slabinfo vmallocinfo vmstat zoneinfo'.split(
  ' ',
))
  dumpedProcLines(k, name);
for (const { mm, pid } of tasksOf(k, problems)) {
  if (mm === 0) continue;
  vmasOf(k, mm, problems);
  for (const name of pidFileNames) dumpedProcLines(k, `${pid}/${name}`);
}
for (const cache of cachesOf(k, problems).filter(({ name }) =>
  /^(kmalloc-64|dentry)$/.test(name),
)) {
  new SlabObjects(k).partial(cache, problems);
  new SlabObjects(k).ofCpus(cache, problems);
}
for (const va of [pkmapOf(k)?.start ?? 0, k.pointerSize === 4 ? 0xffff_e000 : -0x80_2000])
  whereAnswer({ k, task: undefined }, BigInt.asUintN(k.pointerSize * 8, BigInt(va)));
for (const place of places) {
  const [pid = '', va = ''] = place.split(':');
  walkAnswer({ k, task: taskByPid(k, Number(pid)) }, BigInt(va));
}
const frames = new Map<number, Uint8Array>();
for (const frame of touched) {
  const page = source.read(frame * 4096, 4096);
  if (page.length === 4096) frames.set(frame, Uint8Array.from(page));
}
const bytes = writeKdump({
  frames,
  nrFrames: source.endFrame,
  vmcoreinfo: container.vmcoreinfo ?? '',
  physBase: kernel.physBase,
});
writeFileSync(output, bytes);
if (vmlinux !== undefined) {
  writeFileSync(`${output}.map`, writeSystemMap(symbols.recorded()));
  writeFileSync(`${output}.types`, `${types.lines().join('\n')}\n`);
}
console.log(`${frames.size} of ${touched.size} frames, ${bytes.length} bytes`);
