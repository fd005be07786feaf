/**
 * Makes the records of a statement's attempts to allocate, while the instrumented kernel repeats the statement. It listens
 * where functions are entered and left, and reads memory there; it writes nothing, and the kernel knows nothing of it.
 *
 * Source of the names: Linux 6.1 mm/page_alloc.c.
 */
import { buddy_order } from '../kernel/mm/internal.h.js';
import { node_dirty_ok } from '../kernel/mm/page-writeback.js';
import {
  handleCall,
  isCallOf,
  type CallHandlers,
  type KernelCall,
  type ListenedFunction,
} from '../entry/kernelCall.js';
import { list_empty } from '../kernel/include/linux/list.h.js';
import type { Kernel } from '../machine/kernel.js';
import { type Gfp, type KmemCache, NULL, type Slab, type Zone } from '../machine/ctypes.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { folio_order } from '../kernel/include/linux/mm.h.js';
import { slab_folio } from '../kernel/mm/slab.h.js';
import { cacheName } from '../proc/slabCaches.js';
import type { KernelLocals } from '../entry/kernelLocals/kernelLocals.js';
import { zoneName } from '../machine/zoneNames.js';
import { counted } from '../view/counted.js';
import { NOTES } from './notes.js';
import { failureReason } from './reason.js';
import { zone_idx } from '../kernel/include/linux/mmzone.h.js';
import type { Attempt, FallbackStep, Pass, RefillStep, Route, Step, ZoneLook } from './attempt.js';
import { buddyStep, fallbackStep, orderScans, watermarkTest } from './readings.js';
import { mergedPasses, mergedSteps } from './merge.js';
import {
  busyFrame,
  cacheFailure,
  cmaFailure,
  contigFailure,
  largeFailure,
  vmallocFailure,
  type OuterFailure,
} from './outer.js';

export class AttemptRecorder {
  readonly attempts: Attempt[] = [];
  private readonly stack: KernelCall[] = [];
  private attempt: Attempt | undefined;
  private pass: Pass | undefined;
  private look: ZoneLook | undefined;
  private refill: RefillStep | undefined;
  private fallback: FallbackStep | undefined;
  /** Why the last range of frames could not be had. */
  private busy: string | undefined;

  /** Where the objects come from that are being asked for, innermost request last. */
  private readonly sources: string[] = [];

  constructor(private readonly k: Kernel) {}

  /** Functions that are entered and not left. */
  get depth(): number {
    return this.stack.length;
  }

  /** Before the first line of a function. */
  entered(call: KernelCall): void {
    const caller = this.stack.at(-1);
    this.stack.push(call);
    handleCall(this.onEntry, call, caller);
  }

  /** The innermost function is left. */
  left(): void {
    const call = this.stack.pop();
    if (call !== undefined) handleCall(this.onLeaving, call);
  }

  /** The run that is listened to has come to the place that is looked from. */
  end(): void {
    for (const call of this.stack)
      if (isCallOf(call, '__alloc_pages_slowpath')) this.failed(call.locals());
    this.closePass();
    this.tidy();
  }

  private readonly onEntry: CallHandlers<[caller: KernelCall | undefined]> = {
    __alloc_pages: ({ gfp, order }) => {
      // A bulk that found no zone asks for one page.
      this.attempt ??= this.begin({ order, gfp });
    },
    __alloc_pages_bulk: ({ gfp, nr_pages }) => {
      this.attempt = this.begin({ order: 0, gfp, nrBulk: nr_pages });
    },
    get_page_from_freelist: ({ alloc_flags, ac }, caller) =>
      this.openPass(caller?.name ?? '', alloc_flags, ac.migratetype),
    node_dirty_ok: (_locals, caller) => {
      if (this.pass === undefined || node_dirty_ok(this.k)) return;
      const zone = isCallOf(caller, 'get_page_from_freelist') ? caller.locals().zone : undefined;
      if (zone !== undefined) this.openLook(zone, undefined);
    },
    zone_watermark_fast: (locals, caller) => this.test(locals, caller),
    __rmqueue_pcplist: ({ order, migratetype, list }) =>
      this.step({
        kind: 'pcp',
        cpu: this.k.cpu,
        order,
        migratetype,
        hit: !list_empty(this.k, list),
        times: 1,
      }),
    rmqueue_bulk: ({ order, count, migratetype }) => {
      const refill: RefillStep = { kind: 'refill', order, migratetype, count, steps: [], times: 1 };
      this.step(refill);
      this.refill = refill;
    },
    __rmqueue_smallest: ({ zone, order, migratetype }) =>
      this.step(buddyStep(this.k, zone, order, migratetype)),
    __rmqueue_fallback: ({ order, start_migratetype, alloc_flags }) => {
      this.fallback = fallbackStep(this.k, order, start_migratetype, alloc_flags);
      this.step(this.fallback);
    },
    steal_suitable_fallback: ({ page, whole_block }, caller) => {
      if (this.fallback === undefined || !isCallOf(caller, '__rmqueue_fallback')) return;
      const { fallback_mt } = caller.locals();
      if (fallback_mt === undefined) return;
      this.fallback.taken = {
        order: buddy_order(this.k, page),
        migratetype: fallback_mt,
        pfn: this.k.page_to_pfn(page),
        whole_block,
        claimed: false,
      };
    },
    set_pageblock_migratetype: (_locals, caller) => this.pageblockChanges(caller?.name ?? ''),
    drain_all_pages: () => this.note('per-CPU lists drained'),
    __alloc_pages_direct_compact: ({ order }) => {
      if (order > 0) this.note(NOTES['direct-compact']);
    },
    __perform_reclaim: () => this.note(NOTES['direct-reclaim']),
    warn_alloc: ({ message }, caller) => {
      if (isCallOf(caller, '__alloc_pages_slowpath')) this.failed(caller.locals());
      else this.vmallocFails(message);
    },
    cma_alloc: () => (this.busy = undefined),
    slab_alloc_node: () => this.sources.push(this.ofCpu()),
    kmem_cache_alloc_bulk: () => this.sources.push(this.ofCpu()),
    ___slab_alloc: () => this.from(`from the slabs of CPU ${this.k.cpu}`),
    cache_alloc_refill: () => this.from(`${this.ofCpu()}, refilled from slabs of the node`),
    slab_out_of_memory: ({ s, gfpflags }) =>
      this.outerFails(gfpflags, cacheFailure(this.k, s, this.whyNoPages())),
    prep_new_page: ({ page }) => this.got(this.k.page_to_pfn(page)),
  };

  private readonly onLeaving: CallHandlers<[]> = {
    __zone_watermark_ok: ({ min }) => {
      const { look } = this;
      const isOfZone = isCallOf(this.stack.at(-1), 'zone_watermark_fast');
      if (look?.watermark !== undefined && min !== undefined && isOfZone) look.watermark.min = min;
    },
    rmqueue_bulk: () => (this.refill = undefined),
    __rmqueue_fallback: () => (this.fallback = undefined),
    get_page_from_freelist: () => this.closePass(),
    __alloc_pages: () => {
      if (this.attempt?.nrBulk === undefined) this.finish();
    },
    __alloc_pages_bulk: () => this.finish(),
    // SLAB says nothing when it gets no pages.
    kmem_getpages: ({ cachep, flags, folio }) => {
      if (folio === NULL) this.outerFails(flags, cacheFailure(this.k, cachep, this.whyNoPages()));
    },
    __kmalloc_large_node: ({ size, flags, page }) => {
      if (page === NULL) this.outerFails(flags, largeFailure(size, this.whyNoPages()));
    },
    allocate_slab: ({ slab }) => this.newSlab(slab),
    cache_grow_begin: ({ slab, freelist }) => {
      if (freelist !== undefined) this.newSlab(slab);
    },
    get_partial_node: ({ object }) => {
      if (object !== undefined && object !== 0) this.from('from a partial slab of the node');
    },
    slab_alloc_node: ({ s, cachep, gfpflags, flags, object, objp }) => {
      const cache = s ?? cachep;
      if (cache !== undefined)
        this.gotObjects(gfpflags ?? flags ?? 0, cache, [object ?? objp ?? asVirt(0)]);
    },
    kmem_cache_alloc_bulk: ({ s, flags, size, p }) => {
      const objects = p.slice(0, size);
      const isWhole = objects.length === size && objects.every((object) => object !== 0);
      this.gotObjects(flags, s, isWhole ? objects : []);
    },
    __vmalloc_node_range: ({ size, gfp_mask, ret }) => {
      if (ret === undefined || ret === 0 || this.isInside('__vmalloc_node_range')) return;
      const nrPages = Math.ceil(size / PAGE_SIZE);
      this.outer(gfp_mask, `vmalloc of ${counted(size, 'byte')}`, {
        kind: 'area',
        address: ret,
        nrPages,
      });
    },
    alloc_contig_range: ({ start, end, gfp_mask, ret }) => {
      if (ret === undefined) return;
      if (ret !== 0) this.busy = busyFrame(this.k, start, end);
      if (this.stack.some((call) => call.name === 'cma_alloc')) return;
      const failure = contigFailure(this.k, { start, end, ret });
      if (ret === 0) this.outer(gfp_mask, failure.what, { kind: 'range', pfn: start });
      else this.outerFails(gfp_mask, failure);
    },
    cma_alloc: ({ cma, count, align, page, ret }) => {
      if (page === undefined || ret === undefined) return;
      const failure = cmaFailure(this.k, { cma, count, align, ret }, this.busy);
      const { GFP_KERNEL } = this.k;
      if (page === NULL) this.outerFails(GFP_KERNEL, failure);
      else this.outer(GFP_KERNEL, failure.what, { kind: 'range', pfn: this.k.page_to_pfn(page) });
    },
  };

  // --- requests that succeed -------------------------------------------------------------------------------------------

  private ofCpu(): string {
    const { k } = this;
    return `from the ${k.CONFIG_SLAB === 0 ? 'freelist' : 'array'} of CPU ${k.cpu}`;
  }

  private from(source: string): void {
    if (this.sources.length > 0) this.sources[this.sources.length - 1] = source;
  }

  private newSlab(slab: Slab | undefined): void {
    if (slab === undefined || slab === NULL) return;
    const order = folio_order(this.k, slab_folio(slab));
    const array = this.k.CONFIG_SLAB === 0 ? 'from' : `${this.ofCpu()}, refilled from`;
    this.from(`${array} a new slab of order ${order}`);
  }

  /** Objects for the one who asked, not those that a request takes on its way. */
  private gotObjects(gfp: Gfp, s: KmemCache, objects: readonly VirtAddr[]): void {
    const from = this.sources.pop() ?? '';
    const [address = asVirt(0)] = objects;
    const isInner = this.sources.length > 0 || this.isInside('__vmalloc_node_range');
    if (address === 0 || isInner) return;
    const nr = objects.length;
    const what = `${nr === 1 ? 'an object' : `${nr} objects`} of ${cacheName(this.k, s)}`;
    this.outer(gfp, what, { kind: 'object', address, nr, from });
  }

  private isInside(name: ListenedFunction): boolean {
    return this.stack.some((call) => call.name === name);
  }

  // --- requests for more than pages ----------------------------------------------------------------------------------

  private vmallocFails(message: string): void {
    const call = this.stack.findLast((each) => isCallOf(each, '__vmalloc_node_range'));
    if (!isCallOf(call, '__vmalloc_node_range')) return;
    const { size, start, end, gfp_mask } = call.locals();
    this.outerFails(
      gfp_mask,
      vmallocFailure(this.k, { size, start, end }, message, this.whyNoPages()),
    );
  }

  /** What the last request for pages lacked, if it got none. */
  private whyNoPages(): string | undefined {
    const last = this.attempts.at(-1);
    if (last?.outcome.kind !== 'failed') return undefined;
    return `${last.what ?? `order ${last.order}`} failed: ${last.outcome.reason}`;
  }

  private outerFails(gfp: Gfp, { what, reason }: OuterFailure): void {
    this.outer(gfp, what, { kind: 'failed', reason });
  }

  private outer(gfp: Gfp, what: string, outcome: Attempt['outcome']): void {
    this.attempts.push({ order: 0, gfp, what, passes: [], notes: [], outcome });
  }

  // --- attempts ------------------------------------------------------------------------------------------------------

  private begin(what: Pick<Attempt, 'order' | 'gfp' | 'nrBulk'>): Attempt {
    const attempt: Attempt = { ...what, passes: [], notes: [], outcome: { kind: 'under way' } };
    this.attempts.push(attempt);
    return attempt;
  }

  private finish(): void {
    const { attempt, k } = this;
    if (attempt === undefined) return;
    if (attempt.outcome.kind === 'under way')
      attempt.outcome = {
        kind: 'failed',
        reason:
          attempt.order >= k.MAX_ORDER
            ? `no block is larger than order ${k.MAX_ORDER - 1} (MAX_ORDER is ${k.MAX_ORDER})`
            : 'it can never succeed, and must not fail',
      };
    this.closePass();
    this.tidy();
    // Nothing was left to do: the caller's array was full.
    if (attempt.passes.length === 0 && attempt.nrBulk !== undefined) this.attempts.pop();
    this.attempt = undefined;
  }

  /** __alloc_pages_slowpath() has given up, and memory is as it was then. */
  private failed(locals: KernelLocals['__alloc_pages_slowpath']): void {
    const { order, gfp_mask, migratetype, alloc_flags, highest_zoneidx } = locals;
    // Locals that are there only behind the label `fail`.
    if (this.attempt === undefined || migratetype === undefined) return;
    if (alloc_flags === undefined || highest_zoneidx === undefined) return;
    const question = { order, gfp: gfp_mask, migratetype, alloc_flags, highest_zoneidx };
    this.attempt.outcome = { kind: 'failed', reason: failureReason(this.k, question) };
  }

  private tidy(): void {
    const { attempt } = this;
    attempt?.passes.splice(0, attempt.passes.length, ...mergedPasses(attempt.passes));
  }

  private note(text: string): void {
    const notes = this.attempt?.notes;
    if (notes !== undefined && !notes.includes(text)) notes.push(text);
  }

  private got(pfn: number): void {
    const { attempt, look } = this;
    if (attempt === undefined || look === undefined) return;
    if (attempt.outcome.kind === 'page') attempt.outcome.nr++;
    else
      attempt.outcome = {
        kind: 'page',
        pfn,
        zone: look.name,
        route: routeOf(look.steps),
        reserved: false,
        nr: 1,
      };
  }

  private pageblockChanges(caller: string): void {
    if (this.fallback?.taken !== undefined) this.fallback.taken.claimed = true;
    if (caller === 'unreserve_highatomic_pageblock') this.note('a HIGHATOMIC pageblock given up');
    if (caller === 'reserve_highatomic_pageblock' && this.attempt?.outcome.kind === 'page')
      this.attempt.outcome.reserved = true;
  }

  // --- passes and zones ----------------------------------------------------------------------------------------------

  private openPass(caller: string, alloc_flags: number, migratetype: number): void {
    this.closePass();
    this.pass = { caller, alloc_flags, migratetype, zones: [], times: 1 };
    this.attempt?.passes.push(this.pass);
  }

  private closePass(): void {
    for (const look of this.pass?.zones ?? [])
      look.steps.splice(0, look.steps.length, ...mergedSteps(look.steps));
    this.pass = undefined;
    this.look = undefined;
    this.refill = undefined;
  }

  private test(locals: KernelLocals['zone_watermark_fast'], caller: KernelCall | undefined): void {
    if (this.attempt === undefined) return;
    const { z: zone, alloc_flags } = locals;
    const { pass } = this;
    if (pass === undefined) {
      // A bulk looks for its zone itself.
      const ac = isCallOf(caller, '__alloc_pages_bulk') ? caller.locals().ac : undefined;
      if (ac !== undefined) this.openPass('__alloc_pages_bulk', alloc_flags, ac.migratetype);
    }
    // Without ALLOC_NOFRAGMENT get_page_from_freelist() begins again.
    else if (pass.alloc_flags !== alloc_flags)
      this.openPass(pass.caller, alloc_flags, pass.migratetype);
    const { order, mark, highest_zoneidx, gfp_mask } = locals;
    this.openLook(zone, { order, mark, highest_zoneidx, alloc_flags, gfp_mask });
  }

  private openLook(
    zone: Zone,
    question: Omit<Parameters<typeof watermarkTest>[1], 'zone'> | undefined,
  ): void {
    const { k } = this;
    const order = this.attempt?.order ?? 0;
    this.look = {
      index: zone_idx(k, zone),
      name: zoneName(k, zone),
      ...(question !== undefined && { watermark: watermarkTest(k, { zone, ...question }) }),
      lists: orderScans(k, zone, order, this.pass?.alloc_flags ?? 0),
      steps: [],
    };
    this.pass?.zones.push(this.look);
  }

  private step(step: Step): void {
    (this.refill?.steps ?? this.look?.steps)?.push(step);
  }
}

/** Where the block came from that has just been handed out. */
function routeOf(steps: readonly Step[]): Route {
  const last = steps.at(-1);
  const before = steps.at(-2);
  if (last?.kind === 'pcp') return { kind: 'pcp', cpu: last.cpu, refill: undefined };
  if (last?.kind === 'refill' && before?.kind === 'pcp')
    return { kind: 'pcp', cpu: before.cpu, refill: last };
  if (last?.kind !== 'buddy') return { kind: 'unknown' };
  return { kind: 'buddy', scan: last, stolen: before?.kind === 'fallback' ? before : undefined };
}
