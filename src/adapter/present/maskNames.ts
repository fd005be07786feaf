/**
 * Numbers that are masks of named bits: `0xcc0 (GFP_KERNEL)`, `0x841 (ALLOC_WMARK_LOW|ALLOC_CPUSET|ALLOC_KSWAPD)`. A type says
 * it (gfp_t), or, where the kernel has plain integers, the name that all its functions give them.
 *
 * Source: Linux 6.1 mm/internal.h (ALLOC_*), mm/page_alloc.c (FPI_*), include/linux/gfp_types.h, slab.h, vmalloc.h,
 * mm_types.h (FOLL_*), page-flags.h (page_type); arch/x86/include/asm/trap_pf.h (X86_PF_*).
 */
import {
  FPI_SKIP_KASAN_POISON,
  FPI_SKIP_REPORT_NOTIFY,
  FPI_TO_TAIL,
} from '../../engine/kernel/mm/page_alloc/buddy.js';
import { areaFlagNames } from '../../engine/inspect/process/areaFlags.js';
import { toBits, type ScalarValue } from '../../engine/types/access.js';
import { allocFlagNames, constantNames, gfpText } from '../../engine/types/flagText.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { FLAGS } from '../../engine/x86/formats.js';

interface Mask {
  /** Of the value. */
  readonly type?: string;
  /** Of the variable. */
  readonly name?: RegExp;
  /** The expression is a member of a struct, or is not. */
  readonly member?: boolean;
  readonly names: (profile: Profile, bits: bigint) => string;
}

const FPI = [
  ['FPI_SKIP_REPORT_NOTIFY', FPI_SKIP_REPORT_NOTIFY],
  ['FPI_TO_TAIL', FPI_TO_TAIL],
  ['FPI_SKIP_KASAN_POISON', FPI_SKIP_KASAN_POISON],
] as const;

const SLAB =
  'SLAB_CONSISTENCY_CHECKS SLAB_RED_ZONE SLAB_POISON SLAB_HWCACHE_ALIGN SLAB_CACHE_DMA SLAB_CACHE_DMA32 SLAB_STORE_USER ' +
  'SLAB_PANIC SLAB_TYPESAFE_BY_RCU SLAB_MEM_SPREAD SLAB_NOLEAKTRACE SLAB_ACCOUNT SLAB_RECLAIM_ACCOUNT';
const VM_STRUCT =
  'VM_IOREMAP VM_ALLOC VM_MAP VM_USERMAP VM_DMA_COHERENT VM_UNINITIALIZED VM_NO_GUARD VM_KASAN VM_FLUSH_RESET_PERMS ' +
  'VM_MAP_PUT_PAGES VM_ALLOW_HUGE_VMAP';
const FOLL =
  'FOLL_WRITE FOLL_TOUCH FOLL_GET FOLL_DUMP FOLL_FORCE FOLL_NOWAIT FOLL_NOFAULT FOLL_HWPOISON FOLL_MIGRATION FOLL_TRIED ' +
  'FOLL_REMOTE FOLL_ANON FOLL_LONGTERM FOLL_SPLIT_PMD FOLL_PIN FOLL_FAST_ONLY';
/** By bit. */
const FAULT = ['PROT', 'WRITE', 'USER', 'RSVD', 'INSTR', 'PK', 'SHSTK'];
/** Set in a page that has no such type. */
const PAGE_TYPES = 'PG_buddy PG_offline PG_table PG_guard';

const fpiNames = (_profile: Profile, bits: bigint): string =>
  bits === 0n
    ? 'FPI_NONE'
    : FPI.filter(([, mask]) => (bits & BigInt(mask)) !== 0n)
        .map(([name]) => name)
        .join('|');

/** Of a leaf entry: `P RW A D` of pgprot_t. */
const protectionNames = (_profile: Profile, bits: bigint): string =>
  FLAGS.filter(({ bit, where }) => where !== 'upper levels' && ((bits >> BigInt(bit)) & 1n) === 1n)
    .map(({ name }) => name)
    .join('|');

/** Of an entry that is present: the frame is in the number's own digits. */
const entryNames = (profile: Profile, bits: bigint): string =>
  (bits & 1n) === 0n ? '' : protectionNames(profile, bits);

const faultNames = (_profile: Profile, bits: bigint): string =>
  FAULT.filter((_, at) => ((bits >> BigInt(at)) & 1n) === 1n)
    .map((name) => `X86_PF_${name}`)
    .join('|');

const areaNames = (_profile: Profile, bits: bigint): string => areaFlagNames(bits).join('|');

/** Of mm/slab.h, slub.c, slab.c: the allocators' own, which no debug information has. */
const SLAB_OWN = {
  both: [
    ['SLAB_KMALLOC', 0x1000n],
    ['SLAB_TRACE', 0x20_0000n],
    ['SLAB_NO_USER_FLAGS', 0x1000_0000n],
    ['SLAB_SKIP_KFENCE', 0x2000_0000n],
  ],
  slub: [
    ['__CMPXCHG_DOUBLE', 0x4000_0000n],
    ['__OBJECT_POISON', 0x8000_0000n],
  ],
  slab: [
    ['CFLGS_OBJFREELIST_SLAB', 0x4000_0000n],
    ['CFLGS_OFF_SLAB', 0x8000_0000n],
  ],
} as const;

/** Of a kernel that is only looked into the numbers may be others. */
function slabNames(profile: Profile, bits: bigint): string {
  if (profile.findConstant('SLAB_PANIC') === undefined) return '';
  const isSlub = profile.types.struct('kmem_cache_cpu') !== undefined;
  const own = [...SLAB_OWN.both, ...SLAB_OWN[isSlub ? 'slub' : 'slab']].filter(
    ([, mask]) => (bits & mask) !== 0n,
  );
  const rest = own.reduce((left, [, mask]) => left & ~mask, bits);
  const names = own.map(([name]) => name);
  return [constantNames(profile, SLAB, rest), ...names].filter((name) => name !== '').join('|');
}

const named =
  (names: string) =>
  (profile: Profile, bits: bigint): string =>
    constantNames(profile, names, bits);

const pageTypeNames = (profile: Profile, bits: bigint): string => {
  const cleared = BigInt.asUintN(32, ~bits);
  // Below PAGE_TYPE_BASE the field is _mapcount.
  if (bits >> 28n !== 0xfn || cleared === 0n) return '';
  return constantNames(profile, PAGE_TYPES, cleared)
    .split('|')
    .map((name) => `~${name}`)
    .join(' & ');
};

const MASKS: readonly Mask[] = [
  { type: 'gfp_t', names: (profile, bits) => gfpText(profile, Number(bits)) },
  {
    name: /^alloc_flags$/,
    names: (profile, bits) => allocFlagNames(profile, Number(bits)).join('|'),
  },
  { name: /^fpi_flags$/, names: fpiNames },
  { type: 'slab_flags_t', names: slabNames },
  { type: 'vm_flags_t', names: areaNames },
  { type: 'pgprotval_t', names: protectionNames },
  { type: 'pteval_t', names: entryNames },
  { name: /^error_code$/, names: faultNames },
  // struct vm_area_struct has it as a plain unsigned long; so has vmalloc, of another kind (evaluation/kernelNames.ts tells them apart).
  { name: /^vm_flags$/, member: true, names: areaNames },
  { name: /^vm_flags$/, member: false, names: named(VM_STRUCT) },
  { name: /^(?:gup|foll)_flags$/, names: named(FOLL) },
  { name: /^page_type$/, names: pageTypeNames },
];

/** The names of the bits; undefined where the value is not a mask that has names. */
export function maskNames(
  profile: Profile,
  name: string,
  isMember: boolean,
  type: CType,
  value: ScalarValue,
): string | undefined {
  const bare = stripTypedefs(type);
  if (bare.kind !== 'int') return undefined;
  const typedef = type.kind === 'typedef' ? type.name : undefined;
  const mask = MASKS.find(
    (each) =>
      (each.type === undefined || each.type === typedef) &&
      (each.name === undefined || each.name.test(name)) &&
      (each.member === undefined || each.member === isMember),
  );
  if (mask === undefined) return undefined;
  const names = mask.names(profile, toBits(value, sizeOf(bare, profile.pointerSize)));
  return names === '' ? undefined : names;
}
