/**
 * Misuse of the kernel's functions, told before the kernel does what it does about it: on machines with `cmdline="debug_vm=on"`. Each is a
 * sentence that says what was misused, and where the page was allocated and freed; the kernel's own report follows where it has one.
 *
 *     double free · freed with another order · freed while locked, or mapped · reference count below zero · use after free ·
 *     kunmap of what is not mapped · a call that may sleep where the task must not
 *
 * Left out: objects of slabs (SLUB's own debugging finds those); pages that the scenario never had; what memcpy() and the like read.
 */
import { page_mapcount } from '../../engine/kernel/include/linux/mm.h.js';
import {
  compound_head,
  PageHead,
  PageHighMem,
  PageLocked,
  PageTail,
} from '../../engine/kernel/include/linux/page-flags.h.js';
import { page_ref_count } from '../../engine/kernel/include/linux/page_ref.h.js';
import { page_address } from '../../engine/kernel/mm/highmem/page_address.js';
import type { Page } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, hexText, type Cell } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import type { TapeLedger } from '../ledger/ledger.js';
import { CONSOLE, type PlaceNames } from '../ledger/notGivenBack.js';
import type { Mark, PageBlock } from '../ledger/pageTable.js';
import type { Value } from '../semantics/arithmetic.js';
import type { Misuse } from './events.js';
import { pageAt } from './structPage.js';

/** Which argument is the page (or its linear address), and which its order, of calls that drop a reference. */
const FREES: Readonly<Record<string, { readonly order?: number; readonly byAddress?: true }>> = {
  __free_pages: { order: 1 },
  free_pages: { order: 1, byAddress: true },
  put_page: {},
  folio_put: {},
  put_page_testzero: {},
};

/** Calls that do something to a page which must be somebody's: the page is their first argument. */
const USES =
  /^(?:get_page|folio_get|lock_page|trylock_page|unlock_page|split_page|prep_compound_page|set_page_count|page_ref_inc|_*(?:Test)?(?:Set|Clear)Page\w+|mk_pte|kmap\w*|clear_highpage|page_address)$/;

/** Calls that take a mapping of a highmem page away. */
const UNMAPS: ReadonlySet<string> = new Set(['kunmap', 'kunmap_local', 'kunmap_atomic']);

export class MisuseWatch {
  /** Of this statement, each once. */
  private readonly told = new Set<string>();

  constructor(
    private readonly k: Kernel,
    private readonly ledger: TapeLedger,
    private readonly names: PlaceNames,
    private readonly report: (misuse: Misuse, text: string, isCall: boolean) => void,
  ) {}

  /** A statement begins. */
  begin(): void {
    this.told.clear();
  }

  /**
   * A builtin is about to run.
   * @param written its name in the scenario, where that has a macro for it
   */
  before(name: string, args: readonly Value[], written = name): void {
    if (UNMAPS.has(name)) this.unmapping(written, name, args[0] ?? 0);
    const free = Object.hasOwn(FREES, name) ? FREES[name] : undefined;
    if (free === undefined && !USES.test(name)) return;
    const page = this.pageOf(args[0] ?? 0, free?.byAddress === true);
    if (page === 0) return;
    if (free === undefined) this.using(written, page);
    else
      this.freeing(written, page, free.order === undefined ? undefined : Number(args[free.order]));
  }

  /** A call that may sleep is made in a section that must not be left. @param call as written */
  sleeping(call: string): void {
    const text = `sleeping call: ${call} may sleep, and the task must not here: it holds a spinlock, or is in another section that must not be left`;
    this.tell('sleeping call', -1, text);
  }

  /** kunmap() takes the page, the others the address. */
  private unmapping(written: string, name: string, value: Value): void {
    const { k } = this;
    const va = asVirt(Number(value));
    if (name !== 'kunmap') {
      const processor = k.machine.processor(k.cpu);
      if (k.cell_of(va) !== 0 || !processor.hasTables) return;
      if (processor.walk(va).page !== undefined) return;
      this.tell('kunmap', va, `${written}() of 0x${k.hex(va)}, where nothing is mapped`);
      return;
    }
    const page = pageAt(k, va);
    if (page === 0 || !PageHighMem(k, page) || page_address(k, page) !== 0) return;
    const pfn = k.page_to_pfn(page);
    this.tell('kunmap', pfn, `${written}() of ${this.pageText(pfn)}, which kmap() has not mapped`);
  }

  /** A load or store of the scenario goes to a frame of memory. */
  accessed(cell: Cell, va: number, kind: 'read' | 'write'): void {
    const { memory } = this.k;
    const pfn = memory.frameOfSlot[cell >>> 10] ?? 0;
    const block = pfn < memory.nrFrames ? this.freedBlock(pfn) : undefined;
    if (block === undefined) return;
    const text = `use after free: ${kind === 'read' ? 'a read from' : 'a write to'} 0x${this.k.hex(asVirt(va))}, in ${this.pageText(pfn)}`;
    this.tell('use after free', pfn, `${text}, ${this.historyText(block)}`, false);
  }

  private pageOf(value: Value, byAddress: boolean): Page {
    const va = asVirt(Number(value));
    if (!byAddress) return pageAt(this.k, va);
    const phys = value === 0 ? undefined : this.k.phys_of(va);
    return phys === undefined ? (0 as Page) : this.k.pfn_to_page(Math.floor(phys / 4096));
  }

  private freeing(name: string, given: Page, order: number | undefined): void {
    const { k } = this;
    // put_page() goes to the head, __free_pages() does not.
    const page = order === undefined ? compound_head(k, given) : given;
    const pfn = k.page_to_pfn(page);
    const count = page_ref_count(k, page);
    const freed = this.freedBlock(pfn);
    if (freed !== undefined) {
      const text = `double free: ${name}() of ${this.pageText(pfn)}, ${this.historyText(freed)}`;
      this.tell('double free', pfn, text);
      return;
    }
    if (count <= 0) {
      const text = `reference count below zero: ${name}() of ${this.pageText(pfn)}, whose _refcount is ${count}`;
      this.tell('reference count', pfn, text);
      return;
    }
    const block = this.ledger.blockOf(pfn);
    this.checkOrder(name, page, order, block);
    if (count === 1) this.checkLast(name, page, block);
  }

  private checkOrder(
    name: string,
    page: Page,
    order: number | undefined,
    block: PageBlock | undefined,
  ): void {
    const { k } = this;
    if (order === undefined || block === undefined || block.freed !== undefined) return;
    const pfn = k.page_to_pfn(page);
    const what = `${name}() with order ${order}`;
    if (PageTail(k, page)) {
      const head = hexText(k.page_to_pfn(compound_head(k, page)));
      const text = `freed with another order: ${what} of ${this.pageText(pfn)}, a tail of the compound page at pfn ${head}: free its head`;
      this.tell('order', pfn, text);
    } else if (
      pfn === block.pfn &&
      order !== block.order &&
      (order > block.order || PageHead(k, page))
    ) {
      const text = `freed with another order: ${what} of ${this.pageText(pfn)}, a block of order ${block.order}, ${this.historyText(block)}`;
      this.tell('order', pfn, text);
    } else if (pfn === block.pfn && order < block.order) {
      const rest = (1 << block.order) - (1 << order);
      const text = `freed with another order: ${what} of ${this.pageText(pfn)}, a block of order ${block.order}, ${this.historyText(block)}; ${counted(rest, 'page')} of it stay allocated`;
      this.tell('order', pfn, text);
    }
  }

  private checkLast(name: string, page: Page, block: PageBlock | undefined): void {
    const { k } = this;
    const pfn = k.page_to_pfn(page);
    const history = block === undefined ? '' : `, ${this.historyText(block)}`;
    const what = `${name}() drops the last reference of ${this.pageText(pfn)}`;
    if (PageLocked(k, page))
      this.tell('locked', pfn, `freed while locked: ${what}${history}; call unlock_page() first`);
    const mapped = page_mapcount(k, page);
    if (mapped > 0)
      this.tell(
        'mapped',
        pfn,
        `freed while mapped: ${what}, which ${counted(mapped, 'entry maps', 'entries map')}${history}`,
      );
  }

  private using(name: string, page: Page): void {
    const pfn = this.k.page_to_pfn(page);
    const freed = this.freedBlock(pfn);
    if (freed === undefined) return;
    const text = `use after free: ${name}() of ${this.pageText(pfn)}, ${this.historyText(freed)}`;
    this.tell('use after free', pfn, text);
  }

  /** The block of the scenario's that a page was part of when it was freed, if nobody has it now. */
  private freedBlock(pfn: number): PageBlock | undefined {
    const block = this.ledger.blockOf(pfn);
    if (block?.freed === undefined) return undefined;
    const page = this.k.pfn_to_page(block.pfn);
    return page_ref_count(this.k, page) === 0 ? block : undefined;
  }

  private pageText(pfn: number): string {
    return `page ${hexText(pfn)}`;
  }

  private historyText({ allocated, freed }: PageBlock): string {
    const from = `allocated ${this.placeText(allocated)}`;
    return freed === undefined ? from : `${from} and freed ${this.placeText(freed)}`;
  }

  private placeText({ place, task }: Mark): string {
    if (place === CONSOLE) return 'in the debug console';
    const { names } = this;
    const name = names.task(task);
    const inTask = name === 'main' ? '' : ` in task ${name}`;
    return `at line ${names.line(place - 1)} by ${names.functionAt(place - 1)}()${inTask}`;
  }

  private tell(misuse: Misuse, pfn: number, text: string, isCall = true): void {
    const key = `${misuse} ${pfn}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.report(misuse, text, isCall);
  }
}
