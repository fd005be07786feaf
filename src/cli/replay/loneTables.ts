/**
 * Page tables of vmalloc space that were there when a trace began, and that neither a dump nor a walk tells: an area was mapped without
 * one being made. Invariant: those that the trace makes itself are the last of an area.
 */
import { alloc_page, page_address } from '../../engine/entry/functions.js';
import { pmd_populate_kernel } from '../../engine/kernel/arch/x86/include/asm/pgalloc.h.js';
import {
  p4d_none,
  pmd_none,
  pud_none,
} from '../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import {
  p4d_offset,
  pgd_offset_k,
  PMD_SIZE,
  pmd_offset,
  pud_offset,
} from '../../engine/kernel/include/linux/pgtable.h.js';
import type { Page, Pmd } from '../../engine/machine/ctypes.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, PAGE_SIZE, parseAddress } from '../../engine/memory/address.js';
import { readPageEvent } from './program/toldPages.js';
import type { TraceOp } from '../../engine/image/state/index.js';

const NR_TABLES = 16;

export class LoneTables {
  private readonly tables: Page[] = [];

  /** In lent memory. */
  constructor(private readonly k: Kernel) {
    for (let i = 0; i < NR_TABLES; i++) {
      const page = alloc_page(k, k.GFP_KERNEL | k.__GFP_ZERO);
      if (page !== NULL) this.tables.push(page);
    }
  }

  /** In front of an operation that maps an area, as its result tells; what is mapped in large pages has no such tables. */
  before({ name, args, result = '', events, details }: TraceOp): void {
    const start = parseAddress(`0x${/^[0-9a-f]+/.exec(result)?.[0] ?? ''}`, this.k.wide ? 8 : 4);
    if (start === undefined || details.some((line) => line.endsWith('LEAF'))) return;
    const size = /\bsize=([0-9a-f]+)/.exec(result)?.[1];
    const bytes = size === undefined ? Number(args[2]) * PAGE_SIZE : parseInt(size, 16) - PAGE_SIZE;
    if (name === 'vmh' || !(bytes > 0)) return;
    const gfp = (this.k.GFP_KERNEL | this.k.__GFP_ZERO).toString(16);
    const nrMade = events
      .map(readPageEvent)
      .filter((each) => each.isTaken && each.gfp === gfp).length;
    const missing = this.missing(start, start + bytes);
    for (const pmd of missing.slice(0, Math.max(0, missing.length - nrMade))) {
      const table = this.tables.pop();
      if (table === undefined) return;
      pmd_populate_kernel(this.k, pmd, this.k.cell_of(page_address(this.k, table)));
    }
  }

  private missing(start: number, end: number): Pmd[] {
    const { k } = this;
    const size = PMD_SIZE(k);
    const missing: Pmd[] = [];
    for (let at = Math.floor(start / size) * size; at < end; at += size) {
      const va = asVirt(at);
      const p4d = p4d_offset(k, pgd_offset_k(k, va), va);
      if (p4d_none(k, k.read_pte(p4d))) continue;
      const pud = pud_offset(k, p4d, va);
      if (pud_none(k, k.read_pte(pud))) continue;
      const pmd = pmd_offset(k, pud, va);
      if (pmd_none(k, k.read_pte(pmd))) missing.push(pmd);
    }
    return missing;
  }
}
