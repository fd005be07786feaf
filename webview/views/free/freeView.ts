/**
 * The free lists alive: what is asked at each stop, what changed since the one before, which list is open, and the newest request
 * on the watermarks of each zone.
 */
import type {
  AttemptBody,
  FreeAreasBody,
  FreeBlocksBody,
} from '../../../src/engine/view/atlas/freeAreas.js';
import { Board } from '../../board/board.js';
import { svgOf } from '../../board/export.js';
import { NO_SCENE } from '../../board/scene.js';
import { element } from '../../dom.js';
import type { Lit, LitPlace, Update, View, ViewHost } from '../../shell/view.js';
import { runBeads } from './beads.js';
import { paintList } from './listScene.js';
import { listKey, paintZones, shortType, type ListName } from './zoneScene.js';

const SIDE_WIDTH = 260;
/** Blocks that are asked for at a time. */
const BLOCKS = 240;

interface OpenList {
  readonly name: ListName;
  blocks: FreeBlocksBody | undefined;
}

export class FreeView implements View {
  readonly root = element('div', {});
  private readonly zones: Board;
  private readonly list: Board;
  private now: FreeAreasBody | undefined;
  private before: FreeAreasBody | undefined;
  /** `before` is the time that the user compares with. */
  private isCompared = false;
  private attempt: AttemptBody | undefined;
  /** Rows come and stay: the picture does not jump. */
  private readonly types = new Set<number>();
  private open: OpenList | undefined;
  private lit: Lit | undefined;
  private asked = 0;
  private stop = -1;
  private standsStill = false;

  constructor(private readonly host: ViewHost) {
    this.zones = new Board('Free lists by zone, order and migratetype', () => host.palette, {
      watch: () => host.stopOnChange,
      escape: () => this.selectFrame(undefined),
    });
    this.list = new Board('Blocks of one free list, in list order', () => host.palette, {
      watch: () => host.stopOnChange,
      escape: () => this.close(),
    });
    this.list.root.classList.add('side');
    this.list.root.hidden = true;
    this.root.append(this.zones.root, this.list.root);
  }

  show(update: Update): void {
    this.standsStill = update.machine.kind?.standsStill === true;
    if (update.isOther) {
      this.now = this.before = this.attempt = this.open = undefined;
      this.types.clear();
      this.stop = -1;
    }
    void this.ask(update);
  }

  private async ask({ session, comparedWith: at }: Update): Promise<void> {
    const asked = ++this.asked;
    try {
      const [now, then, { attempt }] = await Promise.all([
        this.host.request('mmscope/freeAreas', {}),
        at === undefined ? undefined : this.host.request('mmscope/freeAreas', { at }),
        this.host.request('mmscope/attempt'),
      ]);
      if (asked !== this.asked) return;
      if (session.stop !== this.stop) this.before = this.now;
      if (then !== undefined) this.before = then;
      this.isCompared = at !== undefined;
      const isNewStop = session.stop !== this.stop;
      this.stop = session.stop;
      this.now = now;
      this.attempt = attempt;
      this.addTypes(now);
      const scene = this.draw();
      if (isNewStop && this.before !== undefined && scene !== undefined && !this.host.reducedMotion)
        runBeads(this.zones.root, scene.beads, this.host.palette.changed);
      if (isNewStop) this.zones.follow();
      await this.askBlocks(BLOCKS);
    } catch {
      return; // Running or gone: the old picture stays.
    }
  }

  /** Types that every zone has, and what has been seen with a block. */
  private addTypes({ zones, migratetypes }: FreeAreasBody): void {
    for (const name of ['MIGRATE_UNMOVABLE', 'MIGRATE_MOVABLE', 'MIGRATE_RECLAIMABLE'])
      this.types.add(migratetypes.indexOf(name));
    for (const { orders } of zones)
      for (const { counts } of orders)
        counts.forEach((count, type) => count > 0 && this.types.add(type));
  }

  private draw() {
    const { now, host, root } = this;
    this.list.root.hidden = this.open === undefined;
    if (now === undefined || root.clientWidth === 0) return undefined;
    const side = this.open === undefined ? 0 : SIDE_WIDTH;
    const scene = paintZones(
      {
        now,
        before: this.before,
        since: this.isCompared ? 'A' : 'the last stop',
        attempt: this.attempt,
        standsStill: this.standsStill,
        types: [...this.types].sort((a, b) => a - b),
        lit: this.litLists(now),
        open: this.open && listKey(this.open.name),
      },
      host.palette,
      root.clientWidth - side - 12,
      (name) => this.openList(name),
    );
    this.zones.show(scene);
    this.drawList();
    host.moved();
    return scene;
  }

  private drawList(): void {
    const { open, now } = this;
    if (open?.blocks === undefined || now === undefined) {
      this.list.show(NO_SCENE);
      return;
    }
    const { blocks } = open;
    const scene = paintList(
      { title: this.titleOf(open.name, now), blocks, lit: this.lit?.located?.pfn ?? this.litFrame },
      this.host.palette,
      SIDE_WIDTH - 14,
      {
        block: (pfn) => this.selectFrame(pfn),
        more: () => void this.askBlocks(blocks.pfns.length + BLOCKS),
        close: () => this.close(),
      },
    );
    this.list.show(scene);
    this.host.moved();
  }

  /** The selected block in its list, else its list. */
  litPlaces(): readonly LitPlace[] {
    const blocks = this.list.places('[data-lit]', 'lit');
    return blocks.length > 0 ? blocks : this.zones.places('[data-lit]', 'lit');
  }

  private titleOf(name: ListName, { zones, migratetypes }: FreeAreasBody): string {
    const zone = zones.find(({ index }) => index === name.zone);
    if (!('cpu' in name))
      return `${zone?.name ?? ''}, order ${name.order}, ${shortType(migratetypes[name.migratetype] ?? '')}`;
    const list = zone?.cpus[name.cpu]?.lists.find(({ pindex }) => pindex === name.pindex);
    return `${zone?.name ?? ''}, CPU ${name.cpu}, order ${list?.order ?? '?'}`;
  }

  private openList(name: ListName): void {
    this.open = { name, blocks: undefined };
    const { now } = this;
    const zone = now?.zones.find(({ index }) => index === name.zone);
    if (!('cpu' in name) && now !== undefined && zone !== undefined) {
      const migratetype = now.migratetypes[name.migratetype] ?? '';
      this.host.select({ kind: 'area', zone: zone.name, order: name.order, migratetype });
    }
    this.draw();
    void this.askBlocks(BLOCKS);
  }

  private close(): void {
    this.open = undefined;
    this.draw();
    this.zones.root.focus();
  }

  private async askBlocks(count: number): Promise<void> {
    const { open } = this;
    if (open === undefined) return;
    try {
      const blocks = await this.host.request('mmscope/freeBlocks', {
        ...open.name,
        start: 0,
        count,
      });
      if (open !== this.open) return;
      open.blocks = blocks;
      this.drawList();
    } catch {
      return;
    }
  }

  private selectFrame(pfn: number | undefined): void {
    this.host.select(pfn === undefined ? undefined : { kind: 'frame', pfn });
  }

  private get litFrame(): number | undefined {
    const selection = this.lit?.selection;
    return selection?.kind === 'frame' ? selection.pfn : undefined;
  }

  private litLists({ zones, migratetypes }: FreeAreasBody): ReadonlySet<string> {
    const { selection, located } = this.lit ?? {};
    const area = located?.area ?? (selection?.kind === 'area' ? selection : undefined);
    const zone = zones.find(({ name }) => name === area?.zone);
    if (area === undefined || zone === undefined) return new Set();
    const migratetype = migratetypes.indexOf(area.migratetype);
    return new Set([listKey({ zone: zone.index, order: area.order, migratetype })]);
  }

  select(lit: Lit | undefined): void {
    this.lit = lit;
    this.draw();
  }

  resize(): void {
    this.draw();
  }

  themeChanged(): void {
    this.draw();
  }

  text(): string {
    return [this.zones.text(), this.list.text()].filter((text) => text !== '').join('\n\n');
  }

  svg(): string {
    return svgOf([this.zones, this.list], this.host.palette);
  }

  dispose(): void {
    this.root.remove();
  }
}
