/**
 * Loads and stores by virtual address: the scenario's window by itself, everything else by the page tables (linear memory by a
 * short way to the same word: linearAccess.ts). Every store is an entry of the tape; an access of what is not mapped is the
 * fault that the processor would raise.
 *
 * A fault's further lines: oops.ts.
 */
import { readVirtual, writeBytes } from '../../engine/image/assemble.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { badAddress, KernelFault, type AccessKind } from '../../engine/machine/events.js';
import {
  asCell,
  asPhys,
  asVirt,
  fromWords,
  highWord,
  lowWord,
  PAGE_SIZE,
  type Cell,
  type PhysAddr,
  type VirtAddr,
} from '../../engine/memory/address.js';
import type { Access } from '../../engine/x86/access.js';
import type { Exception, Walk } from '../../engine/x86/walk.js';
import type { VirtualMemory } from '../builtins/call.js';
import { convert, high32, join32, low32, type Value } from '../semantics/arithmetic.js';
import { extractBits, insertBits, withNinth, type BitField } from '../semantics/bits.js';
import type { UnitBytes } from '../semantics/ir.js';
import { LinearAccess } from './linearAccess.js';
import type { MisuseWatch } from './misuse.js';
import type { UserSpace } from './userSpace.js';
import type { WindowCells } from './windowCells.js';

/** Where a walk leads, if the access may happen. */
const reached = ({ page, exception }: Walk): Reached => ({
  phys: exception === undefined ? page?.phys : undefined,
  exception,
});

interface Reached {
  readonly phys: PhysAddr | undefined;
  readonly exception: Exception | undefined;
}

const CANONICAL = 2 ** 47;
const NOTHING = new Uint8Array(0);

/** String literals of an expression that is evaluated: they have addresses, but no cells. */
export interface Overlay {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export class ScenarioMemory implements VirtualMemory {
  overlay: Overlay | undefined;
  /** An expression is looked at: an access sets no A or D, fills no TLB, and a fault leaves no address in cr2. */
  onlyLooks = false;
  /** Told of each access, on a machine that is to tell misuse. */
  misuse: MisuseWatch | undefined;
  /** The memory of the process that runs, once the machine can run processes. */
  user: UserSpace | undefined;
  /** By CPU. */
  private readonly linear: LinearAccess[] = [];

  constructor(
    private readonly image: KernelImage,
    private readonly window: WindowCells,
  ) {}

  load(address: Value, sizeBytes: 1 | 2 | 4 | 8): Value {
    if (this.isFar(address)) return this.loadFar(address, sizeBytes);
    const va = this.canonical(address);
    const offset = va & 3;
    if (this.inOverlay(va)) return this.loadBytes(va, sizeBytes);
    if (offset + sizeBytes <= 4) {
      const word = this.image.memory.words[this.wordCell(va, offset, 'read')] ?? 0;
      if (sizeBytes === 4) return word >>> 0;
      return (word >>> (offset * 8)) & (sizeBytes === 1 ? 0xff : 0xffff);
    }
    if (offset === 0) {
      const low = this.image.memory.words[this.wordCell(va, 0, 'read')] ?? 0;
      const high = this.image.memory.words[this.wordCell(va + 4, 0, 'read')] ?? 0;
      return join32(low, high);
    }
    return this.loadBytes(va, sizeBytes);
  }

  /**
   * Faults where the kernel's load would, and has the processor look up the address: nothing is read there. A process's memory is not
   * the kernel's to follow pointers into.
   */
  touch(address: Value): void {
    if (this.isFar(address)) {
      this.farPhys(address, 0);
      return;
    }
    const va = this.canonical(address);
    if (this.inOverlay(va)) return;
    const { user } = this;
    this.user = undefined;
    try {
      this.wordCell(va, va & 3, 'read');
    } finally {
      this.user = user;
    }
  }

  /**
   * An address that five levels of page tables may map and four may not: no number holds each of them to the last bit
   * (memory/address.ts). Dumps alone have them.
   */
  private isFar(address: Value): boolean {
    if (typeof address === 'number' && address >= -CANONICAL && address < CANONICAL) return false;
    const { mm } = this.image;
    const processor = mm.machine.processor(mm.cpu);
    return mm.wide && processor.hasTables && processor.paging.addressBits > 48;
  }

  private loadFar(address: Value, sizeBytes: 1 | 2 | 4 | 8): Value {
    const bytes = new Uint8Array(8);
    for (let i = 0; i < sizeBytes; i++)
      bytes.set(this.image.memory.readBytes(this.farPhys(address, i), 1), i);
    const view = new DataView(bytes.buffer);
    const low = view.getInt32(0, true);
    return sizeBytes === 8 ? join32(low, view.getInt32(4, true)) : low >>> 0;
  }

  /** Where a byte of it lies: the page's address is exact, and what is in the page is another number. */
  private farPhys(address: Value, offset: number): PhysAddr {
    const [low, high] = [low32(address), high32(address)];
    const { mm } = this.image;
    const within = (low & (PAGE_SIZE - 1)) + offset;
    const page = fromWords(low & -PAGE_SIZE, high);
    const start = asVirt(page + (within - (within % PAGE_SIZE)));
    const access = { kind: 'read', user: false } as const;
    const phys =
      mm.phys_of(start) ?? reached(mm.machine.processor(mm.cpu).walk(start, access)).phys;
    if (phys === undefined || !this.image.memory.has(Math.floor(phys / PAGE_SIZE)))
      throw badAddress(mm.wide, low, high, 'read');
    return asPhys(phys + (within % PAGE_SIZE));
  }

  /** An unaligned access, or one of an overlay: byte by byte. */
  private loadBytes(va: number, sizeBytes: number): Value {
    const byteAt = this.inOverlay(va)
      ? (i: number): number => this.readBytes(va, sizeBytes)[i] ?? this.throwFault(va + i, 'read')
      : (i: number): number => low32(this.load(va + i, 1));
    const word = (from: number): number => {
      let value = 0;
      for (let i = 0; i < Math.min(4, sizeBytes - from); i++) value |= byteAt(from + i) << (i * 8);
      return value;
    };
    return sizeBytes === 8 ? join32(word(0), word(4)) : word(0) >>> 0;
  }

  store(address: Value, sizeBytes: 1 | 2 | 4 | 8, value: Value): void {
    const va = this.canonical(address);
    const offset = va & 3;
    const { tape } = this.image;
    if (this.window.isReadOnly(va) || this.inOverlay(va)) throw this.writeFault(va);
    if (offset + sizeBytes <= 4) {
      const cell = this.wordCell(va, offset, 'write');
      if (sizeBytes === 4) {
        tape.write(cell, low32(value));
        return;
      }
      const shift = offset * 8;
      const mask = (sizeBytes === 1 ? 0xff : 0xffff) << shift;
      tape.writeBits(cell, mask, low32(value) << shift);
    } else if (offset === 0) {
      const low = this.wordCell(va, 0, 'write');
      const high = this.wordCell(va + 4, 0, 'write');
      tape.write(low, low32(value));
      tape.write(high, high32(value));
    } else {
      const words = [low32(value), high32(value)];
      for (let i = 0; i < sizeBytes; i++)
        this.store(va + i, 1, (words[i >> 2] ?? 0) >>> ((i & 3) * 8));
    }
  }

  /** A bit-field in the unit at an address; in a packed struct it may lie across nine bytes. */
  loadBits(address: Value, sizeBytes: UnitBytes, bits: BitField): Value {
    const unit = this.load(address, sizeBytes);
    if (bits.offset + bits.width <= 64) return extractBits(unit, sizeBytes, bits);
    return extractBits(withNinth(unit, this.load(this.canonical(address) + 8, 1)), 9, bits);
  }

  /** Gives the field's value then. */
  storeBits(address: Value, sizeBytes: UnitBytes, bits: BitField, value: Value): Value {
    const unit = this.load(address, sizeBytes);
    if (bits.offset + bits.width <= 64) {
      const changed = insertBits(unit, sizeBytes, bits, value);
      this.store(address, sizeBytes, changed);
      return extractBits(changed, sizeBytes, bits);
    }
    const ninth = this.canonical(address) + 8;
    const whole = BigInt(insertBits(withNinth(unit, this.load(ninth, 1)), 9, bits, value));
    this.store(address, 8, convert(whole, 'u64'));
    this.store(ninth, 1, Number(whole >> 64n));
    return extractBits(whole, 9, bits);
  }

  readonly readBytes = (address: Value, sizeBytes: number): Uint8Array => {
    if (typeof address !== 'number') return NOTHING;
    const { overlay } = this;
    if (overlay !== undefined && this.inOverlay(address)) {
      const from = address - overlay.start;
      return overlay.bytes.subarray(from, from + sizeBytes);
    }
    const length = this.isServed(address) ? this.user?.readable(address, sizeBytes) : sizeBytes;
    return readVirtual(this.image, asVirt(address), length ?? 0) ?? NOTHING;
  };

  /** Whether an access is one of the process that runs, whose faults the kernel handles. A look changes nothing. */
  private isServed(va: number): boolean {
    return !this.onlyLooks && this.user?.serves(va) === true;
  }

  writeBytes(address: Value, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const va = this.canonical(address);
    if (this.window.isReadOnly(va) || this.inOverlay(va)) throw this.writeFault(va);
    this.tellWritten(va, bytes.length);
    if (this.isServed(va)) this.user?.prepareWrite(va, bytes.length);
    if (writeBytes(this.image, va, bytes)) return;
    throw this.fault(va + this.readBytes(va, bytes.length).length, 'write');
  }

  /** A write of many bytes is one access of each page. */
  private tellWritten(va: VirtAddr, sizeBytes: number): void {
    if (this.misuse === undefined) return;
    for (
      let at: number = va;
      at < va + sizeBytes;
      at = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE
    ) {
      const cell = this.image.mm.cell_of(asVirt(at));
      if (cell !== 0) this.misuse.accessed(cell, at, 'write');
    }
  }

  /** The cell of the word at `va - offset`. */
  private wordCell(va: number, offset: number, kind: 'read' | 'write'): Cell {
    const cell = this.cellOf(va, offset, kind);
    if (!this.onlyLooks) this.misuse?.accessed(cell, va, kind);
    return cell;
  }

  private cellOf(va: number, offset: number, kind: 'read' | 'write'): Cell {
    const { dataStart, dataEnd, data } = this.window;
    if (va >= dataStart && va < dataEnd) return asCell(data + ((va - dataStart) >>> 2));
    const { mm } = this.image;
    const cell = mm.cell_of(asVirt(va - offset));
    if (cell !== 0 && !this.window.isGuard(cell)) {
      const linear = (this.linear[mm.cpu] ??= new LinearAccess(this.image, mm.cpu));
      if (linear.allows(asVirt(va), cell, kind)) return cell;
    }
    return this.throughTables(asVirt(va), offset, kind);
  }

  /** An access by the page tables, as the CPU makes it; an expression that only reads leaves no trace of it. */
  private throughTables(va: VirtAddr, offset: number, kind: 'read' | 'write'): Cell {
    const { mm, memory } = this.image;
    const processor = mm.machine.processor(mm.cpu);
    if (!processor.hasTables) throw this.fault(va, kind);
    if (this.user !== undefined && this.isServed(va)) {
      const cell = memory.cell(asPhys(this.user.reach(va, kind) - offset));
      if (cell !== 0) return cell;
    }
    const access = { kind, user: false } as const;
    const { phys, exception } = this.onlyLooks
      ? reached(processor.walk(va, access))
      : this.translated(va, access);
    if (phys === undefined) throw this.fault(va, kind, exception);
    const cell = memory.cell(asPhys(phys - offset));
    if (cell === 0)
      throw new KernelFault(`there is no memory at physical address 0x${phys.toString(16)}`);
    return cell;
  }

  private translated(va: VirtAddr, access: Access): Reached {
    const { mm } = this.image;
    const { hit, phys, stale, exception } = mm.machine.processor(mm.cpu).translateTold(va, access);
    if (hit !== undefined && stale !== undefined) mm.emit({ kind: 'stale-tlb', va, text: stale });
    return { phys, exception };
  }

  /** An address that a mapping could have; any other one traps. */
  private canonical(address: Value): VirtAddr {
    const { wide } = this.image.mm;
    if (typeof address === 'number') {
      if (!wide) return asVirt(address >>> 0);
      if (address >= -CANONICAL && address < CANONICAL) return asVirt(address);
    }
    throw badAddress(wide, low32(address), high32(address), 'read');
  }

  private throwFault(va: number, kind: AccessKind): never {
    throw this.fault(va, kind);
  }

  /** Nothing answers at an address. */
  fault(va: number, kind: AccessKind, exception?: Exception): KernelFault {
    return badAddress(this.image.mm.wide, lowWord(va), highWord(va), kind, exception);
  }

  private writeFault(va: number): KernelFault {
    const { text } = this.fault(va, 'write');
    return new KernelFault(`${text} (a string literal cannot be written)`);
  }

  inOverlay(va: number): boolean {
    const { overlay } = this;
    return (
      overlay !== undefined && va >= overlay.start && va < overlay.start + overlay.bytes.length
    );
  }
}
