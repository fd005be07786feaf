/**
 * Operations of recorded traces that a process does to its own address space: look at tables and pages, take references and pins.
 */
import {
  drain_local_pages,
  follow_page,
  find_vma,
  get_mm_counter,
  get_user_pages,
  get_user_pages_fast,
  IS_ERR_OR_NULL,
  mm_pgtables_bytes,
  pin_user_pages,
  pin_user_pages_fast,
  put_page,
  unpin_user_page,
  zone_page_state,
} from '../../../engine/entry/functions.js';
import { __pa } from '../../../engine/entry/functions.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { pageLine, pageStateText } from '../../../engine/image/state/index.js';
import type { MmStruct, Page } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import { asPhys, asVirt } from '../../../engine/memory/address.js';
import { imagePaging, pagingAt } from '../../../engine/view/imagePaging.js';
import { tableLines, walkText } from '../../../engine/x86/text.js';
import { walk } from '../../../engine/x86/walk.js';
import { inOrder } from '../tableOps.js';

interface Slot {
  readonly page: Page;
  readonly isPin: boolean;
}

const number = (text: string | undefined): number => Number(text ?? 'NaN');
const hex = (value: number): string => value.toString(16);

export class UserOperations {
  private slots: ReadonlyMap<number, Slot> = new Map();

  constructor(
    private readonly image: KernelImage,
    private readonly mm: () => MmStruct,
  ) {}

  save(): () => void {
    const { slots } = this;
    return () => {
      this.slots = slots;
    };
  }

  /** The result as the trace has it, with further lines; undefined: it prints nothing. */
  perform(name: string, args: readonly string[]): string | undefined {
    switch (name) {
      case 'umm':
        return this.numbers();
      case 'upt':
        return this.walkAt(number(args[0]));
      case 'upage':
        return this.pageAt(number(args[0]));
      case 'gup':
      case 'gupf':
      case 'pin':
      case 'pinf':
        return this.get(name, args.map(number));
      case 'gupput':
        return this.put(args.map(number));
      case 'drain':
        drain_local_pages(this.image.mm, NULL);
        return undefined;
      case 'mlock_stat':
        return `mlock=${hex(this.lockedPages())}`;
      default:
        return undefined;
    }
  }

  static readonly NAMES: ReadonlySet<string> = new Set(
    'umm upt upage gup gupf pin pinf gupput mlock_stat drain'.split(' '),
  );

  /** `mlock_stat`: of ZONE_NORMAL alone. */
  private lockedPages(): number {
    const { mm } = this.image;
    const zone = mm.zones[mm.ZONE_NORMAL];
    return zone === undefined ? 0 : zone_page_state(mm, zone, mm.NR_MLOCK);
  }

  /** `umm` */
  private numbers(): string {
    const k = this.image.mm;
    const mm = this.mm();
    const of = k.mm_struct;
    const int = (member: number): number => k.read_int(k.plus(mm, member));
    const long = (member: number): string => hex(k.read_ulong(k.plus(mm, member)));
    return [
      `pgd=${hex(__pa(k, k.read_ptr(k.plus(mm, of.pgd))))} users=${int(of.mm_users)} count=${int(of.mm_count)}`,
      `total_vm=${long(of.total_vm)} locked=${long(of.locked_vm)} pinned=${hex(int(of.pinned_vm))}`,
      `data=${long(of.data_vm)} stack=${long(of.stack_vm)} pgtables=${hex(mm_pgtables_bytes(k, mm))}`,
      `map_count=${int(of.map_count)} rss_file=${hex(get_mm_counter(k, mm, k.MM_FILEPAGES))}`,
      `rss_anon=${hex(get_mm_counter(k, mm, k.MM_ANONPAGES))}`,
    ].join(' ');
  }

  private paging() {
    const k = this.image.mm;
    const root = __pa(k, k.read_ptr(k.plus(this.mm(), k.mm_struct.pgd)));
    const paging = imagePaging(this.image);
    if (paging === undefined) throw new Error('a machine with processes has page tables');
    return { paging: pagingAt(this.image, asPhys(root)), memory: paging.memory };
  }

  /** `upt VA` */
  private walkAt(va: number): string {
    const { paging, memory } = this.paging();
    return walkText(paging, walk(paging, memory, asVirt(va)));
  }

  /** `%pts A B` of the process. */
  tables([first = '0', last = '0']: readonly string[]): string[] {
    const { paging, memory } = this.paging();
    const bounds = { first: asVirt(parseInt(first, 16)), last: asVirt(parseInt(last, 16)) };
    return inOrder(tableLines(paging, memory, bounds));
  }

  /** `upage VA` */
  private pageAt(va: number): string {
    const k = this.image.mm;
    const vma = find_vma(k, this.mm(), asVirt(va));
    const page = vma === NULL ? NULL : follow_page(k, vma, asVirt(va), k.FOLL_GET);
    if (IS_ERR_OR_NULL(page)) return `none ${page}`;
    put_page(k, page);
    return `${pageStateText(this.image, page)} ${pageLine(this.image, k.page_to_pfn(page)) ?? ''}`;
  }

  /** `gup/gupf/pin/pinf SLOT0 VA N FLAGS` */
  private get(name: string, [slot0 = 0, va = 0, nr = 0, flags = 0]: readonly number[]): string {
    const k = this.image.mm;
    const pages: Page[] = [];
    const call = {
      gup: get_user_pages,
      gupf: get_user_pages_fast,
      pin: pin_user_pages,
      pinf: pin_user_pages_fast,
    }[name];
    if (call === undefined) throw new Error(`no operation ${name}`);
    const ret = call(k, asVirt(va), nr, flags, pages);
    const got = pages.slice(0, Math.max(0, ret));
    this.slots = new Map([
      ...this.slots,
      ...got.map(
        (page, i) => [slot0 + i, { page, isPin: name.startsWith('pin') }] as [number, Slot],
      ),
    ]);
    return [`ret=${ret}`, ...got.map((page) => `> ${pageStateText(this.image, page)}`)].join('\n');
  }

  /** `gupput SLOT0 N` */
  private put([slot0 = 0, nr = 0]: readonly number[]): string | undefined {
    const k = this.image.mm;
    const lines: string[] = [];
    const slots = new Map(this.slots);
    for (let i = slot0; i < slot0 + nr; i++) {
      const slot = slots.get(i);
      if (slot === undefined) continue;
      if (slot.isPin) unpin_user_page(k, slot.page);
      else put_page(k, slot.page);
      lines.push(`> ${pageStateText(this.image, slot.page)}`);
      slots.delete(i);
    }
    this.slots = slots;
    return lines.length === 0 ? undefined : lines.join('\n');
  }
}
