/**
 * Puts an image together from its parts, whichever source they came from, and reads and writes it by virtual address.
 *
 * `assembleImage` declares where kernel structures must lie in one piece *before* anything is touched: every static
 * object that straddles frames, and the objects that pointers in memory lead to (page sets, section usage maps).
 */
import { Memmap, type MemmapGeometry } from '../machine/memmap.js';
import { createKernel, type Kernel } from '../machine/kernel.js';
import type { LinearMaps } from '../machine/linearMaps.js';
import type { KernelEvent } from '../machine/events.js';
import {
  asCell,
  asVirt,
  PAGE_SIZE,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import { Tape, type TapeOptions } from '../memory/tape.js';
import type { Profile } from '../types/profile.js';
import { QEMU_CPU } from '../x86/registers.js';
import type { KernelImage } from './kernelImage.js';
import { placeRange } from './placeRange.js';

export interface ImageParts {
  readonly profile: Profile;
  readonly memory: PhysicalMemory;
  readonly memmap: MemmapGeometry;
  readonly linear: LinearMaps;
  /** One line for people: `booted x86_64-slub, 1 GiB`. */
  readonly origin: string;
  readonly source: KernelImage['source'];
  /** One past the highest pfn. */
  readonly maxPfn: number;
  readonly nrCpus: number;
  readonly tapeOptions?: TapeOptions;
  readonly dumped?: KernelImage['dumped'];
}

export function assembleImage(parts: ImageParts): KernelImage {
  const { profile, memory, linear, origin, source, maxPfn, nrCpus } = parts;
  const tape = new Tape<KernelEvent>(memory, parts.tapeOptions);
  const memmap = new Memmap(memory, parts.memmap);
  const mm = createKernel(profile, memory, tape, memmap, linear);
  mm.machine.addProcessors(nrCpus, QEMU_CPU);
  const image: KernelImage = {
    profile,
    memory,
    tape,
    mm,
    origin,
    source,
    maxPfn,
    nrCpus,
    ...(parts.dumped && { dumped: parts.dumped }),
  };
  placeStaticObjects(image);
  return image;
}

/** Every static object that straddles frames; per-CPU ones at their address in the image (CPU copies: see the source). */
function placeStaticObjects({ profile, memory, mm }: KernelImage): void {
  for (const name of profile.symbolNames()) {
    const symbol = profile.symbol(name);
    if (symbol === undefined || symbol.sizeBytes < 2) continue;
    const phys = mm.phys_of(symbol.address);
    if (phys !== undefined) placeRange(memory, phys, symbol.sizeBytes);
  }
}

/** Declares an object at a virtual address of the linear maps: its bytes lie in one piece in the pool. */
export function placeObject(image: KernelImage, va: VirtAddr, sizeBytes: number): void {
  const phys = image.mm.phys_of(va);
  if (phys !== undefined) placeRange(image.memory, phys, sizeBytes);
}

/**
 * Bytes at a virtual address, through the linear maps, mem_map, the windows of scenario variables, else the page tables.
 * Frames that nobody touched stay untouched. Shorter than asked where the address space ends; undefined when nothing is there.
 */
export function readVirtual(
  image: KernelImage,
  va: VirtAddr,
  sizeBytes: number,
): Uint8Array | undefined {
  const out = new Uint8Array(sizeBytes);
  let done = 0;
  while (done < sizeBytes) {
    const at = asVirt(va + done);
    const chunk = Math.min(sizeBytes - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
    const bytes = readWithinFrame(image, at, chunk);
    if (bytes === undefined) break;
    out.set(bytes, done);
    done += bytes.length;
    if (bytes.length < chunk) break;
  }
  return done === 0 && sizeBytes > 0 ? undefined : out.subarray(0, done);
}

function readWithinFrame(
  { mm, memory }: KernelImage,
  va: VirtAddr,
  sizeBytes: number,
): Uint8Array | undefined {
  const phys = mm.phys_of(va);
  if (phys !== undefined) {
    const bytes = memory.readBytes(phys, sizeBytes);
    return bytes.length === 0 ? undefined : bytes;
  }
  const cell = mm.cell_of(va);
  if (cell === 0) {
    const walked = walkedPhys(mm, va);
    const found = walked === undefined ? undefined : memory.readBytes(walked, sizeBytes);
    return found?.length === 0 ? undefined : found;
  }
  const words = memory.words;
  memory.heard?.(cell, (sizeBytes + 3) >>> 2);
  return new Uint8Array(words.buffer, words.byteOffset + cell * 4 + (va & 3), sizeBytes).slice();
}

/**
 * Where the page tables of the CPU that runs lead: the way to what no linear map holds (vmalloc space, user pages). It only
 * looks. The linear maps are not asked for here: they are right as long as nobody changes the tables behind them.
 */
function walkedPhys(mm: Kernel, va: VirtAddr): PhysAddr | undefined {
  const processor = mm.machine.processor(mm.cpu);
  if (!processor.hasTables) return undefined;
  return mm.memory.unheard(() => processor.walk(va).page?.phys);
}

/** The cell of the word at an address of whatever kind; 0 where nothing is mapped. */
export function cellAt({ mm, memory }: KernelImage, va: VirtAddr): Cell {
  const cell = mm.cell_of(va);
  if (cell !== 0) return cell;
  const phys = walkedPhys(mm, va);
  return phys === undefined ? cell : memory.cell(phys);
}

/** Writes bytes through the tape. False, and nothing is written, when a part of the range is not mapped. */
export function writeBytes(image: KernelImage, va: VirtAddr, bytes: Uint8Array): boolean {
  const there = image.memory.unheard(() => readVirtual(image, va, bytes.length));
  if (there?.length !== bytes.length) return false;
  for (let done = 0; done < bytes.length;) {
    const at = asVirt(va + done);
    const chunk = Math.min(bytes.length - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
    const cell = cellAt(image, asVirt(at - (at & 3)));
    writeWithinFrame(image, cell, at & 3, bytes.subarray(done, done + chunk));
    done += chunk;
  }
  return true;
}

/** The words of a frame lie side by side, so they are looked up once: filling memory is a quarter of a million writes a megabyte. */
function writeWithinFrame(
  { tape }: KernelImage,
  first: Cell,
  offset: number,
  bytes: Uint8Array,
): void {
  const byteAt = (at: number): number => bytes[at - offset] as number;
  const end = offset + bytes.length;
  let at = offset;
  /** The bytes up to `until`, all in one word. */
  const writePart = (until: number): void => {
    const word = asCell(first + (at >> 2));
    let mask = 0;
    let value = 0;
    for (; at < until; at++) {
      mask |= 0xff << ((at & 3) * 8);
      value |= byteAt(at) << ((at & 3) * 8);
    }
    if (mask !== 0) tape.writeBits(word, mask, value);
  };
  writePart(Math.min(end, (offset + 3) & ~3));
  for (; at + 4 <= end; at += 4) {
    const low = byteAt(at) | (byteAt(at + 1) << 8);
    tape.write(asCell(first + (at >> 2)), low | (byteAt(at + 2) << 16) | (byteAt(at + 3) << 24));
  }
  writePart(end);
}
