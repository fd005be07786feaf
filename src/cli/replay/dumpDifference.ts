/** How a recorded dump of zones, of all pages or of some, and the machine's own differ: the first difference, by name. */
import {
  dumpMemmap,
  dumpZones,
  pageLine,
  parseZones,
  readZones,
  type TraceDump,
} from '../../engine/image/state/index.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt } from '../../engine/memory/address.js';
import { firstZonesDifference, memmapDifference } from './stateDifference.js';

export function compareZones(dump: TraceDump, image: KernelImage): string | undefined {
  const ours = dumpZones(image, dump.name === 'zones-brief');
  const at = ours.findIndex((line, i) => line !== dump.lines[i]);
  if (at < 0 && ours.length === dump.lines.length) return undefined;
  const named =
    dump.name === 'zones'
      ? firstZonesDifference(image.mm, readZones(image), parseZones(dump))
      : undefined;
  return (
    named ?? `%${dump.name}: ours '${ours[at] ?? 'ends'}', kernel '${dump.lines[at] ?? 'ends'}'`
  );
}

export function compareMemmap(dump: TraceDump, image: KernelImage): string | undefined {
  const [first = '0', second = '0'] = dump.args;
  const [from, to] = [parseInt(first, 16), parseInt(second, 16)];
  let i = 0;
  for (const line of dumpMemmap(image, from, to)) {
    if (line !== dump.lines[i]) return memmapDifference(line, dump.lines[i]);
    i++;
  }
  return i === dump.lines.length ? undefined : memmapDifference(undefined, dump.lines[i]);
}

/** PG_slab: the bit of `flags` that all builds here have in the same place. */
const SLAB = 0x200;

/**
 * The same of a machine on which other threads ran, too: what is in their caches is not known. Pages of slabs may differ in what mm/slab.c
 * and mm/slub.c keep in `private` and `_mapcount`, and pages that were taken for such a slab (`told`) are its.
 * @param lent pages that are not compared
 */
export function compareMemmapButSlabs(
  dump: TraceDump,
  image: KernelImage,
  told: { has(pfn: number): boolean },
  lent: ReadonlySet<number> = new Set(),
): string | undefined {
  if (compareMemmap(dump, image) === undefined) return undefined;
  const [first = '0', second = '0'] = dump.args;
  const ours = pagesOf(dumpMemmap(image, parseInt(first, 16), parseInt(second, 16)));
  for (const [pfn, kernel] of pagesOf(dump.lines)) {
    const own = ours.get(pfn);
    if (own === kernel || lent.has(pfn)) continue;
    const [ownFlags = '', ownRefs] = own?.split(' ') ?? [];
    const [kernelFlags = '', kernelRefs] = kernel.split(' ');
    const isSlab = (parseInt(kernelFlags.slice(-8), 16) & SLAB) !== 0;
    if (isSlab && (told.has(pfn) || (ownFlags === kernelFlags && ownRefs === kernelRefs))) continue;
    const line = (fields: string): string => `mm ${pfn.toString(16)} 1 ${fields}`;
    return memmapDifference(own === undefined ? undefined : line(own), line(kernel));
  }
  return undefined;
}

/** By page: FLAGS REFCOUNT MAPCOUNT PRIVATE. */
function pagesOf(lines: Iterable<string>): Map<number, string> {
  const pages = new Map<number, string>();
  for (const line of lines) {
    const [, pfn = '', count = '', ...fields] = line.split(' ');
    const start = parseInt(pfn, 16);
    for (let i = 0; i < parseInt(count, 16); i++) pages.set(start + i, fields.join(' '));
  }
  return pages;
}

/** @param judgeable the kernel's line with ours in place of what cannot be known */
export function comparePages(
  dump: TraceDump,
  image: KernelImage,
  judgeable: (ours: string, kernel: string) => string = (_, kernel) => kernel,
): string | undefined {
  for (const line of dump.lines) {
    const ours = pageLine(image, parseInt(line.split(' ')[1] ?? '', 16));
    if (ours === line) continue;
    if (ours === undefined || ours !== judgeable(ours, line))
      return `ours ${ours ?? 'nothing'}, kernel ${line}`;
  }
  return undefined;
}

const WORDS = / w=([0-9a-f,]+) /;

/**
 * A `page` line in which what pages keep of lists that lay on a stack is ours: the kernel's stack lay elsewhere than what stands for it
 * here.
 */
export function butStack(k: Kernel, ours: string, kernel: string): string {
  const stack = k
    .hex(asVirt(k.va_of(k.machine.register('freelist'))))
    .replace(/^0+/, '')
    .slice(0, -3);
  const own = WORDS.exec(ours)?.[1]?.split(',') ?? [];
  return kernel.replace(WORDS, (_, words: string) => {
    const judged = words.split(',').map((word, i) => {
      const mine = own[i] ?? '';
      return mine.startsWith(stack) && word.length > 4 ? mine : word;
    });
    return ` w=${judged.join(',')} `;
  });
}
