/** All zones one below the other: gauge, the matrix order x migratetype, the CPUs' lists. */
import type {
  AttemptBody,
  CpuListsBody,
  FreeAreasBody,
  ZoneBody,
} from '../../../src/engine/view/atlas/freeAreas.js';
import { counted } from '../../../src/engine/view/counted.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import { Painter } from '../../board/painter.js';
import type { Box, Item, Row, Scene } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, countText } from '../../text.js';
import { listDeltas, sameZone, type Move } from './deltas.js';
import { lookAt, paintGauge, type Look } from './gauge.js';

/** A list of a zone, or of a CPU. */
export type ListName =
  | { readonly zone: number; readonly order: number; readonly migratetype: number }
  | { readonly zone: number; readonly cpu: number; readonly pindex: number };

export const listKey = (name: ListName): string =>
  'cpu' in name
    ? `${name.zone}/cpu${name.cpu}/${name.pindex}`
    : `${name.zone}/${name.order}/${name.migratetype}`;

export interface FreeModel {
  readonly now: FreeAreasBody;
  readonly before: FreeAreasBody | undefined;
  /** What `before` is: `the last stop`. */
  readonly since: string;
  readonly attempt: AttemptBody | undefined;
  /** Nothing ever happens: a dump. */
  readonly standsStill: boolean;
  /** Migratetypes that have a row. */
  readonly types: readonly number[];
  /** Keys of lists that are lit. */
  readonly lit: ReadonlySet<string>;
  readonly open: string | undefined;
}

/** Where a bead runs: from order to order in one row. */
export interface Bead {
  readonly from: Box;
  readonly to: readonly Box[];
}

export interface FreeScene extends Scene {
  readonly beads: readonly Bead[];
}

const MARGIN = 14;
const LABEL = 108;
const CELL_HEIGHT = 32;
const HEADER = 34;
const CPU_WIDTH = 220;
const PAGE_BYTES = 4096;

export function paintZones(
  model: FreeModel,
  palette: Palette,
  width: number,
  press: (name: ListName) => void,
): FreeScene {
  const painter = new Painter(palette, 'free');
  const scene = new ZonePainter(painter, model, Math.max(width, 520), press);
  return scene.paint();
}

class ZonePainter {
  private readonly rows: Row[] = [];
  private readonly beads: Bead[] = [];
  private y = MARGIN;
  private readonly cpusBeside: boolean;
  private readonly cell: number;
  private readonly most: number;

  constructor(
    private readonly painter: Painter,
    private readonly model: FreeModel,
    private readonly width: number,
    private readonly press: (name: ListName) => void,
  ) {
    const { nrOrders, zones } = model.now;
    const inner = width - 2 * MARGIN;
    this.cpusBeside = inner - LABEL - CPU_WIDTH - 24 >= nrOrders * 46;
    const room = inner - LABEL - (this.cpusBeside ? CPU_WIDTH + 24 : 0);
    this.cell = Math.max(32, Math.min(76, room / nrOrders));
    const counts = zones.flatMap(({ orders }) => orders.flatMap((order) => order.counts));
    this.most = Math.max(1, ...counts);
  }

  paint(): FreeScene {
    this.headline();
    for (const zone of this.model.now.zones) this.zone(zone);
    return {
      width: this.width,
      height: this.y,
      nodes: this.painter.nodes,
      rows: this.rows,
      beads: this.beads,
    };
  }

  private headline(): void {
    const { painter, model } = this;
    const { palette } = painter;
    const { attempt } = model;
    const width = this.width - 2 * MARGIN;
    if (attempt === undefined) {
      // Of a dump nobody knows its newest request.
      if (model.standsStill) return;
      painter.text(MARGIN, this.y + 12, 'Nothing has been requested so far.', {
        color: palette.muted,
      });
      this.y += 30;
      return;
    }
    const color = attempt.failed ? palette.error : palette.foreground;
    const label = attempt.failed ? 'Refused' : 'Given';
    painter.text(MARGIN, this.y + 12, `${label}: ${attempt.text}`, {
      bold: true,
      color,
      maxWidth: width,
      data: { headline: label },
    });
    painter.text(MARGIN, this.y + 30, attempt.sentence, { color: palette.muted, maxWidth: width });
    const box = { x: MARGIN, y: this.y, width, height: 36 };
    this.rows.push([
      { key: 'attempt', label: `${label}: ${attempt.text}\n${attempt.sentence}`, box },
    ]);
    this.y += 50;
  }

  private zone(zone: ZoneBody): void {
    const { painter, model } = this;
    const { palette } = painter;
    const inner = this.width - 2 * MARGIN;
    const look = lookAt(model.attempt, zone);
    painter.line(MARGIN, this.y, MARGIN + inner, this.y, {
      color: painter.tint(palette.foreground, 0.2),
    });
    this.y += 22;
    const title = `Zone ${zone.name}`;
    painter.text(MARGIN, this.y, title, { bold: true, size: 13 });
    const behind = MARGIN + Math.max(LABEL, painter.widthOf(title, { bold: true, size: 13 }) + 14);
    const free = `${countText(zone.freePages)} of ${counted(countText(zone.managedPages), 'page')} free`;
    const asked = look === undefined ? '' : look.gave ? ' · gave the block' : ' · was asked';
    painter.text(behind, this.y, free + asked, { color: palette.muted });
    const scale = 'the bar is logarithmic';
    const wide = painter.widthOf(scale, { size: 10.5 });
    if (behind + painter.widthOf(free + asked) + 24 + wide < MARGIN + inner)
      painter.text(MARGIN + inner, this.y, scale, {
        anchor: 'end',
        size: 10.5,
        color: palette.muted,
      });
    this.y += 8;
    const gauge = paintGauge(painter, zone, look, { x: MARGIN, y: this.y, width: inner });
    this.rows.push(...gauge.rows);
    this.y += gauge.height + 6;
    const top = this.y;
    this.matrix(zone, look);
    const bottom = this.y;
    if (this.cpusBeside) {
      this.y = top;
      this.cpus(zone, this.width - MARGIN - CPU_WIDTH);
      this.y = Math.max(this.y, bottom);
    } else this.cpus(zone, MARGIN);
    this.y += 18;
  }

  private matrix(zone: ZoneBody, look: Look | undefined): void {
    const { painter, model, cell } = this;
    const { palette } = painter;
    const left = MARGIN + LABEL;
    zone.orders.forEach(({ order }) => {
      // Above its numbers, which end there, too.
      const x = left + (order + 1) * cell - 8;
      painter.text(x, this.y + 12, `${order}`, { anchor: 'end', bold: true });
      if (look !== undefined && order === model.attempt?.order)
        painter.line(x - 24, this.y + 29, x, this.y + 29, {
          color: palette.foreground,
          width: 2,
        });
      const bytes = bytesText(PAGE_BYTES * 2 ** order);
      const fits = painter.widthOf(bytes, { size: 10.5 }) <= cell - 8;
      const size = fits ? bytes : bytes.replace(/ (.)iB/, '$1');
      painter.text(x, this.y + 25, size, { anchor: 'end', size: 10.5, color: palette.muted });
    });
    painter.text(MARGIN, this.y + 12, 'order', { color: palette.muted });
    painter.text(MARGIN, this.y + 25, 'block size', { size: 10.5, color: palette.muted });
    this.y += HEADER;
    const before = sameZone(model.before, zone);
    for (const type of model.types) this.typeRow(zone, type, before, look);
    painter.text(MARGIN, this.y + 14, 'nr_free', { mono: true, size: 11, color: palette.muted });
    zone.orders.forEach(({ order, nrFree }) =>
      painter.text(left + (order + 1) * cell - 8, this.y + 14, countText(nrFree), {
        anchor: 'end',
        size: 11,
        color: palette.muted,
        data: { nrfree: `${zone.index}/${order}`, count: nrFree },
      }),
    );
    this.y += 26;
  }

  private typeRow(
    zone: ZoneBody,
    type: number,
    before: ZoneBody | undefined,
    look: Look | undefined,
  ): void {
    const { painter, model, cell } = this;
    const name = model.now.migratetypes[type] ?? '';
    const label = shortType(name);
    const deltas = before && listDeltas(before, zone, type);
    painter.text(MARGIN, this.y + 19, label, { maxWidth: LABEL - 8 });
    const boxes = zone.orders.map(({ order }) => ({
      x: MARGIN + LABEL + order * cell,
      y: this.y,
      width: cell,
      height: CELL_HEIGHT,
    }));
    const items = zone.orders.map((order, i): Item => {
      const count = order.counts[type] ?? 0;
      const box = boxes[i] ?? { x: 0, y: 0, width: 0, height: 0 };
      const list: ListName = { zone: zone.index, order: order.order, migratetype: type };
      const delta = deltas?.byOrder[order.order] ?? 0;
      const why = this.unusable(look, order.order, type);
      this.count(list, box, {
        why,
        count,
        capped: order.capped,
        delta,
        color: this.colorOf(name),
      });
      const blocks = counted(countText(count), 'block');
      const change = delta === 0 ? '' : `, ${signed(delta)} since ${model.since}`;
      return {
        key: listKey(list),
        label: `Zone ${zone.name}, order ${order.order}, ${name}: ${blocks}${change}${
          why === undefined ? '' : `\nnot for the newest request: ${why}`
        }`,
        box,
        selected: model.lit.has(listKey(list)) || model.open === listKey(list),
        press: () => this.press(list),
        watch: {
          add: `((struct zone *)${zone.address})->free_area[${order.order}].free_list[${type}]`,
        },
      };
    });
    this.rows.push(items);
    if (deltas?.move !== undefined) this.move(deltas.move, boxes);
    this.y += CELL_HEIGHT;
  }

  private count(list: ListName, box: Box, { count, capped, delta, color, why }: CountLook): void {
    const { painter, model } = this;
    const { palette } = painter;
    const key = listKey(list);
    const inner = { x: box.x + 2, y: box.y + 2, width: box.width - 4, height: box.height - 4 };
    const lit = model.lit.has(key) || model.open === key;
    painter.rect(inner, {
      fill: painter.tint(palette.foreground, 0.045),
      radius: 3,
      ...(lit && { stroke: palette.focus, strokeWidth: 2 }),
      data: { list: key, count, ...(model.lit.has(key) && { lit: key }) },
    });
    if (why !== undefined)
      painter.rect(inner, {
        fill: painter.hatch(palette.muted),
        opacity: 0.5,
        data: { unusable: key },
      });
    if (delta !== 0)
      painter.rect(inner, {
        radius: 3,
        stroke: palette.changed,
        strokeWidth: 1.5,
        ...(delta < 0 && { dash: '3 2' }),
        data: { changed: key, delta },
      });
    const ink = count === 0 ? palette.muted : palette.foreground;
    const text = `${capped && count >= 1 ? '\u2265' : ''}${countText(count)}`;
    painter.text(box.x + box.width - 8, box.y + 17, text, {
      anchor: 'end',
      color: ink,
      bold: count > 0,
      ...(count === 0 && { size: 11 }),
      maxWidth: box.width - 12,
    });
    if (delta !== 0)
      painter.text(box.x + 6, box.y + 17, signed(delta), {
        size: 10.5,
        color: palette.changed,
        bold: true,
      });
    const share = Math.log2(1 + count) / Math.log2(1 + this.most);
    if (count > 0)
      painter.rect(
        {
          x: inner.x + 4,
          y: inner.y + inner.height - 7,
          width: (inner.width - 8) * share,
          height: 4,
        },
        { fill: color, radius: 2, data: { bar: key } },
      );
  }

  /** A line from the order that a block left to those that it became, above the row's numbers. */
  private move({ kind, from, to }: Move, boxes: readonly Box[]): void {
    const { painter } = this;
    const color = painter.palette.changed;
    const start = boxes[from];
    const ends = to.flatMap((order) => boxes[order] ?? []);
    const [first] = ends;
    if (start === undefined || first === undefined) return;
    const y = start.y + 1;
    const middle = ({ x, width }: Box): number => x + width / 2;
    painter.line(middle(first), y, middle(start), y, { color, width: 1.5 });
    const tips = kind === 'split' ? ends : [start];
    for (const box of tips) painter.arrowHead(middle(box), y + 6, 90, color);
    for (const box of [start, ...ends])
      painter.line(middle(box), y, middle(box), y + 3, { color, width: 1.5 });
    painter.rect(
      { x: middle(first), y, width: middle(start) - middle(first), height: 1 },
      { data: { move: kind, from, to: to.join(',') } },
    );
    this.beads.push(
      kind === 'split' ? { from: start, to: [...ends].reverse() } : { from: first, to: [start] },
    );
  }

  private cpus(zone: ZoneBody, x: number): void {
    const { painter } = this;
    const width = this.cpusBeside ? CPU_WIDTH : this.width - 2 * MARGIN;
    for (const lists of zone.cpus) this.cpu(zone, lists, x, width);
    if (zone.cpus.length === 0) painter.text(x, this.y + 12, 'no CPU lists');
  }

  private cpu(
    zone: ZoneBody,
    { cpu, address, count, high, batch, lists }: CpuListsBody,
    x: number,
    width: number,
  ): void {
    const { painter, model } = this;
    const { palette } = painter;
    const color = this.kind('perCpu');
    painter.text(x, this.y + 12, `CPU ${cpu}: ${counted(countText(count), 'page')}`, {
      bold: true,
    });
    const bounds = `high ${countText(high)} · batch ${countText(batch)}`;
    painter.text(x, this.y + 26, bounds, { size: 11, color: palette.muted });
    this.y += 14;
    const most = Math.max(high, count, 1);
    const bar = { x, y: this.y + 18, width, height: 6 };
    painter.rect(bar, { fill: painter.tint(palette.foreground, 0.1), radius: 3 });
    painter.rect({ ...bar, width: (width * count) / most }, { fill: color, radius: 3 });
    const highX = x + (width * high) / most;
    painter.line(highX, bar.y - 2, highX, bar.y + 8, { color: palette.foreground, width: 1.5 });
    this.y += 32;
    const items = lists.map(({ pindex, order, migratetype, nrBlocks }, i): Item => {
      const list: ListName = { zone: zone.index, cpu, pindex };
      const key = listKey(list);
      const box = { x, y: this.y + i * 20, width, height: 20 };
      const lit = model.open === key || model.lit.has(key);
      if (lit) painter.rect(box, { stroke: palette.focus, strokeWidth: 2, radius: 3 });
      const type = migratetype === undefined ? 'other types' : shortType(migratetype);
      painter.text(x + 6, box.y + 14, `order ${order} ${type}`, {
        size: 11.5,
        maxWidth: width - 60,
      });
      painter.text(x + width - 6, box.y + 14, countText(nrBlocks), {
        anchor: 'end',
        size: 11.5,
        bold: true,
        data: { list: key, count: nrBlocks },
      });
      return {
        key,
        label: `Zone ${zone.name}, CPU ${cpu}, order ${order}, ${type}: ${counted(countText(nrBlocks), 'block')}`,
        box,
        selected: lit,
        press: () => this.press(list),
        watch: { add: `((struct per_cpu_pages *)${address})->lists[${pindex}]` },
      };
    });
    if (lists.length === 0) {
      painter.text(x + 6, this.y + 14, 'all lists are empty', { size: 11.5, color: palette.muted });
      this.y += 20;
    }
    for (const item of items) this.rows.push([item]);
    this.y += lists.length * 20 + 8;
  }

  /** Why the newest request, which looked at the zone, could not take a block that is large enough. */
  private unusable(look: Look | undefined, order: number, type: number): string | undefined {
    const { attempt } = this.model;
    if (look === undefined || attempt === undefined || order < attempt.order) return undefined;
    const list = look.lists.find((each) => each.order === order);
    return list?.types.find(({ migratetype }) => migratetype === type)?.unusable;
  }

  private kind(name: PageKindName): Rgb {
    const { kinds, foreground } = this.painter.palette;
    return kinds[pageKindCode(name)] ?? foreground;
  }

  /** As on the map of physical memory: what CMA and isolation have is of another colour. */
  private colorOf(migratetype: string): Rgb {
    if (migratetype === 'MIGRATE_CMA') return this.kind('freeCma');
    if (migratetype === 'MIGRATE_ISOLATE') return this.kind('freeIsolated');
    return this.kind('free');
  }
}

interface CountLook {
  /** Why the newest request could not use the list. */
  readonly why: string | undefined;
  readonly count: number;
  readonly capped: boolean;
  readonly delta: number;
  readonly color: Rgb;
}

const signed = (delta: number): string =>
  delta > 0 ? `+${countText(delta)}` : `\u2212${countText(-delta)}`;

/** `Movable` */
export function shortType(name: string): string {
  const bare = name.replace('MIGRATE_', '');
  return bare === 'CMA' ? bare : bare.charAt(0) + bare.slice(1).toLowerCase();
}
