/**
 * malloc() as glibc lays its heap out, so that a program's addresses, its brk() and its mmap() come as they do there: chunks with their
 * size in front, a cache of freed ones by size, a last chunk that is all that is left of the heap, and areas of their own for large ones.
 *
 *     chunk        prev_size | size and flags | what the program has ...            flags: 1 the chunk before is in use, 2 it is an area
 *     first chunk  one of which the first words are those of this file, where glibc has its cache for the thread:
 *                  the last chunk | the first large free chunk | ... | the first free chunk of each size
 *
 * The heap begins where the program's break is when malloc() first needs it, which others may have moved before: at the first page of a
 * program that was recorded while it ran, or behind what sbrk() took. What others take later leaves a gap: the last chunk ends before it.
 *
 * Differs: the cache takes as many chunks of a size as there are, so that small ones are never joined; large ones that are free are looked
 * for from the latest on; there is one arena, and the size from which on a request has an area of its own stays as it is.
 * Source: the layout is that of glibc 2.36, malloc/malloc.c.
 */
import { NULL } from '../../../engine/machine/ctypes.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../engine/memory/address.js';
import type { BuiltinCall } from '../call.js';
import { asWriter, currentMm } from '../user/libc.js';

const ALIGNMENT = 16;
const MMAP_THRESHOLD = 128 << 10;
const TOP_PAD = 128 << 10;
const TRIM_THRESHOLD = 128 << 10;
/** From so many bytes on a chunk that is freed may make the heap smaller. */
const TRIMS_FROM = 64 << 10;
const NR_BINS = 64;
const PREV_INUSE = 1;
const IS_MMAPPED = 2;
const FLAGS = 7;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MREMAP_MAYMOVE = 1;

const up = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** The heap of the running process. A chunk is known by its address; what the program has begins two words behind that. */
export class Heap {
  private readonly word: 4 | 8;
  private readonly least: number;
  /** From the beginning of a page to a chunk there, so that what the program has is aligned. */
  private readonly front: number;
  /** Where it begins; 0: there is none. */
  private start: number;

  constructor(private readonly call: BuiltinCall) {
    this.word = call.profile.pointerSize;
    this.least = up(4 * this.word, ALIGNMENT);
    this.front = ALIGNMENT - 2 * this.word;
    this.start = call.process.heapStart;
  }

  private read(at: number): number {
    return Number(this.call.memory.load(at, this.word));
  }

  private write(at: number, value: number): void {
    this.call.memory.store(at, this.word, value);
  }

  private get mm() {
    return currentMm(this.call);
  }

  private get end(): number {
    const { k } = this.call;
    return k.read_va(k.plus(this.mm, k.mm_struct.brk));
  }

  // --- chunks ------------------------------------------------------------------------------------------------------------------

  memOf = (chunk: number): number => chunk + 2 * this.word;
  chunkOf = (mem: number): number => mem - 2 * this.word;

  private head(chunk: number): number {
    return this.read(chunk + this.word);
  }

  sizeOf(chunk: number): number {
    const head = this.head(chunk);
    return head - (head % (FLAGS + 1));
  }

  isArea(chunk: number): boolean {
    return (this.head(chunk) & IS_MMAPPED) !== 0;
  }

  private setSize(chunk: number, size: number, flags = PREV_INUSE): void {
    this.write(chunk + this.word, size + flags);
  }

  /** The bytes of a chunk that has room for so many. */
  private bytesFor = (bytes: number): number =>
    Math.max(this.least, up(bytes + this.word, ALIGNMENT));

  /** Of a chunk, for its program. */
  room(chunk: number): number {
    return this.sizeOf(chunk) - (this.isArea(chunk) ? 2 : 1) * this.word;
  }

  // --- the heap's own words ----------------------------------------------------------------------------------------------------

  /** The first chunk that there is room for at an address or behind it. */
  private chunkFrom = (address: number): number => this.chunkOf(up(this.memOf(address), ALIGNMENT));

  /** The heap's first chunk. */
  private get first(): number {
    return this.chunkFrom(this.start);
  }

  private get topAt(): number {
    return this.memOf(this.first);
  }

  private get largeAt(): number {
    return this.topAt + this.word;
  }

  /** Where the list of free chunks of a size begins; undefined: they are large. */
  private binAt(size: number): number | undefined {
    const bin = (size - this.least) / ALIGNMENT;
    return bin < NR_BINS ? this.topAt + 2 * NR_BINS + bin * this.word : undefined;
  }

  private get bytesOfStart(): number {
    return this.bytesFor(2 * NR_BINS + NR_BINS * this.word);
  }

  /** Moves the end of the heap. */
  private setEnd(end: number): boolean {
    const { call, mm } = this;
    return asWriter(call, mm, () => call.kernel.setBrk(call.k, mm, asVirt(end)) === end);
  }

  /** Makes the heap: its first chunk, and the last. */
  private begin(): boolean {
    const start = this.end;
    const first = this.chunkFrom(start);
    const top = first + this.bytesOfStart;
    const end = this.extend(start, up(this.bytesOfStart + TOP_PAD + this.least, PAGE_SIZE));
    if (end === undefined) return false;
    this.start = start;
    this.call.process.heapStart = start;
    this.setSize(first, this.bytesOfStart);
    this.setSize(top, end - top);
    this.write(this.topAt, top);
    return true;
  }

  /** Takes so many bytes behind the end, in two steps where the chunk there cannot begin at once; the new end. */
  private extend(at: number, bytes: number): number | undefined {
    if (!this.setEnd(at + bytes)) return undefined;
    const end = up(this.chunkFrom(at) + bytes, PAGE_SIZE);
    return end === at + bytes || this.setEnd(end) ? end : undefined;
  }

  /** The last chunk gets as long as a request needs, and some more. */
  private grow(size: number): boolean {
    const top = this.read(this.topAt);
    const { end } = this;
    if (top + this.sizeOf(top) !== end) return this.growBehind(end, top, size);
    const more = up(size + TOP_PAD + this.least - this.sizeOf(top), PAGE_SIZE);
    if (!this.setEnd(end + more)) return false;
    this.setSize(top, this.sizeOf(top) + more);
    return true;
  }

  /** Somebody else has moved the end: a new last chunk begins there. The old one is given back, but for two small chunks that nobody gets. */
  private growBehind(at: number, old: number, size: number): boolean {
    const end = this.extend(at, up(size + TOP_PAD + this.least, PAGE_SIZE));
    if (end === undefined) return false;
    const top = this.chunkFrom(at);
    this.setSize(top, end - top);
    this.write(this.topAt, top);
    const kept = 4 * this.word;
    const rest = Math.floor((this.sizeOf(old) - kept) / ALIGNMENT) * ALIGNMENT;
    if (rest < this.least) return true;
    this.setSize(old, rest);
    for (const fence of [old + rest, old + rest + 2 * this.word])
      this.setSize(fence, 2 * this.word);
    this.give(old);
    return true;
  }

  /** The heap ends earlier where much of it is free: systrim(). */
  private trim(): void {
    const top = this.read(this.topAt);
    const size = this.sizeOf(top);
    const { end } = this;
    if (size < TRIM_THRESHOLD || top + size !== end) return;
    const extra = Math.floor((size - this.least - 1 - TOP_PAD) / PAGE_SIZE) * PAGE_SIZE;
    if (extra <= 0 || !this.setEnd(end - extra)) return;
    this.setSize(top, size - extra);
  }

  // --- taking and giving back --------------------------------------------------------------------------------------------------

  /** A chunk with room for so many bytes; 0 without memory. */
  take(bytes: number): number {
    const size = this.bytesFor(bytes);
    if (size >= MMAP_THRESHOLD) return this.map(size);
    if (this.start === 0 && !this.begin()) return 0;
    return this.fromBin(size) ?? this.fromLarge(size) ?? this.fromTop(size);
  }

  private fromBin(size: number): number | undefined {
    const bin = this.binAt(size);
    const mem = bin === undefined ? 0 : this.read(bin);
    if (bin === undefined || mem === 0) return undefined;
    this.write(bin, this.read(mem));
    return this.chunkOf(mem);
  }

  private fromLarge(size: number): number | undefined {
    for (let mem = this.read(this.largeAt); mem !== 0; mem = this.read(mem)) {
      const chunk = this.chunkOf(mem);
      const all = this.sizeOf(chunk);
      if (all < size) continue;
      this.unlink(chunk);
      const rest = all - size;
      if (rest >= this.least) {
        this.setSize(chunk, size);
        this.setSize(chunk + size, rest);
        this.give(chunk + size);
      }
      return chunk;
    }
    return undefined;
  }

  private fromTop(size: number): number {
    if (this.sizeOf(this.read(this.topAt)) < size + this.least && !this.grow(size)) return 0;
    const chunk = this.read(this.topAt);
    const rest = this.sizeOf(chunk) - size;
    this.setSize(chunk, size);
    this.setSize(chunk + size, rest);
    this.write(this.topAt, chunk + size);
    return chunk;
  }

  private map(size: number): number {
    const { call, mm } = this;
    const bytes = up(size + this.word + (this.front === 0 ? 0 : ALIGNMENT - 1), PAGE_SIZE);
    const at = asWriter(call, mm, () =>
      call.kernel.ksys_mmap_pgoff(
        ...([call.k, mm, asVirt(0), bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS] as const),
        ...([NULL, 0] as const),
      ),
    );
    if (at < 0) return 0;
    const chunk = at + this.front;
    this.write(chunk, this.front);
    this.setSize(chunk, bytes - this.front, IS_MMAPPED);
    return chunk;
  }

  /** What a program gives back. The first two words of what it had lead to the next one, and tell that it is free. */
  give(chunk: number): void {
    const size = this.sizeOf(chunk);
    const mem = this.memOf(chunk);
    if (this.isArea(chunk)) {
      const { call, mm } = this;
      const before = this.read(chunk);
      const at: VirtAddr = asVirt(chunk - before);
      asWriter(call, mm, () => call.kernel.do_munmap(call.k, mm, at, before + size));
      return;
    }
    const bin = this.binAt(size);
    if (bin === undefined) {
      this.giveLarge(chunk);
      return;
    }
    this.write(mem, this.read(bin));
    this.write(mem + this.word, this.first);
    this.write(bin, mem);
  }

  /** A large chunk is joined with those before and behind it that are free; the chunk behind knows its size then. */
  private giveLarge(freed: number): void {
    let chunk = freed;
    let size = this.sizeOf(freed);
    if ((this.head(freed) & PREV_INUSE) === 0) {
      chunk = freed - this.read(freed);
      size += this.sizeOf(chunk);
      this.unlink(chunk);
    }
    const top = this.read(this.topAt);
    const next = chunk + size;
    if (next === top) {
      this.setSize(chunk, size + this.sizeOf(top));
      this.write(this.topAt, chunk);
      if (size >= TRIMS_FROM) this.trim();
      return;
    }
    const isFree = (this.head(next + this.sizeOf(next)) & PREV_INUSE) === 0;
    if (isFree) {
      size += this.sizeOf(next);
      this.unlink(next);
    }
    this.setSize(chunk, size);
    this.write(chunk + size, size);
    this.setSize(chunk + size, this.sizeOf(chunk + size), 0);
    const mem = this.memOf(chunk);
    this.write(mem, this.read(this.largeAt));
    this.write(mem + this.word, this.first);
    this.write(this.largeAt, mem);
  }

  /** A large chunk is free no more. */
  private unlink(chunk: number): void {
    let link = this.largeAt;
    while (this.read(link) !== this.memOf(chunk)) link = this.read(link);
    this.write(link, this.read(this.memOf(chunk)));
    const next = chunk + this.sizeOf(chunk);
    this.setSize(next, this.sizeOf(next));
  }

  /** glibc's checks of what is freed: what is wrong with it. */
  fault(mem: number): string | undefined {
    const chunk = this.chunkOf(mem);
    if (mem % ALIGNMENT !== 0) return 'free(): invalid pointer';
    if (this.isArea(chunk)) return undefined;
    const size = this.sizeOf(chunk);
    if (size < this.least || size % ALIGNMENT !== 0) return 'free(): invalid size';
    if (this.start === 0 || chunk < this.first || chunk + size > this.read(this.topAt))
      return 'free(): invalid pointer';
    if (this.read(mem + this.word) !== this.first) return undefined;
    const list = this.binAt(size) ?? this.largeAt;
    for (let free = this.read(list); free !== 0; free = this.read(free))
      if (free === mem)
        return this.binAt(size) === undefined
          ? 'double free or corruption (!prev)'
          : 'free(): double free detected in tcache 2';
    return undefined;
  }

  /** A chunk at an address that is a multiple of `alignment`; what lies before it is given back. */
  takeAligned(alignment: number, bytes: number): number {
    if (alignment <= ALIGNMENT) return this.take(bytes);
    const chunk = this.take(this.bytesFor(bytes) + alignment + this.least);
    if (chunk === 0 || this.memOf(chunk) % alignment === 0) return chunk;
    let mem = up(this.memOf(chunk), alignment);
    if (mem - this.memOf(chunk) < this.least) mem += alignment;
    const aligned = this.chunkOf(mem);
    const before = aligned - chunk;
    if (this.isArea(chunk)) {
      this.setSize(aligned, this.sizeOf(chunk) - before, IS_MMAPPED);
      this.write(aligned, this.read(chunk) + before);
      return aligned;
    }
    this.setSize(aligned, this.sizeOf(chunk) - before);
    this.setSize(chunk, before, this.head(chunk) & PREV_INUSE);
    this.give(chunk);
    return aligned;
  }

  /** A chunk that is an area becomes longer or shorter, and may move; 0 if it cannot. */
  remap(chunk: number, bytes: number): number {
    const { call } = this;
    const before = this.read(chunk);
    const old = before + this.sizeOf(chunk);
    const wanted = up(this.bytesFor(bytes) + this.word + before, PAGE_SIZE);
    if (wanted === old) return chunk;
    const sizes = [old, wanted, MREMAP_MAYMOVE] as const;
    const at = asWriter(call, this.mm, () =>
      call.kernel.sys_mremap(call.k, asVirt(chunk - before), ...sizes, asVirt(0)),
    );
    if (at < 0) return 0;
    this.setSize(at + before, wanted - before, IS_MMAPPED);
    return at + before;
  }
}
