/**
 * Any image as a kernel to look into: one that a dump describes is that already; of a booted machine, a recorded state or a
 * dump of one of the bundled kernels the profile says what the dump would.
 */
import { asPhys, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { Inspected } from '../../inspect/inspected.js';
import type { KernelImage } from '../kernelImage.js';
import type { DumpMemory } from './dumpMemory.js';
import type { Kallsym } from './kallsyms.js';
import { KernelSpace, type PagingKind } from './kernelSpace.js';
import { Symbols } from './symbols.js';

export function inspectedOf(image: KernelImage): Inspected {
  if (image.dumped !== undefined) return image.dumped;
  const { profile, mm, origin } = image;
  const space = new KernelSpace(memoryOf(image), mm.machine.processor(0).paging);
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
    ...memmapRuns(image),
  ]);
  return new Inspected({
    form: origin,
    cutOff: undefined,
    vmcoreinfo: undefined,
    vmcoreinfoText: undefined,
    release: profile.release,
    buildId: undefined,
    arch: profile.arch,
    paging: pagingOf(image),
    space,
    symbols: new Symbols(symbolsOf(image)),
    types: profile.types,
    pageOffset,
    physBase: physBaseOf(image),
    kernelOffset: undefined,
  });
}

/** Frames that nobody touched stay untouched. */
function memoryOf({ memory }: KernelImage): DumpMemory {
  return {
    endFrame: memory.nrFrames,
    hasFrame: (frame) => memory.has(frame),
    read: (phys, sizeBytes) => memory.readBytes(asPhys(phys), sizeBytes),
  };
}

const pagingOf = ({ profile }: KernelImage): PagingKind =>
  profile.arch === 'x86_64' ? '4-level' : profile.arch === 'i386-pae' ? 'pae' : '2-level';

/** A machine that was rebuilt from a recorded state need not have page tables: its vmemmap is known all the same. */
function memmapRuns({ mm, maxPfn }: KernelImage) {
  const { memmap } = mm;
  const start = mm.va_of(memmap.pfn_to_page(0 as never));
  if (start === 0 || mm.profile.arch !== 'x86_64') return [];
  const runs: { start: VirtAddr; sizeBytes: number; startPhys: number }[] = [];
  const end = start + maxPfn * memmap.page_words * 4;
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

function symbolsOf({ profile }: KernelImage): Kallsym[] {
  return profile.symbolNames().flatMap((name): Kallsym[] => {
    const symbol = profile.symbol(name);
    return symbol === undefined ? [] : [{ kind: 'd', name, address: symbol.address }];
  });
}

function physBaseOf({ profile, mm }: KernelImage): number {
  const { kernelMap } = mm.linear;
  if (kernelMap === undefined) return 0;
  return (
    kernelMap.startFrame * PAGE_SIZE - (kernelMap.start - profile.constant('__START_KERNEL_map'))
  );
}
