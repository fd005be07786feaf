/**
 * What a map count below -1 says: the word is a type then. Since 4.18 types are bits that are clear in a word of ones; before that each was
 * one number of its own, and since 6.12 the upper byte is a number again.
 *
 * Source: Linux include/linux/page-flags.h: PG_buddy and its like; PAGE_BUDDY_MAPCOUNT_VALUE of 2.6.38 to 4.17, PAGE_BALLOON_ (3.18),
 * PAGE_KMEMCG_MAPCOUNT_VALUE (4.8); enum pagetype of 6.12 (4ffca5a96678).
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';

export interface PageType {
  readonly isBuddy: boolean;
  /** `buddy: it lies on a free list` */
  readonly text: string;
}

const type = (text: string): PageType => ({ isBuddy: text.startsWith('buddy'), text });

const BUDDY = 'buddy: it lies on a free list';

const BITS: readonly (readonly [bit: number, text: string])[] = [
  [0x80, BUDDY],
  [0x100, 'offline or kmemcg'],
  [0x200, 'table: it is a page table'],
  [0x400, 'guard or table'],
];

const VALUES: Readonly<Record<number, string>> = {
  [-128]: BUDDY,
  [-256]: 'balloon: the balloon of a virtual machine has it',
  [-512]: "kmemcg: it is charged to a memory cgroup as kernel's memory",
};

/** From 0xf0 on; 0xff is a count that went below -1. */
const NUMBERED: readonly string[] = [
  BUDDY,
  'offline',
  'table: it is a page table',
  'guard',
  'hugetlb',
  'slab',
  'zsmalloc',
  'unaccepted',
  'large kmalloc()',
];

/** @param rawMapcount as it is stored: one less than what dump_page() prints */
export function pageTypeOf(
  rawMapcount: number | undefined,
  version: KernelVersion,
): PageType | undefined {
  if (rawMapcount === undefined || rawMapcount >= -1) return undefined;
  if (!isAtLeast(version, [4, 18, 0])) {
    const text = VALUES[rawMapcount];
    return text === undefined ? undefined : type(text);
  }
  if (isAtLeast(version, [6, 12, 0])) {
    const text = NUMBERED[(rawMapcount >>> 24) - 0xf0];
    return text === undefined ? undefined : type(text);
  }
  const clear = ~rawMapcount >>> 0;
  const names = BITS.filter(([bit]) => (clear & bit) !== 0).map(([, text]) => text);
  return names.length === 0 ? undefined : type(names.join(', '));
}
