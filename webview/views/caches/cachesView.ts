/** The slab allocator: caches at the left, the slabs of the one that is open at the right, as many as are shown. */
import type { CacheBody, CachesBody, SlabsBody } from '../../../src/engine/view/atlas/caches.js';
import { Board } from '../../board/board.js';
import { svgOf } from '../../board/export.js';
import { textField } from '../../controls.js';
import { element } from '../../dom.js';
import type { Lit, Update, View, ViewHost } from '../../shell/view.js';
import { paintShelves } from './shelfScene.js';
import { paintTrays } from './trayScene.js';

/** Slabs that are asked for at a time. */
const SLABS = 24;
const MOST_SLABS = 256;

export class CachesView implements View {
  readonly root = element('div', {});
  private readonly shelves: Board;
  private readonly trays: Board;
  private body: CachesBody | undefined;
  private slabs: SlabsBody | undefined;
  private before: ReadonlyMap<string, number> = new Map();
  /** Address of the cache that is open. */
  private open: string | undefined;
  private nrSlabs = SLABS;
  private filter = '';
  private lit: Lit | undefined;
  private stop = -1;
  private asked = 0;
  private askedSlabs = 0;

  constructor(private readonly host: ViewHost) {
    const palette = () => host.palette;
    const escape = (): void => host.select(undefined);
    this.shelves = new Board('Caches', palette, { escape });
    this.trays = new Board('Slabs of the cache', palette, { escape });
    this.shelves.root.classList.add('shelves');
    const field = textField('Show caches whose name has', 'Part of a name, then Enter', (text) => {
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

  show({ isOther, session }: Update): void {
    if (isOther) {
      this.body = this.slabs = this.open = undefined;
      this.before = new Map();
      this.nrSlabs = SLABS;
      this.stop = -1;
    }
    void this.ask(session.stop);
  }

  private async ask(stop: number): Promise<void> {
    const asked = ++this.asked;
    try {
      const body = await this.host.request('mmscope/caches');
      if (asked !== this.asked) return;
      if (stop !== this.stop)
        this.before = new Map(
          (this.body?.caches ?? []).map(({ address, used }) => [address, used]),
        );
      this.stop = stop;
      this.body = body;
      this.open ??= this.firstShown(body)?.address;
      this.draw();
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
    const { open } = this;
    if (open === undefined) return;
    try {
      const count = Math.min(this.nrSlabs, MOST_SLABS);
      const slabs = await this.host.request('mmscope/slabs', { cache: open, start: 0, count });
      if (asked !== this.askedSlabs) return;
      this.slabs = slabs;
      this.draw();
    } catch {
      return;
    }
  }

  select(lit: Lit | undefined): void {
    this.lit = lit;
    const name = this.litCache;
    const cache = this.body?.caches.find((each) => each.name === name);
    if (cache !== undefined && cache.address !== this.open) this.openCache(cache);
    else this.draw();
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
    this.nrSlabs = SLABS;
    this.slabs = undefined;
    this.draw();
    void this.askSlabs();
  }

  private draw(): void {
    const { body, slabs, host, root } = this;
    if (body === undefined || root.clientWidth === 0) return;
    const { palette } = host;
    const { before, open, filter, litCache: lit } = this;
    const width = this.shelves.root.clientWidth - 14;
    this.shelves.show(
      paintShelves({ body, before, open, lit, filter }, palette, width, (cache) =>
        this.openCache(cache),
      ),
    );
    const cache = body.caches.find(({ address }) => address === open);
    if (cache === undefined || slabs === undefined || slabs.cache !== open) return;
    this.trays.show(
      paintTrays(
        { cache, body: slabs, lit: this.litObject },
        palette,
        this.trays.root.clientWidth - 14,
        {
          object: (address) => host.select({ kind: 'object', cache: cache.name, address }),
          slab: (pfn) => {
            host.select({ kind: 'frame', pfn });
            host.open('physical');
          },
          more: () => {
            this.nrSlabs += 4 * SLABS;
            void this.askSlabs();
          },
        },
      ),
    );
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
