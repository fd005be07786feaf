/** The slab allocator: caches at the left, the slabs of the one that is open at the right, a page of them at a time. */
import type { CacheBody, CachesBody, SlabsBody } from '../../../src/engine/view/atlas/caches.js';
import { Board } from '../../board/board.js';
import { svgOf } from '../../board/export.js';
import { filterField } from '../../controls.js';
import { element } from '../../dom.js';
import type { Lit, LitPlace, Update, View, ViewHost } from '../../shell/view.js';
import { bytesOf } from '../../text.js';
import { paintShelves } from './shelfScene.js';
import { paintTrays } from './trayScene.js';

/** Slabs of a page. */
const SLABS = 64;

/** What the open cache's slabs were, by first pfn: {@link SlabBody.objects}. */
type SlabsBefore = ReadonlyMap<number, Uint8Array>;

export class CachesView implements View {
  readonly root = element('div', {});
  private readonly shelves: Board;
  private readonly trays: Board;
  private body: CachesBody | undefined;
  private slabs: SlabsBody | undefined;
  private before: ReadonlyMap<string, number> = new Map();
  private slabsBefore: SlabsBefore = new Map();
  /** Address of the cache that is open. */
  private open: string | undefined;
  private start = 0;
  /** First pfn of the slab whose page is wanted. */
  private sought: number | undefined;
  private filter = '';
  private lit: Lit | undefined;
  private stop = -1;
  private comparedWith: number | undefined;
  private asked = 0;
  private askedSlabs = 0;

  constructor(private readonly host: ViewHost) {
    const palette = () => host.palette;
    const escape = (): void => host.select(undefined);
    this.shelves = new Board('Caches', palette, { escape });
    this.trays = new Board('Slabs of the cache', palette, {
      escape,
      watch: () => host.stopOnChange,
      pointed: (address) => host.point(address),
    });
    this.shelves.root.classList.add('shelves');
    const field = filterField('Show caches whose name has', 'Part of a name', (text) => {
      this.filter = text.trim();
      this.draw();
    });
    this.root.append(
      element(
        'div',
        { class: 'left' },
        element('div', { class: 'tools' }, field),
        this.shelves.root,
      ),
      this.trays.root,
    );
  }

  show({ isOther, session, comparedWith }: Update): void {
    if (isOther) {
      this.body = this.slabs = this.open = undefined;
      this.before = this.slabsBefore = new Map();
      this.start = 0;
      this.stop = -1;
    }
    const isNewStop = session.stop !== this.stop;
    this.stop = session.stop;
    this.comparedWith = comparedWith;
    if (isNewStop) {
      this.before = usedBy(this.body);
      this.slabsBefore = objectsBy(this.slabs);
    }
    void this.ask(isNewStop);
  }

  private async ask(isNewStop: boolean): Promise<void> {
    const asked = ++this.asked;
    const { comparedWith: at } = this;
    try {
      const [body, then] = await Promise.all([
        this.host.request('mmscope/caches', {}),
        at === undefined ? undefined : this.host.request('mmscope/caches', { at }),
      ]);
      if (asked !== this.asked) return;
      this.body = body;
      if (then !== undefined) this.before = usedBy(then);
      this.open ??= this.firstShown(body)?.address;
      this.drawShelves();
      if (isNewStop) this.shelves.follow();
      await this.askSlabs();
    } catch {
      return; // Running or gone: the old picture stays.
    }
  }

  /** What changed just now, else the first cache that users know. */
  private firstShown({ caches }: CachesBody): CacheBody | undefined {
    const lit = this.litCache;
    return (
      caches.find(({ name }) => name === lit) ??
      caches.find(({ address, used }) => (this.before.get(address) ?? used) !== used) ??
      caches.find(({ name }) => name === 'kmalloc-64') ??
      caches[0]
    );
  }

  private async askSlabs(): Promise<void> {
    const asked = ++this.askedSlabs;
    const { open: cache, start, sought: holding, comparedWith: at, host } = this;
    if (cache === undefined) return;
    try {
      const slabs = await host.request('mmscope/slabs', {
        cache,
        start,
        count: SLABS,
        ...(holding !== undefined && { holding }),
      });
      const pfns = slabs.slabs.map(({ pfn }) => pfn);
      const then =
        at === undefined
          ? undefined
          : await host.request('mmscope/slabObjects', { cache, pfns, at });
      if (asked !== this.askedSlabs) return;
      this.slabs = slabs;
      this.start = slabs.start;
      this.sought = undefined;
      if (then !== undefined)
        this.slabsBefore = new Map(then.slabs.map(([pfn, objects]) => [pfn, bytesOf(objects)]));
      this.drawTrays();
    } catch {
      return;
    }
  }

  select(lit: Lit | undefined): void {
    this.lit = lit;
    const name = this.litCache;
    const cache = this.body?.caches.find((each) => each.name === name);
    if (cache === undefined) this.draw();
    else if (cache.address !== this.open) this.openCache(cache);
    else {
      this.draw();
      this.seekSlab();
    }
  }

  /** The page of slabs that the selection's is on. */
  private seekSlab(): void {
    const pfn = this.lit?.located?.object?.slab;
    if (pfn === undefined || this.slabs?.slabs.some((slab) => slab.pfn === pfn) === true) return;
    this.sought = pfn;
    void this.askSlabs();
  }

  private get litCache(): string | undefined {
    const { selection, located } = this.lit ?? {};
    return located?.object?.cache ?? (selection?.kind === 'object' ? selection.cache : undefined);
  }

  private get litObject(): string | undefined {
    const { selection, located } = this.lit ?? {};
    return (
      located?.object?.address ?? (selection?.kind === 'object' ? selection.address : undefined)
    );
  }

  private openCache({ address }: CacheBody): void {
    this.open = address;
    this.start = 0;
    this.sought = this.lit?.located?.object?.slab;
    this.slabs = undefined;
    this.slabsBefore = new Map();
    this.draw();
    void this.askSlabs();
  }

  private turnTo(start: number): void {
    this.start = start;
    this.trays.root.scrollTop = 0;
    void this.askSlabs();
  }

  private draw(): void {
    this.drawShelves();
    this.drawTrays();
  }

  private drawShelves(): void {
    const { body, host, root } = this;
    if (body === undefined || root.clientWidth === 0) return;
    const { before, open, filter, litCache: lit } = this;
    const width = this.shelves.root.clientWidth - 14;
    const since = this.comparedWith === undefined ? 'the last stop' : 'A';
    this.shelves.show(
      paintShelves({ body, before, since, open, lit, filter }, host.palette, width, (cache) =>
        this.openCache(cache),
      ),
    );
    host.moved();
  }

  private drawTrays(): void {
    const { body, slabs, host, open, root } = this;
    const cache = body?.caches.find(({ address }) => address === open);
    if (cache === undefined || slabs === undefined || slabs.cache !== open) return;
    if (root.clientWidth === 0) return;
    this.trays.show(
      paintTrays(
        { cache, body: slabs, before: this.slabsBefore, lit: this.litObject },
        host.palette,
        this.trays.root.clientWidth - 14,
        {
          object: (address) => host.select({ kind: 'object', cache: cache.name, address }),
          slab: (pfn) => {
            host.select({ kind: 'frame', pfn });
            host.open('physical');
          },
          page: (step) => this.turnTo(Math.max(0, slabs.start + step * SLABS)),
        },
      ),
    );
    host.moved();
  }

  litPlaces(): readonly LitPlace[] {
    return this.trays.places('[data-lit]', 'lit');
  }

  resize(): void {
    this.draw();
  }

  themeChanged(): void {
    this.draw();
  }

  text(): string {
    return `${this.shelves.text()}\n\n${this.trays.text()}`;
  }

  svg(): string {
    return svgOf([this.shelves, this.trays], this.host.palette);
  }

  dispose(): void {
    this.root.remove();
  }
}

const usedBy = (body: CachesBody | undefined): ReadonlyMap<string, number> =>
  new Map((body?.caches ?? []).map(({ address, used }) => [address, used]));

const objectsBy = (body: SlabsBody | undefined): SlabsBefore =>
  new Map((body?.slabs ?? []).map(({ pfn, objects }) => [pfn, bytesOf(objects)]));
