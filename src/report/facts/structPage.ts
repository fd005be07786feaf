/**
 * struct page by its raw words: which member each word is, by release and word size.
 *
 *     64 bits since 4.18   flags | lru.next | lru.prev | mapping | index | private | _mapcount,_refcount | memcg
 *     64 bits 3.2 to 4.17  flags | mapping | index | _mapcount,_refcount | lru.next | lru.prev | private | mem_cgroup
 *     32 bits since 4.18   flags | lru.next | lru.prev | mapping | index | private | _mapcount | _refcount
 *     32 bits 3.2 to 4.17  flags | mapping | index | _mapcount | _refcount | lru.next | lru.prev | private
 *     up to 3.1            flags | _count, _mapcount | private | mapping | index | lru.next | lru.prev
 *
 * Source: include/linux/mm_types.h of 3.1, 3.2, 4.9, 4.17, 4.18, 6.1, 6.12; mm/slab.h: struct slab of 5.17, 6.1, 6.2.
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';

export interface PageWords {
  /** Each word's member and the text of its value. */
  readonly members: readonly { readonly name: string; readonly value: string }[];
  readonly flags: bigint;
  readonly refcount?: number;
  /** As stored: -1 for none. */
  readonly rawMapcount?: number;
  readonly mapping?: bigint;
  readonly index?: bigint;
  readonly private?: bigint;
  /** The word that holds compound_head in bit 0 of a tail. */
  readonly compoundHead?: bigint;
  readonly lruNext?: bigint;
  readonly lruPrev?: bigint;
  readonly memcg?: bigint;
  readonly bits: 32 | 64;
}

const NEW_64 = [
  'flags',
  'lru.next',
  'lru.prev',
  'mapping',
  'index',
  'private',
  'counts',
  'memcg_data',
];
const OLD_64 = [
  'flags',
  'mapping',
  'index',
  'counts',
  'lru.next',
  'lru.prev',
  'private',
  'mem_cgroup',
];
const OLDEST_64 = ['flags', 'counts', 'private', 'mapping', 'index', 'lru.next', 'lru.prev'];
const NEW_32 = [
  'flags',
  'lru.next',
  'lru.prev',
  'mapping',
  'index',
  'private',
  '_mapcount',
  '_refcount',
  'memcg_data',
];
const OLD_32 = [
  'flags',
  'mapping',
  'index',
  '_mapcount',
  '_refcount',
  'lru.next',
  'lru.prev',
  'private',
];
const OLDEST_32 = [
  'flags',
  '_refcount',
  '_mapcount',
  'private',
  'mapping',
  'index',
  'lru.next',
  'lru.prev',
];

/** The members of a page that SLUB has, where they share words with the ones above. */
const SLAB_SINCE_6_2 = [
  'flags',
  'slab_cache',
  'slab_list.next',
  'slab_list.prev',
  'freelist',
  'counters',
  'counts',
  'memcg_data',
];
const SLAB_SINCE_4_18 = [
  'flags',
  'slab_list.next',
  'slab_list.prev',
  'slab_cache',
  'freelist',
  'counters',
  'counts',
  'memcg_data',
];
const SLAB_OLD = [
  'flags',
  's_mem',
  'freelist',
  'counts',
  'lru.next',
  'lru.prev',
  'slab_cache',
  'mem_cgroup',
];

function wordNames(version: KernelVersion, bits: 32 | 64, isSlab = false): readonly string[] {
  if (isSlab && bits === 64) {
    if (isAtLeast(version, [6, 2, 0])) return SLAB_SINCE_6_2;
    return isAtLeast(version, [4, 18, 0]) ? SLAB_SINCE_4_18 : SLAB_OLD;
  }
  if (isAtLeast(version, [4, 18, 0])) return bits === 64 ? NEW_64 : NEW_32;
  if (isAtLeast(version, [3, 2, 0])) return bits === 64 ? OLD_64 : OLD_32;
  return bits === 64 ? OLDEST_64 : OLDEST_32;
}

export function pageWords(
  words: readonly bigint[],
  version: KernelVersion,
  bits: 32 | 64,
  isSlab = false,
): PageWords {
  const names = wordNames(version, bits, isSlab);
  const at = (name: string): bigint | undefined => words[names.indexOf(name)];
  const counts = at('counts');
  // Up to 3.1 _count was the lower half.
  const isOldest = !isAtLeast(version, [3, 2, 0]);
  const low = counts === undefined ? undefined : int32(counts);
  const high = counts === undefined ? undefined : int32(counts >> 32n);
  const refcount = (isOldest ? low : high) ?? optionalInt(at('_refcount'));
  const rawMapcount = (isOldest ? high : low) ?? optionalInt(at('_mapcount'));
  const found = {
    refcount,
    rawMapcount,
    mapping: at('mapping'),
    index: at('index'),
    private: at('private'),
    compoundHead: at('lru.next') ?? at('slab_list.next'),
    lruNext: at('lru.next'),
    lruPrev: at('lru.prev'),
    memcg: at('memcg_data') ?? at('mem_cgroup'),
  };
  return {
    members: words.map((word, index) => ({
      name: memberName(names[index] ?? `word ${index}`, isOldest),
      value: memberText(names[index] ?? '', word, bits, isOldest),
    })),
    flags: at('flags') ?? 0n,
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    bits,
  };
}

const int32 = (word: bigint): number => Number(BigInt.asIntN(32, word));
const optionalInt = (word: bigint | undefined): number | undefined =>
  word === undefined ? undefined : int32(word);

const memberName = (name: string, isOldest: boolean): string =>
  name !== 'counts' ? name : isOldest ? '_mapcount, _count' : '_refcount, _mapcount';

function memberText(name: string, word: bigint, bits: 32 | 64, isOldest: boolean): string {
  const text = `0x${word.toString(16).padStart(bits / 4, '0')}`;
  if (name === 'counts') {
    const [high, low] = [int32(word >> 32n), int32(word)];
    return isOldest
      ? `${text}: _mapcount ${high}, _count ${low}`
      : `${text}: _refcount ${high} (upper half), _mapcount ${low} (lower half)`;
  }
  if (name === '_refcount' || name === '_mapcount') return `${text}: ${int32(word)}`;
  if (name === 'counters') return `${text}: ${slubCounters(word)}`;
  const poison = poisonName(word);
  if (poison !== undefined) return `${text} (${poison})`;
  if (name === 'mapping') return `${text}${mappingKind(word)}`;
  return text;
}

/** inuse:16, objects:15, frozen:1. */
function slubCounters(word: bigint): string {
  const low = Number(word & 0xffffffffn);
  return `inuse ${low & 0xffff}, objects ${(low >>> 16) & 0x7fff}, frozen ${low >>> 31}`;
}

/** include/linux/poison.h, with and without CONFIG_ILLEGAL_POINTER_VALUE; LIST_POISON2 was 0x200 up to 4.19. */
export function poisonName(word: bigint): string | undefined {
  const offset = word >= 0xdead000000000000n && word < 0xdead000000001000n ? word & 0xfffn : word;
  if (offset === 0x100n) return 'LIST_POISON1: taken off its list';
  if (offset === 0x122n || offset === 0x200n) return 'LIST_POISON2: taken off its list';
  if (word === 0xdead000000000400n) return 'TAIL_MAPPING: a tail of a compound page';
  if (word === 0xffffffffffffffffn) return 'all ones: never initialised';
  return undefined;
}

/** include/linux/page-flags.h: PAGE_MAPPING_FLAGS. */
function mappingKind(word: bigint): string {
  if (word === 0n) return ': none';
  switch (word & 3n) {
    case 0n:
      return ": bits 0 and 1 are clear: a file's address_space";
    case 1n:
      return ': bit 0 is set: anonymous, an anon_vma';
    case 2n:
      return ': bit 1 is set: movable_operations of a driver';
    default:
      return ': bits 0 and 1 are set: KSM';
  }
}
