/**
 * Pools of huge pages (struct hstate) as readings: their numbers and lists; and what a page is to its pool.
 *
 * Source: Linux 6.1 include/linux/hugetlb.h: struct hstate, enum hugetlb_page_flags; mm/hugetlb.c.
 */
import type { KernelImage } from '../image/kernelImage.js';
import type { Hstate, ListHead } from '../machine/ctypes.js';
import { compound_head } from '../kernel/include/linux/page-flags.h.js';
import {
  default_hstate,
  hstateCount,
  huge_page_size,
  page_hstate,
  PageHuge,
  testHPageFlag,
} from '../kernel/include/linux/hugetlb.h.js';
import { stringAt } from '../kernel/lib/string.js';
import { asCell, asVirt, type Pfn } from '../memory/address.js';

export interface HugePool {
  readonly hstate: Hstate;
  /** `hugepages-2048kB` */
  readonly name: string;
  readonly isDefault: boolean;
  readonly sizeKiB: number;
  readonly nr: number;
  readonly free: number;
  readonly reserved: number;
  readonly surplus: number;
  readonly overcommit: number;
  /** As it was asked for. */
  readonly max: number;
  readonly freeList: ListHead;
  readonly activeList: ListHead;
}

/** None of a machine that was rebuilt without them. */
export function hugePools({ mm: k }: KernelImage): HugePool[] {
  const { hstates, hugetlb_max_hstate } = k.globals;
  if (hstates === 0 || hugetlb_max_hstate === 0) return [];
  return Array.from({ length: k.words[hugetlb_max_hstate] ?? 0 }, (_, i) => {
    const h: Hstate = hstates + i * k.stride.hstate;
    const count = (member: number): number => hstateCount(k, h, member);
    return {
      hstate: h,
      name: stringAt(k, asVirt(k.va_of(asCell(h)) + k.hstate.name)),
      isDefault: h === default_hstate(k),
      sizeKiB: huge_page_size(k, h) / 1024,
      nr: count(k.hstate.nr_huge_pages),
      free: count(k.hstate.free_huge_pages),
      reserved: count(k.hstate.resv_huge_pages),
      surplus: count(k.hstate.surplus_huge_pages),
      overcommit: count(k.hstate.nr_overcommit_huge_pages),
      max: count(k.hstate.max_huge_pages),
      freeList: h + k.hstate.hugepage_freelists,
      activeList: h + k.hstate.hugepage_activelist,
    };
  });
}

/** HPG_*: what the pool notes of a page in page->private. */
const FLAGS = ['restore_reserve', 'migratable', 'temporary', 'freed'] as const;

/** `of the pool of 2048 kB pages, in use, HPG_migratable; the head`; undefined of a page that no pool has. */
export function hugePageText({ mm: k }: KernelImage, pfn: Pfn): string | undefined {
  if (k.globals.hstates === 0) return undefined;
  const page = k.pfn_to_page(pfn);
  if (!PageHuge(k, page)) return undefined;
  const head = compound_head(k, page);
  const h = page_hstate(k, head);
  if (h === 0) return undefined;
  const flags = FLAGS.filter((name) => testHPageFlag(k, head, k[`HPG_${name}`]));
  const state = flags.includes('freed') ? 'free' : 'in use';
  const nr = pfn - k.page_to_pfn(head);
  const place =
    nr === 0 ? 'the head' : `tail ${nr} of the page at pfn 0x${k.page_to_pfn(head).toString(16)}`;
  const noted = flags.map((name) => `, HPG_${name}`).join('');
  return `of the pool of ${huge_page_size(k, h) / 1024} kB pages, ${state}${noted}; ${place}`;
}
