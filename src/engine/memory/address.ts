/**
 * The kinds of address, as brands over `number`, and the arithmetic that leads from one to the other.
 *
 * A 64-bit kernel address does not fit a JavaScript number as an unsigned integer, but every canonical address of the
 * 4-level layout fits exactly as a *signed* one (0xffffea0000000000 is -0x160000000000). So a `VirtAddr` is the signed
 * value on 64 bit and the unsigned value on 32 bit: comparison keeps its meaning inside each half of the space, and no
 * bigint is needed anywhere inside the engine. `formatAddress` and `parseAddress` are the only doors to the text form.
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A page frame number: physical address / 4096. */
export type Pfn = Brand<number, 'Pfn'>;
/** A physical address in bytes (exact up to 2^53). */
export type PhysAddr = Brand<number, 'PhysAddr'>;
/** A virtual address: unsigned on 32 bit, signed canonical on 64 bit. */
export type VirtAddr = Brand<number, 'VirtAddr'>;
/**
 * Where a 32-bit word of state lives in the pool of {@link PhysicalMemory}: the engine's own pointer. 0 is NULL.
 * Stable for the life of an image; physically adjacent words have adjacent cells inside a frame and inside a placement.
 */
export type Cell = Brand<number, 'Cell'>;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** 32-bit words in a page frame. */
export const WORDS_PER_FRAME = PAGE_SIZE / 4;
const TWO_32 = 0x1_0000_0000;

export const asPfn = (value: number): Pfn => value as Pfn;
export const asPhys = (value: number): PhysAddr => value as PhysAddr;
/** Less 0, so that V8 has a number where it cannot know what a call gave: an address in a register, not in an object. */
export const asVirt = (value: number): VirtAddr => (value - 0) as VirtAddr;
export const asCell = (value: number): Cell => value as Cell;

export const pfn_to_phys = (pfn: Pfn): PhysAddr => asPhys(pfn * PAGE_SIZE);
export const phys_to_pfn = (phys: PhysAddr): Pfn => asPfn(Math.floor(phys / PAGE_SIZE));

/** The low 32 bits of an address, as a signed word. */
export const lowWord = (address: number): number => address | 0;
/** The high 32 bits of an address, as a signed word (0 or -1 upwards for canonical addresses). */
export const highWord = (address: number): number => Math.floor(address / TWO_32) | 0;
/** Puts two signed words together to a 64-bit address (exact for canonical 48-bit addresses). */
export const fromWords = (low: number, high: number): VirtAddr =>
  asVirt((low >>> 0) + high * TWO_32);

/** `0xffffea0000000000`, `0xc1000000`: the field's spelling, padded to the pointer's width. */
export function formatAddress(address: PhysAddr | VirtAddr | number, pointerSize: 4 | 8): string {
  if (pointerSize === 4) return `0x${(address >>> 0).toString(16).padStart(8, '0')}`;
  const low = (address >>> 0).toString(16).padStart(8, '0');
  const high = (highWord(address) >>> 0).toString(16).padStart(8, '0');
  return `0x${high}${low}`;
}

/** Any number in hexadecimal: a negative one as the 64 bits that hold it. */
export const hexText = (value: number): string =>
  `0x${(value < 0 ? BigInt.asUintN(64, BigInt(value)) : value).toString(16)}`;

/** Reads `0x...` or decimal text as an address of the given width; undefined if it is neither. */
export function parseAddress(text: string, pointerSize: 4 | 8): VirtAddr | undefined {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) return undefined;
  const value = BigInt(text);
  if (value >> BigInt(pointerSize * 8)) return undefined;
  return asVirt(pointerSize === 4 ? Number(value) : Number(BigInt.asIntN(64, value)));
}
