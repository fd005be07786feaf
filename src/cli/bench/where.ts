/**
 * How long "where is this page now?" takes on a machine of 4 GiB, by what the page is: the whole answer of a hover, each time
 * after the machine has moved on, so that what readings are kept up to date is brought up to date as well.
 *
 * Memory is in pieces: all of it was allocated page by page and every other page freed, so that free lists are some hundred
 * thousand blocks long.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { __free_pages, alloc_pages } from '../../engine/entry/functions.js';
import {
  pgd_offset_k,
  pmd_alloc,
  pte_alloc_kernel,
  p4d_alloc,
  pud_alloc,
  page_ref_add,
  set_pte,
} from '../../engine/entry/functions.js';
import { mk_pte } from '../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import type { Page } from '../../engine/machine/ctypes.js';
import { NO_PTE, toPteWords } from '../../engine/machine/pteWords.js';
import { asVirt } from '../../engine/memory/address.js';
import { addressMarkdown } from '../../engine/view/addressMarkdown.js';
import { pageReport } from '../../engine/view/addressReport.js';
import { surveyorOf } from '../../engine/view/surveyor.js';
import { bitsNamed } from '../../engine/x86/formats.js';
import type { Meter } from './bench.js';
import type { Row } from './rows.js';

const ROUNDS = 60;
const TARGET_MS = 1;

interface Subject {
  readonly name: string;
  readonly page: Page;
  /** What moves the machine on before each question. */
  readonly step: () => void;
}

/** @param image of 4 GiB, not used for anything else afterwards */
export function measureWhere(meter: Meter, image: KernelImage): Row[] {
  const subjects = subjectsOf(image);
  const surveyor = surveyorOf(image);
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, { page, step }] of subjects.entries()) {
      step();
      const start = meter.nowMs();
      addressMarkdown(pageReport(surveyor, image.mm.page_to_pfn(page)));
      times[i]?.push(meter.nowMs() - start);
    }
  return subjects.map(({ name }, i) => ({
    name: `where(x) of 4 GiB: ${name}`,
    // The median: it is felt each time, not on average.
    value: times[i]?.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0,
    unit: 'ms',
    target: TARGET_MS,
  }));
}

function subjectsOf(image: KernelImage): Subject[] {
  const { mm } = image;
  const movable = mm.GFP_HIGHUSER_MOVABLE;
  const kernel = mm.GFP_KERNEL;
  const free = inPieces(image, movable);
  const compound = alloc_pages(mm, kernel | mm.__GFP_COMP, 1);
  const pinned = alloc_pages(mm, movable, 0);
  const mapped = alloc_pages(mm, kernel, 0);
  if (compound === 0 || pinned === 0 || mapped === 0) throw new Error('no memory is left');
  page_ref_add(mm, pinned, 3 * mm.GUP_PIN_COUNTING_BIAS);
  const step = (): void => {
    const page = alloc_pages(mm, movable, 0);
    __free_pages(mm, page, 0);
  };
  const pte = pteOfVmalloc(image);
  const remap = (): void => {
    set_pte(mm, pte, NO_PTE);
    set_pte(mm, pte, mk_pte(mm, mapped, toPteWords(bitsNamed('P', 'RW', 'A', 'D', 'G'))));
  };
  const onPcp = free.at(-1);
  const deep = free[free.length >> 1];
  if (onPcp === undefined || deep === undefined) throw new Error('no memory is free');
  return [
    { name: 'free block, in the middle of its list', page: deep, step },
    { name: 'on a per-CPU list', page: onPcp, step },
    { name: 'tail of a compound page', page: (compound + mm.memmap.page_words) as Page, step },
    { name: 'pinned', page: pinned, step },
    { name: 'mapped elsewhere, page tables changed', page: mapped, step: remap },
  ];
}

/** Every other page of the machine, free; those freed last are on per-CPU lists. */
function inPieces({ mm, tape }: KernelImage, gfp: number): Page[] {
  tape.setRecording(false);
  const pages: Page[] = [];
  for (;;) {
    const page = alloc_pages(mm, gfp, 0);
    if (page === 0) break;
    pages.push(page);
  }
  const freed = pages.filter((_, i) => i % 2 === 0);
  for (const page of freed) __free_pages(mm, page, 0);
  // Whole blocks, for what is looked at beside them; and last one that stays on a per-CPU list.
  for (const page of pages.slice(0, 1 << 13).filter((_, i) => i % 2 === 1))
    __free_pages(mm, page, 0);
  tape.setRecording(true);
  return freed;
}

function pteOfVmalloc({ mm }: KernelImage) {
  const va = asVirt(mm.VMALLOC_START + 0x5000);
  const mmStruct = mm.globals.init_mm;
  const pud = pud_alloc(mm, mmStruct, p4d_alloc(mm, mmStruct, pgd_offset_k(mm, va), va), va);
  return pte_alloc_kernel(mm, pmd_alloc(mm, mmStruct, pud, va), va);
}
