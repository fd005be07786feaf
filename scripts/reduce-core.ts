/**
 * Makes a small core of a large one: `node scripts/run.mjs scripts/reduce-core.ts IN.gz OUT.gz`.
 *
 * What memory management knows is kept word for word: the kernel's data, mem_map, slabs, page tables of every address space.
 * What lies in other pages (text, user memory, caches, free memory) becomes zero, and gzip makes it nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openCore } from '../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../src/engine/image/core/randomAccess.js';
import { readElfCore } from '../src/engine/image/core/elf.js';
import { asPfn } from '../src/engine/memory/address.js';
import { kindOfState, PAGE_KINDS } from '../src/engine/view/pageState.js';
import { surveyorOf } from '../src/engine/view/surveyor.js';

const [input = '', output = ''] = process.argv.slice(2);
const bytes = gunzipSync(readFileSync(input));
const image = openCore(randomAccessOf(bytes));
const { states, spaces } = surveyorOf(image);
const { profile, mm } = image;

const frameAt = (name: string): number => {
  const phys = mm.phys_of(profile.symbol(name)?.address ?? mm.linear.pageOffset) ?? 0;
  return Math.floor(phys / 4096);
};
const [textStart, textEnd] = [frameAt('_text'), frameAt('_etext')];
const KEPT = new Set(['reserved', 'slab', 'pageTable', 'locked', 'compoundHead']);

function isKept(pfn: number): boolean {
  if (pfn >= image.maxPfn) return false;
  if (pfn >= textStart && pfn < textEnd) return false;
  if (spaces.tableOf(asPfn(pfn)) !== undefined) return true;
  return KEPT.has(PAGE_KINDS[kindOfState(states.stateOf(pfn))]?.name ?? '');
}

let nrKept = 0;
const reduced = Buffer.from(bytes);
for (const segment of readElfCore(randomAccessOf(bytes)).segments)
  for (let at = 0; at < segment.fileBytes; at += 4096) {
    const pfn = Math.floor((segment.startPhys + at) / 4096);
    if (isKept(pfn)) nrKept++;
    else
      reduced.fill(0, segment.offset + at, segment.offset + Math.min(at + 4096, segment.fileBytes));
  }
const packed = gzipSync(reduced, { level: 9 });
writeFileSync(output, packed);
process.stdout.write(`${nrKept} frames kept, ${packed.length} bytes\n`);
