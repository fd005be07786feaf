/**
 * The operations of recorded traces that misuse objects of slab caches, and that look at their bytes.
 *
 *     A      a slot, whose last object counts even when it was freed, or an address 0x...
 *     OFF    a number, behind an optional name: fp free pointer, osz object_size, inuse, size, left red zone,
 *            base and end of the slab, fl its index array
 */
import {
  kfree,
  kmem_cache_free,
  page_address,
  validate_slab_cache,
  virt_to_page,
} from '../../engine/entry/functions.js';
import { compound_order } from '../../engine/kernel/include/linux/mm.h.js';
import { compound_head } from '../../engine/kernel/include/linux/page-flags.h.js';
import { readByte, writeByte } from '../../engine/kernel/lib/string.js';
import { folio_slab } from '../../engine/kernel/mm/slab.h.js';
import { get_info_end } from '../../engine/kernel/mm/slub/object_layout.js';
import { NULL, type KmemCache } from '../../engine/machine/ctypes.js';
import { asVirt, PAGE_SIZE, parseAddress, type VirtAddr } from '../../engine/memory/address.js';
import { lastChange } from '../../engine/memory/writeSearch.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Machine } from './machine.js';
import { number, type Operation } from './operation.js';
import { cacheOf, withCaches } from './slabOps.js';

function addressOf(machine: Machine, text = ''): VirtAddr {
  if (!text.startsWith('0x')) return machine.lastAddress(number(text));
  const address = parseAddress(text, machine.mm.profile.pointerSize);
  if (address === undefined) throw new Error(`'${text}' is not an address`);
  return address;
}

const OFFSET = /^(?<name>[a-z]*)(?<number>[+-]?(?:0x[0-9a-f]+|\d*))$/i;

/** What OFF is, relative to an object. */
function offsetOf(machine: Machine, object: VirtAddr, text = '0'): number {
  const { name = '', number: by = '' } = OFFSET.exec(text)?.groups ?? {};
  const rest = by === '' ? 0 : Number(by.replace(/^[+-]/, '')) * (by.startsWith('-') ? -1 : 1);
  return (name === '' ? 0 : placeOf(machine, object, name)) + rest;
}

function placeOf({ mm }: Machine, object: VirtAddr, name: string): number {
  const head = compound_head(mm, virt_to_page(mm, object));
  const slab = folio_slab(head);
  const s: KmemCache = mm.read_ptr(slab + mm.slab.slab_cache);
  const word = (member: number): number => mm.words[s + member] ?? 0;
  const base = page_address(mm, head) - object;
  switch (name) {
    case 'fp':
      return word(mm.kmem_cache.offset);
    case 'osz':
      return word(mm.kmem_cache.object_size);
    case 'inuse':
      return word(mm.kmem_cache.inuse);
    case 'size':
      return word(mm.kmem_cache.size);
    case 'left':
      // Only mm/slub.c has one.
      return mm.kmem_cache.red_left_pad < 0 ? 0 : -word(mm.kmem_cache.red_left_pad);
    case 'base':
      return base;
    case 'end':
      return base + (PAGE_SIZE << compound_order(mm, head));
    case 'fl':
      return mm.read_va(slab + mm.slab.freelist) - object;
    default:
      throw new Error(`'${name}' is not a place in a cell`);
  }
}

const bytesAt = ({ mm }: Machine, at: VirtAddr, count: number): number[] =>
  Array.from({ length: count }, (_, i) => readByte(mm, asVirt(at + i)));

/** A little-endian number, in hexadecimal without leading zeros. */
const numberText = (bytes: readonly number[]): string =>
  [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/^0+(?=.)/, '');

/** `poke A OFF VALUE [WIDTH]`: memory is overwritten. */
const poke: Operation = (machine, [at, offset, value = '', width]) => {
  const { mm } = machine;
  const object = addressOf(machine, at);
  const p = asVirt(object + offsetOf(machine, object, offset));
  const isPointer = value.startsWith('@');
  const v = isPointer ? machine.lastAddress(number(value.slice(1))) : number(value);
  const long = mm.ptr_words * 4;
  const bytes = width === undefined ? (isPointer || v === 0 ? long : 1) : number(width);
  const old = bytesAt(machine, p, bytes);
  const whole = BigInt.asUintN(long * 8, BigInt(v));
  for (let i = 0; i < bytes; i++)
    writeByte(mm, asVirt(p + i), Number((whole >> BigInt(i * 8)) & 0xffn));
  return `${mm.hex(p)} ${numberText(old)}>${whole.toString(16)}`;
};

const BYTES_A_LINE = 32;

/** `bytes A OFF N` */
const showBytes: Operation = (machine, [at, offset, count]) => {
  const object = addressOf(machine, at);
  const p = asVirt(object + offsetOf(machine, object, offset));
  const bytes = bytesAt(machine, p, offsetOf(machine, object, count));
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += BYTES_A_LINE) {
    const line = bytes.slice(i, i + BYTES_A_LINE);
    lines.push(`> ${line.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
  }
  return [machine.mm.hex(p), ...lines].join('\n');
};

/** `kfa C A [OFF]` */
const freeAnything: Operation = (machine, [name, at, offset]) => {
  const object = addressOf(machine, at);
  const p = asVirt(object + offsetOf(machine, object, offset));
  kmem_cache_free(machine.mm, cacheOf(machine, name), p);
  return machine.mm.hex(p);
};

/** `kxa A [OFF]` */
const freeAnyBytes: Operation = (machine, [at, offset]) => {
  const object = addressOf(machine, at);
  const p = asVirt(object + offsetOf(machine, object, offset));
  kfree(machine.mm, p);
  return machine.mm.hex(p);
};

/** `kval C` */
const validate: Operation = (machine, [name]) =>
  String(validate_slab_cache(machine.mm, cacheOf(machine, name)));

export const MISUSE_OPERATIONS: readonly (readonly [string, Operation])[] = [
  ['poke', poke],
  ['bytes', showBytes],
  ['kfa', withCaches('kfa', freeAnything)],
  ['kxa', withCaches('kxa', freeAnyBytes)],
  ['kval', withCaches('kval', validate)],
];

/**
 * Whether a byte is part of what only the recorder's run can tell of an object's users: where it was called, on which stack,
 * and when. The numbers of CPU and process are not.
 */
function isUserNote({ mm }: KernelImage, at: VirtAddr): boolean {
  const page = virt_to_page(mm, at);
  if (page === NULL || mm.kmem_cache.red_left_pad < 0) return false;
  const head = compound_head(mm, page);
  const s: KmemCache = mm.read_ptr(head + mm.slab.slab_cache);
  const word = (member: number): number => mm.words[s + member] ?? 0;
  if (s === NULL || (word(mm.kmem_cache.flags) & mm.SLAB_STORE_USER) === 0) return false;
  const first = page_address(mm, head) + word(mm.kmem_cache.red_left_pad);
  const inCell = (at - first) % word(mm.kmem_cache.size);
  const inTracks = inCell - get_info_end(mm, s);
  if (inTracks < 0 || inTracks >= 2 * mm.sizeof.track) return false;
  const inTrack = inTracks % mm.sizeof.track;
  const isIn = (member: number, bytes: number): boolean =>
    inTrack >= member * 4 && inTrack < member * 4 + bytes;
  const long = mm.ptr_words * 4;
  return isIn(mm.track.addr, long) || isIn(mm.track.handle, 4) || isIn(mm.track.when, long);
}

/**
 * Whether a byte was such a note when it was last written: nobody has filled it since, though its frame belongs to another cache now.
 */
export function wasUserNote(image: KernelImage, at: VirtAddr): boolean {
  const { tape, mm } = image;
  const here = tape.cursor;
  const written = lastChange(tape, [{ cell: mm.cell_at(at), mask: -1 }], here);
  if (written === undefined) return false;
  tape.seek(written);
  try {
    return isUserNote(image, at);
  } finally {
    tape.seek(here);
  }
}

/** The kernel's bytes with ours where they are notes of the recorder's run: a result of `bytes` or `poke`. */
export function withUserNotes(machine: Machine, ours: string, kernel: string): string {
  const [head = '', ...lines] = kernel.split('\n');
  const [address = '', change] = head.split(' ');
  const start = parseAddress(`0x${address}`, machine.mm.profile.pointerSize);
  const own = ours.split('\n');
  const { image } = machine;
  if (start === undefined || own.length !== lines.length + 1) return kernel;
  if (change !== undefined)
    return isUserNote(image, start) ? withByteOf(own[0] ?? '', head) : kernel;
  const whole = lines.map((line, row) => {
    const at = start + row * BYTES_A_LINE;
    const hex = line.slice(2).match(/../g) ?? [];
    const ourHex = own[row + 1]?.slice(2).match(/../g) ?? [];
    const bytes = hex.map((byte, i) => {
      const own = ourHex[i] ?? byte;
      if (own === byte) return byte;
      const place = asVirt(at + i);
      return isUserNote(image, place) || wasUserNote(image, place) ? own : byte;
    });
    return `> ${bytes.join('')}`;
  });
  return [head, ...whole].join('\n');
}

/** `ADDR OLD>NEW`, of a byte: OLD is a note. */
function withByteOf(ours: string, kernel: string): string {
  const old = /^\S+ ([0-9a-f]+)>/.exec(ours)?.[1] ?? '';
  return kernel.replace(/ [0-9a-f]+>/, ` ${old}>`);
}
