/**
 * Makes a small core of a large one: `node scripts/run.mjs scripts/reduceCore.ts IN.gz OUT.gz [CACHE...]`.
 *
 * What memory management knows is kept word for word: the kernel's data, mem_map, page tables of every address space, the
 * slabs of a few caches (those named are kept, too; `all`: of every one, and every page that is nobody's data). Of a kernel with other code, its list of symbols lies beside it. Other pages (text, user memory, caches, free memory) are zero, and the file does not hold them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openStart } from '../src/cli/replay/replay.js';
import { current } from '../src/engine/entry/functions.js';
import { randomAccessOf } from '../src/engine/image/core/randomAccess.js';
import { readElfCore } from '../src/engine/image/core/elf.js';
import { asPfn, asVirt, type VirtAddr } from '../src/engine/memory/address.js';
import { NULL } from '../src/engine/machine/ctypes.js';
import { kindOfState, PAGE_KINDS } from '../src/engine/view/pageState.js';
import { surveyorOf } from '../src/engine/view/surveyor.js';
import { whereIs } from '../src/engine/view/whereIs.js';

const [input = '', output = '', ...moreCaches] = process.argv.slice(2);
const bytes = gunzipSync(readFileSync(input));
const image = openStart(input);
const surveyor = surveyorOf(image);
const { states, spaces } = surveyor;
const { profile, mm } = image;

const frameAt = (name: string): number => {
  const phys = mm.phys_of(profile.symbol(name)?.address ?? mm.linear.pageOffset) ?? 0;
  return Math.floor(phys / 4096);
};
const PT_LOAD = 1;
const PT_NOTE = 4;
const zoneName = surveyor.reader.offset('zone', 'name') ?? 0;
/** Code and read-only data. */
const [textStart, textEnd] = [frameAt('_text'), frameAt('__end_rodata')];
const [roStart, roEnd] = [frameAt('__start_ro_after_init'), frameAt('__end_ro_after_init')];
const KEPT = new Set(['reserved', 'pageTable', 'locked', 'compoundHead']);
const OF_USERS = new Set(['free', 'freeCma', 'perCpu', 'user', 'pageCache']);
/** Caches whose objects lead from one to the other: caches, tasks and their memory, vmalloc areas, names. */
const CACHES =
  /^(kmem_cache|kmem_cache_node|task_struct|mm_struct|vm_area_struct|vmap_area|kmalloc-(8|16|32|64))$/;

function isKeptSlab(pfn: number): boolean {
  const slab = whereIs(surveyor, asPfn(pfn)).facts.find(({ name }) => name === 'slab');
  const cache = slab?.value.split(':')[0] ?? '';
  return CACHES.test(cache) || moreCaches.includes(cache);
}

let named: Set<number> | undefined;

function isKept(pfn: number): boolean {
  if (pfn >= image.maxPfn) return false;
  // Variables that boot alone writes: of SMP, where each CPU's are.
  if (pfn >= roStart && pfn <= roEnd) return true;
  if (pfn >= textStart && pfn < textEnd) return (named ??= new Set(namedPages())).has(pfn);
  // The BIOS.
  if (pfn >= 0xa0 && pfn < 0x100) return false;
  if (spaces.tableOf(asPfn(pfn)) !== undefined) return true;
  const kind = PAGE_KINDS[kindOfState(states.stateOf(pfn))]?.name ?? '';
  if (moreCaches.includes('all')) return !OF_USERS.has(kind);
  return KEPT.has(kind) || (kind === 'slab' && isKeptSlab(pfn));
}

/** Pages of read-only data that something points to: the banner, names of caches and zones, the vdso. */
function* namedPages(): Generator<number> {
  const { reader } = surveyor;
  const pageOf = (va: VirtAddr | undefined): number =>
    Math.floor((va === undefined ? 0 : (mm.phys_of(va) ?? 0)) / 4096);
  yield pageOf(profile.symbol('linux_banner')?.address);
  // The process that runs maps the vdso: where its page is.
  const process = mm.read_ptr(mm.plus(current(mm), mm.task_struct.mm));
  if (process !== NULL) yield pageOf(mm.read_va(mm.plus(process, mm.mm_struct.context_vdso_image)));
  for (const zone of mm.zones) yield pageOf(reader.pointerAt(mm.va_of(zone) + zoneName));
  const head = reader.symbol('slab_caches') ?? asVirt(0);
  const list = reader.offset('kmem_cache', 'list') ?? 0;
  for (let at = reader.pointerAt(head); at !== undefined && at !== head; at = reader.pointerAt(at))
    yield pageOf(reader.pointer('kmem_cache', 'name', asVirt(at - list)));
}

interface Run {
  readonly from: number;
  nrKept: number;
  nrPages: number;
}

/** Stretches of pages that are kept, each with the zero pages behind it, which the file does not hold. */
function runsOf(first: number, nrPages: number): Run[] {
  const runs: Run[] = [{ from: first, nrKept: 0, nrPages: 0 }];
  for (let pfn = first; pfn < first + nrPages; pfn++) {
    let run = runs.at(-1) as Run;
    const keeps = isKept(pfn);
    if (keeps && run.nrKept < run.nrPages) runs.push((run = { from: pfn, nrKept: 0, nrPages: 0 }));
    run.nrPages++;
    if (keeps) run.nrKept++;
  }
  return runs;
}

/** An ELF64 core: header, program headers (notes first), notes, pages. */
function written(): Buffer {
  const header = Buffer.from(bytes.subarray(0, 64));
  const notes = noteHeader();
  const pieces = readElfCore(randomAccessOf(bytes)).segments.flatMap((segment) =>
    runsOf(segment.startPhys / 4096, Math.ceil(segment.memBytes / 4096)).map((run) => ({
      run,
      offset: segment.offset + run.from * 4096 - segment.startPhys,
    })),
  );
  const table = Buffer.alloc(56 * (pieces.length + 1));
  header.writeBigUInt64LE(64n, 32);
  header.writeBigUInt64LE(0n, 40);
  header.writeUInt16LE(pieces.length + 1, 56);
  header.writeUInt32LE(0, 60);
  const noteBytes = bytes.subarray(notes.offset, notes.offset + notes.sizeBytes);
  const put = (index: number, type: number, fields: readonly number[]): void => {
    table.writeUInt32LE(type, index * 56);
    fields.forEach((value, i) => table.writeBigUInt64LE(BigInt(value), index * 56 + 8 + 8 * i));
  };
  let at = 64 + table.length;
  put(0, PT_NOTE, [at, 0, 0, noteBytes.length, noteBytes.length, 0]);
  at += noteBytes.length;
  const contents: Uint8Array[] = [];
  for (const [i, { run, offset }] of pieces.entries()) {
    const sizeBytes = run.nrKept * 4096;
    put(i + 1, PT_LOAD, [at, 0, run.from * 4096, sizeBytes, run.nrPages * 4096, 0]);
    contents.push(bytes.subarray(offset, offset + sizeBytes));
    at += sizeBytes;
  }
  return Buffer.concat([header, table, noteBytes, ...contents]);
}

function noteHeader(): { offset: number; sizeBytes: number } {
  const at = Number(bytes.readBigUInt64LE(32));
  for (let i = 0; i < bytes.readUInt16LE(56); i++) {
    const entry = at + i * bytes.readUInt16LE(54);
    if (bytes.readUInt32LE(entry) !== PT_NOTE) continue;
    const [offset, sizeBytes] = [8, 32].map((field) =>
      Number(bytes.readBigUInt64LE(entry + field)),
    );
    return { offset: offset ?? 0, sizeBytes: sizeBytes ?? 0 };
  }
  throw new Error('the core has no notes');
}

const packed = gzipSync(written(), { level: 9 });
writeFileSync(output, packed);
process.stdout.write(`${packed.length} bytes\n`);
