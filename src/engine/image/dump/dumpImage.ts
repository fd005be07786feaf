/**
 * A dumped kernel as an image: what expressions, trees of variables and memory views read. Frames come from the dump at their
 * first touch; frames that it does not have are not there.
 */
import type { MemmapExtent } from '../../machine/memmap.js';
import { asPhys, asVirt, PAGE_SIZE } from '../../memory/address.js';
import { PhysicalMemory } from '../../memory/physical.js';
import type { TapeOptions } from '../../memory/tape.js';
import type { Inspected } from '../../inspect/inspected.js';
import { maxPfnOf, memmapOf } from '../../inspect/memmap.js';
import { scan } from '../../x86/ranges.js';
import { assembleImage } from '../assemble.js';
import { kernelRegisters } from '../boot/registers.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { dumpProfile } from './dumpProfile.js';
import { tablesIn } from './kernelSpace.js';

export interface DumpImageOptions {
  /** For people: the file's name. */
  readonly name?: string;
  readonly tapeOptions?: TapeOptions;
}

const LA57 = 1 << 12;
const FRAMES_OF_4G = 1 << 20;
/** Of 8 TiB. */
const MAX_FRAMES = 2 ** 31;

export function dumpImage(k: Inspected, options: DumpImageOptions = {}): KernelImage {
  const { dump } = k;
  const source = dump.space.memory;
  const maxPfn = Math.min(maxPfnOf(k), source.endFrame);
  if (maxPfn > MAX_FRAMES)
    throw new ImageError(`The dump is damaged: its kernel claims ${maxPfn} page frames.`);
  // Beyond RAM and the first 4 GiB there are at most devices.
  const nrFrames = Math.max(maxPfn, Math.min(source.endFrame, FRAMES_OF_4G));
  const memory = new PhysicalMemory(nrFrames);
  memory.leaveOut((frame) => !source.hasFrame(frame));
  memory.addRule({
    startFrame: 0,
    endFrame: nrFrames,
    fill: (frame, words, cell) => {
      const bytes = source.read(frame * PAGE_SIZE, PAGE_SIZE);
      new Uint8Array(words.buffer, words.byteOffset + cell * 4, bytes.length).set(bytes);
    },
  });
  const mib = Math.round((maxPfn * PAGE_SIZE) / 2 ** 20);
  const image = assembleImage({
    profile: dumpProfile(dump),
    memory,
    memmap: memmapGeometry(k, maxPfn),
    linear: linearMaps(k, maxPfn),
    origin: `${options.name ?? 'dump'}: Linux ${dump.release}, ${mib} MiB, ${dump.form}`,
    source: 'core',
    maxPfn,
    nrCpus: Math.max(1, k.nrCpuIds()),
    dumped: k,
    ...(options.tapeOptions && { tapeOptions: options.tapeOptions }),
  });
  const registers = kernelRegisters(dump.arch, asPhys(dump.space.paging.rootPhys));
  const cr4 = registers.cr4 | (dump.paging === '5-level' ? LA57 : 0);
  image.tape.setRecording(false);
  for (let cpu = 0; cpu < image.nrCpus; cpu++)
    image.mm.machine.processor(cpu).setRegisters({ ...registers, cr4 });
  image.tape.setRecording(true);
  return image;
}

/** The direct map, and the kernel's own mapping on x86_64. */
function linearMaps({ dump, space }: Inspected, maxPfn: number) {
  const low = dump.symbols.address('max_low_pfn');
  const end = dump.arch === 'x86_64' || low === undefined ? maxPfn : space.ulong(low);
  const linear = { pageOffset: dump.pageOffset, directMapEndFrame: Math.min(end, maxPfn) };
  const [text, stop] = [dump.symbols.address('_text'), dump.symbols.address('_end')];
  if (dump.arch !== 'x86_64' || text === undefined || stop === undefined) return linear;
  const phys = space.walk(text).page?.phys;
  if (phys === undefined) return linear;
  const start = asVirt(Math.floor(text / PAGE_SIZE) * PAGE_SIZE);
  const startFrame = Math.floor(phys / PAGE_SIZE);
  const endFrame = startFrame + Math.ceil((stop - start) / PAGE_SIZE);
  return { ...linear, kernelMap: { start, startFrame, endFrame } };
}

/** What is mapped of vmemmap; classic SPARSEMEM's arrays lie in the direct map, like anything else. */
function memmapGeometry(k: Inspected, maxPfn: number) {
  const sizeofPage = k.sizeof('page');
  const base = memmapOf(k).pfnToPage(0);
  if (k.dump.arch !== 'x86_64' || base === undefined)
    return { base: asVirt(0), sizeofPage, endPfn: 0, extents: [] };
  const sizeBytes = Math.ceil((maxPfn * sizeofPage) / PAGE_SIZE) * PAGE_SIZE;
  const bounds = { first: base, last: asVirt(base + sizeBytes - 1) };
  const extents: MemmapExtent[] = [];
  for (const run of scan(k.space.paging, tablesIn(k.space.memory), bounds)) {
    if (run.kind !== 'run' || !run.mapped || run.same) continue;
    const before = Math.max(0, base - run.va);
    const bytes = Math.min(
      run.nrEntries * 2 ** run.level.shift - before,
      base + sizeBytes - run.va,
    );
    extents.push({
      startMapPage: (run.va + before - base) / PAGE_SIZE,
      startFrame: (run.phys + before) / PAGE_SIZE,
      nrFrames: Math.floor(bytes / PAGE_SIZE),
    });
  }
  return { base, sizeofPage, endPfn: maxPfn, extents };
}
