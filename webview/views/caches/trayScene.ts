/**
 * The slabs of one cache as trays, in the order in which an allocation looks at them, their objects as slots: used, free, free on a
 * CPU's list. Arrows lead along the freelist from the object that is given next. Above them one object's place, byte by byte.
 */
import {
  OBJECT_STATES,
  type CacheBody,
  type ChainBody,
  type SlabBody,
  type SlabsBody,
} from '../../../src/engine/view/atlas/caches.js';
import { counted } from '../../../src/engine/view/counted.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import { paintPager } from '../../board/pager.js';
import { Painter } from '../../board/painter.js';
import type { Box, Item, Row, Scene } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { bytesOf, countText, hexPfn } from '../../text.js';
import { paintLayout, hasFreePointerInside } from './objectLayout.js';

export interface TrayModel {
  readonly cache: CacheBody;
  readonly body: SlabsBody;
  /** Objects of slabs as they were, by first pfn; of other slabs nothing is known. */
  readonly before: ReadonlyMap<number, Uint8Array>;
  /** Address of the object of the selection. */
  readonly lit: string | undefined;
}

export interface TrayPresses {
  readonly object: (address: string) => void;
  readonly slab: (pfn: number) => void;
  /** The page of slabs in front of this one, or behind it. */
  readonly page: (step: 1 | -1) => void;
}

const MARGIN = 14;
const GAP = 3;
/** Freelist arrows that are drawn in a slab. */
const MOST_ARROWS = 12;
const STUB_PX = 11;

export function paintTrays(
  model: TrayModel,
  palette: Palette,
  width: number,
  press: TrayPresses,
): Scene {
  return new TrayPainter(model, new Painter(palette, 'trays'), Math.max(width, 320), press).paint();
}

class TrayPainter {
  private readonly rows: Row[] = [];
  private readonly slabColor: Rgb;
  private readonly hasRedZones: boolean;
  private y = MARGIN;

  constructor(
    private readonly model: TrayModel,
    private readonly painter: Painter,
    private readonly width: number,
    private readonly press: TrayPresses,
  ) {
    this.slabColor = this.kind('slab');
    this.hasRedZones = model.body.layout.some(({ kind }) => kind === 'redzone');
  }

  paint(): Scene {
    this.header();
    this.layout();
    this.legend();
    const { places, slabs, total, start } = this.model.body;
    if (slabs.length < total) {
      const page = { what: 'Slabs', start, shown: slabs.length, total };
      const room = { x: MARGIN, y: this.y, width: this.width - 2 * MARGIN };
      const pager = paintPager(this.painter, page, room, this.press.page);
      this.rows.push(...pager.rows);
      this.y = pager.bottom;
    }
    places.forEach(({ name, nrSlabs }, place) => {
      const here = slabs.filter((slab) => slab.place === place);
      if (nrSlabs === 0 && !name.endsWith(': slab')) return;
      this.placeTitle(name, nrSlabs);
      for (const slab of here) this.tray(slab);
    });
    this.missing();
    return {
      width: this.width,
      height: this.y + MARGIN,
      nodes: this.painter.nodes,
      rows: this.rows,
    };
  }

  /** Slabs that are counted and cannot be drawn. */
  private missing(): void {
    const { nrMissing = 0 } = this.model.body;
    if (nrMissing === 0) return;
    const slabs = nrMissing === 1 ? '1 slab is' : `${countText(nrMissing)} slabs are`;
    this.painter.text(
      MARGIN,
      this.y + 19,
      `${slabs} not here: that part of the memory map is not in the dump`,
      { color: this.painter.palette.muted, data: { missing: nrMissing } },
    );
    this.y += 28;
  }

  private header(): void {
    const { painter, model } = this;
    const { cache } = model;
    const { palette } = painter;
    painter.text(MARGIN, this.y + 14, cache.name, {
      bold: true,
      size: 14,
      data: { open: cache.name },
    });
    const x = MARGIN + painter.widthOf(cache.name, { bold: true, size: 14 }) + 12;
    const use = `${countText(cache.used)} of ${counted(countText(cache.total), 'object')} in use`;
    const slabs = `${counted(countText(cache.nrSlabs), 'slab')} of order ${cache.order}, ${counted(cache.objectsPerSlab, 'object')} each`;
    const facts = `${use} \u00b7 ${slabs}`;
    const muted = { color: palette.muted };
    if (x + painter.widthOf(facts) <= this.width - MARGIN)
      painter.text(x, this.y + 14, facts, muted);
    else {
      const maxWidth = this.width - 2 * MARGIN;
      painter.text(x, this.y + 14, use, { ...muted, maxWidth: this.width - x - MARGIN });
      painter.text(MARGIN, this.y + 31, slabs, { ...muted, maxWidth });
      this.y += 17;
    }
    this.y += 28;
  }

  private layout(): void {
    const { painter, model } = this;
    const room = { x: MARGIN, y: this.y, width: this.width - 2 * MARGIN };
    const { items, bottom } = paintLayout(painter, model.cache, model.body.layout, room);
    this.rows.push(items);
    this.y = bottom;
  }

  private legend(): void {
    const { painter } = this;
    const { palette } = painter;
    let x = MARGIN;
    const put = (text: string, paint: (box: Box) => void): void => {
      const wide = 19 + painter.widthOf(text, { size: 10.5 });
      if (x > MARGIN && x + wide > this.width - MARGIN) {
        x = MARGIN;
        this.y += 18;
      }
      paint({ x, y: this.y, width: 13, height: 13 });
      painter.text(x + 19, this.y + 11, text, { size: 10.5, color: palette.muted });
      x += wide + 14;
    };
    const slot =
      (state: number, look: { red?: boolean; first?: boolean } = {}) =>
      (box: Box): void => {
        const { first: isFirst = false, red: hasRed = false } = look;
        this.slot(box, state, { isFirst, hasRed, isLit: false });
      };
    put('used', slot(OBJECT_STATES.used));
    put('free', slot(OBJECT_STATES.free));
    put('free, on a CPU\u2019s list', slot(OBJECT_STATES.kept));
    put('given next', slot(OBJECT_STATES.kept, { first: true }));
    if (this.hasRedZones) put('between red zones', slot(OBJECT_STATES.used, { red: true }));
    if (hasFreePointerInside(this.model.body.layout))
      put('free pointer, in free objects', ({ x: left, y: top }) =>
        painter.rect(
          { x: left, y: top + 4, width: 13, height: 6 },
          { fill: this.kind('free'), radius: 2 },
        ),
      );
    this.y += 24;
  }

  private placeTitle(name: string, nrSlabs: number): void {
    const { painter } = this;
    const { palette } = painter;
    painter.line(MARGIN, this.y + 2, this.width - MARGIN, this.y + 2, {
      color: painter.tint(palette.foreground, 0.18),
    });
    painter.text(MARGIN, this.y + 19, name, { bold: true, data: { place: name, slabs: nrSlabs } });
    const count = nrSlabs === 0 ? 'none' : counted(countText(nrSlabs), 'slab');
    painter.text(MARGIN + painter.widthOf(name, { bold: true }) + 10, this.y + 19, count, {
      color: palette.muted,
    });
    this.y += 28;
  }

  private tray(slab: SlabBody): void {
    const { painter, model, press } = this;
    const { palette } = painter;
    const objects = bytesOf(slab.objects);
    const old = model.before.get(slab.pfn);
    const left = MARGIN + 112;
    const inner = this.width - MARGIN - left - 10;
    const size = slotSize(objects.length);
    const mostPerRow = Math.max(1, Math.floor(inner / (size + GAP)));
    const nrRows = Math.max(1, Math.ceil(objects.length / mostPerRow));
    // Rows of one length: 64 objects are twice 32, and slabs can be compared column by column.
    const perRow = Math.max(1, Math.ceil(objects.length / nrRows));
    const height = Math.max(40, nrRows * (size + GAP) + 12);
    const tray = { x: MARGIN, y: this.y, width: this.width - 2 * MARGIN, height };
    painter.rect(tray, {
      fill: painter.tint(palette.foreground, 0.035),
      stroke: painter.tint(palette.foreground, 0.16),
      radius: 4,
      data: { slab: slab.pfn, objects: objects.length },
    });
    const used = objects.filter((state) => state === OBJECT_STATES.used).length;
    painter.text(tray.x + 8, tray.y + 17, `pfn ${hexPfn(slab.pfn)}`, { mono: true, size: 11.5 });
    painter.text(tray.x + 8, tray.y + 32, `${used} of ${objects.length} used`, {
      size: 11,
      color: palette.muted,
    });
    const boxOf = (index: number): Box => ({
      x: left + (index % perRow) * (size + GAP),
      y: tray.y + 7 + Math.floor(index / perRow) * (size + GAP),
      width: size,
      height: size,
    });
    const firsts = new Set(slab.chains.map(({ objects: [first] }) => first));
    const addressOf = (index: number): string =>
      addressAfter(slab.firstObject, index * model.cache.sizeBytes);
    const slots = [...objects].map((state, index): Item => {
      const box = boxOf(index);
      const address = addressOf(index);
      const isLit = address === model.lit;
      const isFirst = firsts.has(index);
      const was =
        old !== undefined && isTaken(old[index]) !== isTaken(state) ? old[index] : undefined;
      this.slot(box, state, {
        isFirst,
        hasRed: this.hasRedZones,
        isLit,
        was,
        data: {
          object: address,
          state,
          ...(isLit && { lit: address }),
          ...(was !== undefined && { was }),
        },
      });
      const since = was === undefined ? '' : `; was ${isTaken(was) ? 'used' : 'free'}`;
      return {
        key: `object/${address}`,
        label: () => slotLabel(slab, state, index, address) + since,
        box,
        selected: isLit,
        press: () => press.object(address),
        watch: { address, bytes: Math.min(4096, model.cache.objectBytes) },
      };
    });
    for (const chain of slab.chains) this.arrows(chain, boxOf);
    this.rows.push([
      {
        key: `slab/${slab.pfn}`,
        label: () => trayLabel(slab, used, objects.length),
        box: { ...tray, width: 104 },
        press: () => press.slab(slab.pfn),
        watch: { add: `*(struct slab *)${slab.page}` },
      },
    ]);
    for (let at = 0; at < slots.length; at += perRow) this.rows.push(slots.slice(at, at + perRow));
    this.y += height + 6;
  }

  private slot(box: Box, state: number, look: SlotLook): void {
    const { painter, slabColor } = this;
    const { palette } = painter;
    const free = this.kind('free');
    const data = look.data === undefined ? {} : { data: look.data };
    if (state === OBJECT_STATES.used) painter.rect(box, { fill: slabColor, radius: 2, ...data });
    else if (state === OBJECT_STATES.unknown)
      painter.rect(box, { fill: painter.hatch(palette.muted), radius: 2, ...data });
    else {
      const kept = state === OBJECT_STATES.kept;
      const stroke = kept ? this.kind('perCpu') : free;
      painter.rect(
        {
          ...box,
          x: box.x + 0.75,
          y: box.y + 0.75,
          width: box.width - 1.5,
          height: box.height - 1.5,
        },
        {
          fill: painter.tint(stroke, 0.12),
          stroke,
          strokeWidth: 1.5,
          radius: 2,
          ...(kept && { dash: '3 1.5' }),
          ...data,
        },
      );
    }
    if (look.hasRed) {
      const red = this.kind('locked');
      painter.line(box.x - 1.5, box.y, box.x - 1.5, box.y + box.height, { color: red, width: 1.5 });
      painter.line(box.x + box.width + 1.5, box.y, box.x + box.width + 1.5, box.y + box.height, {
        color: red,
        width: 1.5,
      });
    }
    if (look.isFirst) {
      const [cx, cy, r] = [box.x + box.width / 2, box.y + box.height / 2, box.width * 0.24];
      painter.path(`M${cx - r} ${cy - r}l${2 * r} ${r}l${-2 * r} ${r}z`, {
        fill: palette.foreground,
      });
    }
    if (look.was !== undefined)
      painter.rect(
        { x: box.x - 1.5, y: box.y - 1.5, width: box.width + 3, height: box.height + 3 },
        { stroke: palette.changed, strokeWidth: 2, radius: 3 },
      );
    if (look.isLit)
      painter.rect(
        { x: box.x - 2, y: box.y - 2, width: box.width + 4, height: box.height + 4 },
        {
          stroke: palette.focus,
          strokeWidth: 2,
          radius: 3,
        },
      );
  }

  /** From each free object to the one that is given after it. */
  private arrows({ objects, keeper }: ChainBody, boxOf: (index: number) => Box): void {
    const { painter } = this;
    const color = keeper === undefined ? this.kind('free') : this.kind('perCpu');
    const centre = (index: number): readonly [number, number] => {
      const { x, y, width, height } = boxOf(index);
      return [x + width / 2, y + height / 2];
    };
    for (let i = 0; i + 1 < objects.length && i < MOST_ARROWS; i++) {
      const [x1, y1] = centre(objects[i] ?? 0);
      const [x2, y2] = centre(objects[i + 1] ?? 0);
      const next = `${objects[i] ?? ''}-${objects[i + 1] ?? ''}`;
      if (objects[i + 1] === (objects[i] ?? 0) + 1 && y2 > y1) {
        // Over the end of a row: a line across all of it would hide the others.
        painter.path(`M${x1} ${y1}h${STUB_PX}M${x2 - STUB_PX} ${y2}h${STUB_PX}`, {
          stroke: color,
          strokeWidth: 1.2,
          opacity: 0.9,
          data: { next },
        });
        painter.circle(x2, y2, 1.8, { fill: color });
        continue;
      }
      const lift = y1 === y2 ? Math.min(12, 4 + Math.abs(x2 - x1) / 12) : 0;
      painter.path(`M${x1} ${y1}Q${(x1 + x2) / 2} ${(y1 + y2) / 2 - 2 * lift} ${x2} ${y2}`, {
        stroke: color,
        strokeWidth: 1.2,
        opacity: 0.9,
        data: { next },
      });
      painter.circle(x2, y2, 1.8, { fill: color });
    }
  }

  private kind(name: PageKindName): Rgb {
    const { kinds, foreground } = this.painter.palette;
    return kinds[pageKindCode(name)] ?? foreground;
  }
}

/** Whether somebody has the object: on which list a free one lies is another question. */
const isTaken = (state: number | undefined): boolean => state === OBJECT_STATES.used;

/** The fewer objects, the larger a slot. */
const slotSize = (nrObjects: number): number =>
  nrObjects > 256 ? 9 : nrObjects > 64 ? 12 : nrObjects > 24 ? 16 : 22;

interface SlotLook {
  readonly isFirst: boolean;
  readonly hasRed: boolean;
  readonly isLit: boolean;
  /** Its state before, where it was another one. */
  readonly was?: number | undefined;
  readonly data?: Readonly<Record<string, string | number>>;
}

/** An address some bytes behind another. */
function addressAfter(address: string, bytes: number): string {
  const digits = address.length - 2;
  const value = BigInt.asUintN(digits * 4, BigInt(address) + BigInt(bytes));
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

function slotLabel(slab: SlabBody, state: number, index: number, address: string): string {
  const chain = slab.chains.find(({ objects }) => objects.includes(index));
  if (chain === undefined)
    return `object ${index} at ${address}: ${state === OBJECT_STATES.unknown ? 'cannot be read' : 'used'}`;
  const place = chain.objects.indexOf(index);
  const next = chain.objects[place + 1];
  const list = chain.keeper === undefined ? 'the slab\u2019s freelist' : chain.keeper;
  const order = place === 0 ? `the first of ${list}: given next` : `position ${place} of ${list}`;
  return `object ${index} at ${address}: free, ${order}${next === undefined ? '' : `; then object ${next}`}`;
}

function trayLabel(slab: SlabBody, used: number, total: number): string {
  const lists = slab.chains.map(
    ({ keeper, objects }) =>
      `${keeper ?? 'the slab\u2019s freelist'}: ${objects.slice(0, 16).join(', ')}${objects.length > 16 ? ', \u2026' : ''}`,
  );
  return [
    `slab at pfn ${hexPfn(slab.pfn)}, order ${slab.order}: ${used} of ${counted(total, 'object')} used`,
    ...lists,
    'Enter shows its pages on the map of physical memory',
  ].join('\n');
}
