/**
 * KASAN's shadow: a byte for each 8 bytes of memory, which says how many of them may be used and, if none, why; with tags, the tag of 16.
 *
 * Source: Linux mm/kasan/kasan.h of 4.4, 5.5, 5.9, 6.1.
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';

export interface Shadow {
  /** Bytes of memory that one byte of the shadow stands for. */
  readonly granule: 8 | 16;
  /** By the address of the memory that they stand for. */
  readonly bytes: ReadonlyMap<bigint, number>;
}

const ROW = /^\s*>?\s*([0-9a-f]{8,16}): ((?:[0-9a-f]{2}\s){15}[0-9a-f]{2})\s*$/i;

export const isShadowRow = (text: string): boolean => ROW.test(text);

/** `undefined` where no two rows tell how much memory a row is of. */
export function readShadow(rows: readonly string[], hasTags: boolean): Shadow {
  const read = rows.flatMap((text) => {
    const [, at, bytes] = ROW.exec(text) ?? [];
    return at === undefined || bytes === undefined ? [] : [{ at: BigInt(`0x${at}`), bytes }];
  });
  const step = read[0] && read[1] ? read[1].at - read[0].at : 0n;
  const granule = step === 0x100n ? 16 : step === 0x80n ? 8 : hasTags ? 16 : 8;
  const bytes = new Map<bigint, number>();
  for (const row of read)
    row.bytes
      .split(/\s/)
      .forEach((byte, index) =>
        bytes.set(row.at + BigInt(index * granule), Number.parseInt(byte, 16)),
      );
  return { granule, bytes };
}

export const shadowAt = ({ granule, bytes }: Shadow, address: bigint): number | undefined =>
  bytes.get(address - (address % BigInt(granule)));

/** The first byte of an access that may not be used, by the shadow. */
export function firstBad(shadow: Shadow, from: bigint, sizeBytes: number): bigint | undefined {
  for (let at = from; at < from + BigInt(Math.min(sizeBytes, 1 << 16)); at++) {
    const byte = shadowAt(shadow, at);
    if (byte === undefined) return undefined;
    if (byte !== 0 && (byte >= 8 || Number(at % 8n) >= byte)) return at;
  }
  return undefined;
}

const MEANINGS: Readonly<Record<number, string>> = {
  0xff: 'a page that was freed',
  0xfe: 'the redzone behind a large kmalloc()',
  0xfc: "a slab's redzone: no object is there, or its unused end",
  0xfb: 'an object that was freed',
  0xf1: "the redzone before a stack frame's variables",
  0xf2: 'the redzone between variables of a stack frame',
  0xf3: "the redzone behind a stack frame's variables",
  0xf4: 'the rest of a variable of a stack frame',
  0xf5: 'a stack frame whose function has returned',
  0xca: 'the redzone before an alloca() or variable-length array',
  0xcb: 'the redzone behind an alloca() or variable-length array',
};

export function shadowMeaning(byte: number, version: KernelVersion): string | undefined {
  if (byte === 0) return 'all 8 bytes may be used';
  if (byte < 8) return `only the first ${byte} of 8 bytes may be used`;
  const isNew = isAtLeast(version, [5, 9, 0]);
  if (byte === 0xfa)
    return isNew
      ? 'an object that was freed, whose freeing is recorded'
      : 'behind a global variable';
  if (byte === 0xf9) return isNew ? 'behind a global variable' : 'no page of a vmalloc() area';
  if (byte === 0xf8)
    return isNew
      ? 'no page of a vmalloc() area, or a variable of a block that was left'
      : 'a variable of a block that was left';
  return MEANINGS[byte];
}

/** Where the bytes end that may be used before an address: what was asked for of an object may be less than its slot has. */
export function usableEnd(shadow: Shadow, bad: bigint, from: bigint): bigint | undefined {
  for (let at = bad - (bad % 8n); at >= from && bad - at < 1n << 20n; at -= 8n) {
    const byte = shadowAt(shadow, at);
    if (byte === undefined) return undefined;
    if (byte < 8) return byte === 0 ? at + 8n : at + BigInt(byte);
  }
  return undefined;
}
