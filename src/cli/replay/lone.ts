/**
 * Caches and areas for a trace that works on them, and neither records those of its start nor has another trace of its machine beside it.
 * Those of its build are made anew, in memory that is lent (lentMemory.ts), with objects enough: what the trace makes of its own, its
 * caches, pages and areas, is judged as ever. Not judged is what lies in objects of other caches, for no dump tells where these are:
 *
 *     their addresses, in results, dumps and events      pages that these caches take and give back are told by the events
 *     the shape of the tree of free areas                the areas of the start are those of the first %vmalloc, less the recorder's
 */
import {
  __free_pages,
  __get_vm_area_node,
  clear_bit,
  PageSlab,
  set_page_count,
} from '../../engine/entry/functions.js';
import {
  freshCaches,
  onLentMemory,
  prepareLists,
  SPARE_FOR_AREAS,
  spareObjects,
  spareSizes,
  type StateImage,
  type TraceDump,
  type TraceItem,
  type TraceOp,
} from '../../engine/image/state/index.js';
import { vmalloc_init } from '../../engine/kernel/mm/vmalloc/vmalloc_init.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell, asPfn, asVirt, PAGE_SIZE, parseAddress } from '../../engine/memory/address.js';
import type { VirtAddr } from '../../engine/memory/address.js';
import { LoneTables } from './loneTables.js';
import { Machine } from './machine.js';
import { OPERATIONS } from './ops.js';
import { readPageEvent, ToldPages } from './program/toldPages.js';
import { callersOf, RECORDED } from './recorded.js';

/** Operations that need caches, and those that need areas. */
const OBJECTS = new Set('kc kd ka kf kab kfb ks km kx'.split(' '));
const AREAS = new Set('vm vmh vf vmap vu io iu vpurge'.split(' '));
const MAPPING = new Set('vm vmh vmap io'.split(' '));
/** Those that take objects of caches that are not the trace's own. */
const FOREIGN = new Set(['kc', 'kd', 'km', 'kx', ...AREAS]);
const OWN = 'addresses of objects of other caches: no dump tells where these are';

/** Whether a trace needs what its start does not tell. */
export const needsCaches = (items: readonly TraceItem[]): boolean =>
  items.some((item) => item.kind === 'op' && (OBJECTS.has(item.name) || AREAS.has(item.name)));

export class LoneCaches {
  readonly counts = new Map<string, number>();
  private readonly told: ToldPages;

  private constructor(
    private readonly k: Kernel,
    readonly lent: ReadonlySet<number>,
    private readonly tables: LoneTables | undefined,
  ) {
    this.told = new ToldPages(lent);
  }

  /**
   * Makes them on a machine that was rebuilt; nothing is recorded on the tape.
   * @param early what the trace does before the state that the machine was rebuilt from: caches are made in it
   */
  static on(image: StateImage, items: readonly TraceItem[], early: readonly TraceOp[]): LoneCaches {
    const k = image.mm;
    prepareLists(k);
    loadSlots(image, items);
    const areas = areasOfStart(items);
    let tables: LoneTables | undefined;
    const lent = onLentMemory(image, () => {
      tables = new LoneTables(k);
      freshCaches(k, areas && { vmap_area: () => vmalloc_init(k) });
      spareObjects(k, SPARE_FOR_AREAS);
      spareSizes(k);
      for (const area of areas ?? []) makeArea(image, area);
      const machine = new Machine(image);
      for (const op of early) OPERATIONS.get(op.name)?.(machine, op.args);
    });
    return new LoneCaches(k, lent, tables);
  }

  /** In front of an operation: pages that caches of the start take or give back in it. */
  before(op: TraceOp, machine: Machine): void {
    const { name, args, events } = op;
    if (MAPPING.has(name) && this.k.machine.processor(0).hasTables) this.tables?.before(op);
    if (!FOREIGN.has(name) || (name === 'km' && isLarge(Number(args[1])))) return;
    // Where it had pages of its own, these are the trace's.
    if (name === 'kx' && !this.isLentAt(machine.lastAddress(Number(args[0])))) return;
    for (const event of events) {
      const { isTaken, pfn, order } = readPageEvent(event);
      if (Number.isNaN(pfn)) continue;
      if (this.told.tells(this.k, event)) this.told.perform(this.k, event);
      else if (!isTaken && this.isSlabOfStart(event, name)) this.giveBack(pfn, order);
    }
  }

  /** A page that nobody here has, of those that a cache may have had. */
  private isSlabOfStart(event: string, name: string): boolean {
    const { pfn } = readPageEvent(event);
    const page = this.k.pfn_to_page(asPfn(pfn));
    return (name === 'kd' || name === 'kx') && !PageSlab(this.k, page) && event.startsWith('pf');
  }

  private giveBack(pfn: number, order: number): void {
    const { k } = this;
    const page = k.pfn_to_page(asPfn(pfn));
    clear_bit(k, k.PG_slab, asCell(page + k.page.flags));
    set_page_count(k, page, 1);
    __free_pages(k, page, order);
  }

  /** Events but those of objects of other caches. */
  judgedEvents(ours: readonly string[], kernel: readonly string[]): [string[], string[]] {
    const isJudged = (event: string): boolean => !/^k[afmx] /.test(event) || / mmo-/.test(event);
    const left = kernel.filter((event) => !isJudged(event)).length;
    if (left > 0) this.count('events of objects of other caches', left);
    return [ours.filter(isJudged), kernel.filter(isJudged)];
  }

  /** The kernel's result with ours in place of addresses of such objects. */
  result({ name, args }: TraceOp, ours: string, kernel: string): string {
    if (name === 'kc') return this.asOurs(ours, kernel, / at=[0-9a-f]+ /);
    if (name === 'kx' && this.isLent(ours)) return this.asOurs(ours, kernel, /^[0-9a-f]+$/);
    if (name === 'km' && !isLarge(Number(args[1])) && this.isLent(ours))
      return this.asOurs(ours, kernel, /^[0-9a-f]+(?= )/, / pfn=\S+$/);
    return kernel;
  }

  /** A line of a dump likewise. */
  line(name: string, ours: string, kernel: string): string {
    if (name === 'slab') return this.asOurs(ours, kernel, / at=[0-9a-f]+ /, / freelist_at=\S+/);
    if (name !== 'vmalloc') return kernel;
    if (/^p?va /.test(kernel)) return this.asOurs(ours, kernel, / at=\S+/, / vm=\S+/);
    return this.asOurs(ours, kernel, / sub=.*$/);
  }

  private isLent(text: string): boolean {
    const address = parseAddress(`0x${text.split(' ')[0] ?? ''}`, this.k.wide ? 8 : 4);
    return address !== undefined && this.isLentAt(address);
  }

  private isLentAt(address: VirtAddr): boolean {
    const phys = this.k.phys_of(address);
    return phys !== undefined && this.lent.has(Math.floor(phys / PAGE_SIZE));
  }

  private asOurs(ours: string, kernel: string, ...parts: readonly RegExp[]): string {
    let judged = kernel;
    for (const part of parts)
      judged = judged.replace(part, (theirs) => part.exec(ours)?.[0] ?? theirs);
    if (judged !== kernel) this.count(OWN);
    return judged;
  }

  private count(name: string, nr = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + nr);
  }

  /** Whether what becomes of a page is not judged: it was lent, or a cache of the start took it. */
  has(pfn: number): boolean {
    return this.told.has(pfn);
  }
}

/** kmalloc() gives pages for it, in both allocators. */
const isLarge = (bytes: number): boolean => bytes > 2 * PAGE_SIZE;

interface Area {
  readonly start: string;
  readonly end: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Where the table of slots for kmap() is, a later dump tells. None had been in use. */
function loadSlots(image: StateImage, items: readonly TraceItem[]): void {
  const dump = items.find((item) => item.kind === 'dump' && item.name === 'pkmap');
  if (dump?.kind !== 'dump' || image.profile.findConstant('CONFIG_HIGHMEM') !== 1) return;
  if (image.mm.read_ptr(image.mm.globals.pkmap_page_table) !== NULL) return;
  const args = dump.args.map((each) => each.replace(/^last=.*/, 'last=0'));
  RECORDED.get('pkmap')?.load?.(image, { ...dump, args, lines: [] });
}

/** The areas of the first dump of them which the recorder has not made; undefined where it has given back some before. */
function areasOfStart(items: readonly TraceItem[]): Area[] | undefined {
  for (const item of items) {
    if (item.kind === 'op' && ['vf', 'iu', 'vu', 'vpurge'].includes(item.name)) return undefined;
    if (item.kind === 'dump' && item.name === 'vmalloc') return areasIn(item);
  }
  return undefined;
}

function areasIn({ lines }: TraceDump): Area[] | undefined {
  const areas: Area[] = [];
  for (const line of lines) {
    const [kind, start = '', end = '', ...rest] = line.split(' ');
    if (kind === 'pva') return undefined;
    const fields = new Map(rest.map((each) => each.split('=') as [string, string]));
    if (kind === 'va' && fields.get('by')?.startsWith('exec_op') !== true)
      areas.push({ start, end, fields });
  }
  return areas;
}

function makeArea(image: StateImage, { start, end, fields }: Area): void {
  const k = image.mm;
  const address = (text: string): VirtAddr =>
    parseAddress(`0x${text}`, image.profile.pointerSize) ?? asVirt(0);
  const hex = (name: string): number => parseInt(fields.get(name) ?? '0', 16);
  const [from, to] = [address(start), address(end)];
  const caller = callersOf(image).addressOf(fields.get('by') ?? '');
  const flags = hex('flags') & ~k.VM_NO_GUARD;
  const area = __get_vm_area_node(
    ...([k, to - from - PAGE_SIZE, 1, 12, flags & ~k.VM_IOREMAP, from, to, k.GFP_KERNEL] as const),
    caller,
  );
  if (area === NULL) throw new Error(`no area at ${start}`);
  k.write(asCell(area + k.vm_struct.flags), hex('flags'));
  k.write(asCell(area + k.vm_struct.nr_pages), Number(fields.get('nr') ?? '0'));
  const phys = hex('phys');
  const at = asCell(area + k.vm_struct.phys_addr);
  k.write(at, phys | 0);
  if (k.pte_words === 2) k.write(asCell(at + 1), Math.floor(phys / 2 ** 32));
}
