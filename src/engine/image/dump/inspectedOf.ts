/**
 * Any image as a kernel to look into: one that a dump describes is that already; of a booted machine, a recorded state or a
 * dump of one of the bundled kernels the profile says what the dump would.
 */
import { asPhys, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { Inspected } from '../../inspect/inspected.js';
import type { Kernel } from '../../machine/kernel.js';
import { toldTasks } from '../../machine/knownTasks.js';
import type { Paging } from '../../x86/paging.js';
import { ROOT_SYMBOL } from '../boot/tables/bootTables.js';
import type { KernelImage } from '../kernelImage.js';
import type { DumpMemory } from './dumpMemory.js';
import type { Kallsym } from './kallsyms.js';
import { KernelSpace, pagingFor, type PagingKind } from './kernelSpace.js';
import { Symbols } from './symbols.js';

export const inspectedOf = (image: KernelImage): Inspected =>
  image.dumped ?? inspectedMachine(image.mm, image.origin);

interface Live {
  readonly k: Inspected;
  at: number;
  cuts: number;
}

const machines = new WeakMap<Kernel, Live>();

/** A machine that runs, as it is where its tape's cursor stands: made once, and read anew when the cursor has moved. */
export function inspectedMachine(mm: Kernel, origin: string = mm.profile.release): Inspected {
  const { cursor, cuts } = mm.tape;
  const known = machines.get(mm);
  if (known === undefined) {
    const k = makeInspected(mm, origin);
    machines.set(mm, { k, at: cursor, cuts });
    return k;
  }
  if (known.at !== cursor || known.cuts !== cuts) known.k.space.forget();
  known.at = cursor;
  known.cuts = cuts;
  return known.k;
}

function makeInspected(mm: Kernel, origin: string): Inspected {
  const { profile } = mm;
  const space = new KernelSpace(memoryOf(mm), kernelPaging(mm));
  const { pageOffset, directMapEndFrame, kernelMap } = mm.linear;
  space.setLinearMaps([
    { start: pageOffset, sizeBytes: directMapEndFrame * PAGE_SIZE, startPhys: 0 },
    ...(kernelMap === undefined
      ? []
      : [
          {
            start: kernelMap.start,
            sizeBytes: (kernelMap.endFrame - kernelMap.startFrame) * PAGE_SIZE,
            startPhys: kernelMap.startFrame * PAGE_SIZE,
          },
        ]),
    ...memmapRuns(mm),
  ]);
  space.readElsewhere = (page) => windowPage(mm, page);
  const described = {
    form: origin,
    cutOff: undefined,
    vmcoreinfo: undefined,
    vmcoreinfoText: undefined,
    release: profile.release,
    buildId: undefined,
    arch: profile.arch,
    paging: pagingOf(mm),
    space,
    symbols: new Symbols(symbolsOf(mm)),
    types: profile.types,
    pageOffset,
    physBase: physBaseOf(mm),
    kernelOffset: undefined,
  };
  return new Inspected(described, () => toldTasks(mm));
}

/** A page of a scenario's own objects, which no table maps. */
function windowPage(mm: Kernel, page: VirtAddr): Uint8Array | undefined {
  if (!mm.isOwnObject(page)) return undefined;
  const cell = mm.cell_of(page);
  const { buffer, byteOffset } = mm.memory.words;
  return new Uint8Array(buffer, byteOffset + cell * 4, PAGE_SIZE).slice();
}

/** The kernel's own tables, whichever process runs: its tables go when it ends. */
function kernelPaging(mm: Kernel): Paging {
  const processor = mm.machine.processor(0);
  const root = mm.profile.symbol(ROOT_SYMBOL[mm.profile.arch]);
  const phys = root && processor.hasTables ? mm.phys_of(root.address) : undefined;
  return phys === undefined ? processor.paging : pagingFor(pagingOf(mm), phys);
}

/** Frames that nobody touched stay untouched. */
function memoryOf({ memory }: Kernel): DumpMemory {
  return {
    endFrame: memory.nrFrames,
    hasFrame: (frame) => memory.has(frame),
    read: (phys, sizeBytes) => memory.readBytes(asPhys(phys), sizeBytes),
  };
}

const pagingOf = ({ profile }: Kernel): PagingKind =>
  profile.arch === 'x86_64' ? '4-level' : profile.arch === 'i386-pae' ? 'pae' : '2-level';

/** A machine that was rebuilt from a recorded state need not have page tables: its vmemmap is known all the same. */
function memmapRuns(mm: Kernel) {
  const { memmap } = mm;
  const start = mm.va_of(memmap.pfn_to_page(0 as never));
  if (start === 0 || mm.profile.arch !== 'x86_64') return [];
  const runs: { start: VirtAddr; sizeBytes: number; startPhys: number }[] = [];
  const end = start + memmap.endPfn * memmap.page_words * 4;
  for (let va: number = start; va < end; va += PAGE_SIZE) {
    const frame = memmap.frameOfVa(asVirt(va));
    if (frame === undefined) continue;
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.start + last.sizeBytes === va &&
      last.startPhys + last.sizeBytes === frame * PAGE_SIZE
    )
      last.sizeBytes += PAGE_SIZE;
    else runs.push({ start: asVirt(va), sizeBytes: PAGE_SIZE, startPhys: frame * PAGE_SIZE });
  }
  return runs;
}

function symbolsOf({ profile }: Kernel): Kallsym[] {
  return profile.symbolNames().flatMap((name): Kallsym[] => {
    const symbol = profile.symbol(name);
    return symbol === undefined
      ? []
      : [{ kind: 'd', name, address: symbol.address, sizeBytes: symbol.sizeBytes }];
  });
}

function physBaseOf({ profile, linear }: Kernel): number {
  const { kernelMap } = linear;
  if (kernelMap === undefined) return 0;
  return (
    kernelMap.startFrame * PAGE_SIZE - (kernelMap.start - profile.constant('__START_KERNEL_map'))
  );
}
