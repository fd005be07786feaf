/**
 * Huge pages that are free and yet not to be had: they are promised to mappings that have not touched them yet.
 *
 * Source: Linux mm/hugetlb.c: hugetlb_acct_memory(), gather_surplus_pages(), alloc_buddy_hugetlb_folio() and its predecessors.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, plural, size } from '../render/amount.js';
import type { MemoryNumbers } from './meminfo.js';

const REFUSED = /\b(?:ENOMEM|Cannot allocate memory|SIGBUS|Bus error|mmap(?:\(\))? failed)\b/i;
const WANTED = /(\d+)\s*(kB|KiB|KB|MB|MiB|GB|GiB)\b/;
const BYTES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

export function hugepageReserve(
  { lines, input, given }: Context,
  meminfo: MemoryNumbers | undefined,
): Finding | undefined {
  const total = meminfo?.get('HugePages_Total');
  const free = meminfo?.get('HugePages_Free');
  const reserved = meminfo?.get('HugePages_Rsvd');
  if (total === undefined || free === undefined || reserved === undefined) return undefined;
  const refusal = lines.find(({ text }) => REFUSED.test(text));
  if (!refusal || reserved === 0 || total === 0) return undefined;
  const kb = meminfo?.get('Hugepagesize') ?? 2048;
  const left = Math.max(0, free - reserved);
  const asked = WANTED.exec(refusal.text);
  const bytes = asked
    ? Number(asked[1]) * (BYTES[(asked[2] ?? 'k').charAt(0).toLowerCase()] ?? 1)
    : undefined;
  const pages = bytes === undefined ? undefined : Math.ceil(bytes / (kb * 1024));
  if (pages !== undefined && pages <= left) return undefined;
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  return {
    kind: 'hugepage-shortfall',
    headline: `${plural(free, 'huge page')} of ${total} ${free === 1 ? 'is' : 'are'} free, and ${reserved} of these are reserved: ${left} can still be mapped${pages === undefined ? '' : `, ${pages} are wanted`}.`,
    place: { input, firstLine: 1, lastLine: lines.length },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
          `HugePages_Free ${free} - HugePages_Rsvd ${reserved} = ${plural(left, 'page')} of ${size(kb * 1024)}, ${size(left * kb * 1024)}.`,
        ],
      ],
      [
        'Why',
        [
          'mmap() of MAP_HUGETLB or of a file of hugetlbfs reserves its pages at once and takes them at the first touch (MAP_NORESERVE does not): a reserved page stays in HugePages_Free until then, but is promised. Another mmap() is refused with ENOMEM where free - reserved and surplus pages do not suffice; without a reservation the touch ends in SIGBUS.',
        ],
      ],
      [
        'What helps',
        [
          'End or shrink what has the reservation (a process that mapped and did not touch, a file that is left in hugetlbfs); a larger pool (vm.nr_hugepages), or vm.nr_overcommit_hugepages for surplus pages.',
        ],
      ],
    ),
    assumed: [],
    facts: {
      total,
      free,
      reserved,
      left,
      pages: pages ?? null,
      pageKb: kb,
      surplus: meminfo?.get('HugePages_Surp') ?? null,
    },
  };
}
