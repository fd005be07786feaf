/** Writes ELF cores: what QEMU and kdump would have, of whatever memory a test says. */
import type { RandomAccess } from '../../src/engine/image/core/randomAccess.js';

export interface CoreSpec {
  readonly elfClass: 32 | 64;
  readonly machine?: number;
  readonly type?: number;
  readonly notes?: readonly {
    readonly owner: string;
    readonly type: number;
    readonly bytes: Uint8Array;
  }[];
  readonly segments: readonly {
    readonly phys: number;
    readonly bytes: Uint8Array;
    /** More than the bytes: the rest reads as zero. */
    readonly memBytes?: number;
  }[];
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function buildCore(spec: CoreSpec): Uint8Array {
  const wide = spec.elfClass === 64;
  const notes = noteBytes(spec.notes ?? []);
  const [headerSize, entrySize] = wide ? [64, 56] : [52, 32];
  let offset = headerSize + entrySize * (spec.segments.length + 1);
  const entries = [
    { type: 4, phys: 0, bytes: notes, memBytes: notes.length },
    ...spec.segments.map((s) => ({ type: 1, memBytes: s.memBytes ?? s.bytes.length, ...s })),
  ].map((entry) => {
    const placed = { ...entry, offset };
    offset += entry.bytes.length;
    return placed;
  });
  const out = new Uint8Array(offset);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  view.setUint16(16, spec.type ?? 4, true);
  view.setUint16(18, spec.machine ?? (wide ? 62 : 3), true);
  const long = (at: number, value: number): void => {
    view.setUint32(at, value >>> 0, true);
    if (wide) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  };
  long(wide ? 32 : 28, headerSize);
  view.setUint16(wide ? 54 : 42, entrySize, true);
  view.setUint16(wide ? 56 : 44, entries.length, true);
  entries.forEach((entry, i) => {
    const at = headerSize + i * entrySize;
    const field = (index: number): number => (wide ? at + index * 8 : at + index * 4);
    view.setUint32(at, entry.type, true);
    long(field(1), entry.offset);
    long(field(3), entry.phys);
    long(field(4), entry.bytes.length);
    long(field(5), entry.memBytes);
    out.set(entry.bytes, entry.offset);
  });
  return out;
}

function noteBytes(notes: NonNullable<CoreSpec['notes']>): Uint8Array {
  const padded = (n: number): number => (n + 3) & ~3;
  const parts = notes.map(({ owner, type, bytes }) => {
    const nameBytes = owner.length + 1;
    const part = new Uint8Array(12 + padded(nameBytes) + padded(bytes.length));
    const view = new DataView(part.buffer);
    view.setUint32(0, nameBytes, true);
    view.setUint32(4, bytes.length, true);
    view.setUint32(8, type, true);
    part.set(ascii(owner), 12);
    part.set(bytes, 12 + padded(nameBytes));
    return part;
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/**
 * The memory of a QEMU core as kdump's /proc/vmcore would have it: VMCOREINFO instead of QEMU's note, segments that follow
 * the RAM ranges and need not begin on pages, the kernel's text a second time.
 */
export function asKdump(
  qemu: RandomAccess,
  spec: {
    readonly vmcoreinfo: string;
    readonly segments: readonly {
      readonly phys: number;
      readonly offset: number;
      readonly bytes: number;
    }[];
  },
): RandomAccess {
  const head = buildCore({
    elfClass: 64,
    notes: [{ owner: 'VMCOREINFO', type: 0, bytes: ascii(spec.vmcoreinfo) }],
    segments: spec.segments.map((s) => ({
      phys: s.phys,
      bytes: new Uint8Array(0),
      memBytes: s.bytes,
    })),
  });
  const view = new DataView(head.buffer);
  spec.segments.forEach((segment, i) => {
    const at = 64 + 56 * (i + 1);
    view.setBigUint64(at + 8, BigInt(head.length + segment.offset), true);
    view.setBigUint64(at + 32, BigInt(segment.bytes), true);
  });
  return {
    size: head.length + qemu.size,
    read(offset, length) {
      const out = new Uint8Array(length);
      if (offset < head.length) out.set(head.subarray(offset, offset + length));
      const from = Math.max(0, offset - head.length);
      const to = offset + length - head.length;
      if (to > from) out.set(qemu.read(from, to - from), from + head.length - offset);
      return out;
    },
  };
}
