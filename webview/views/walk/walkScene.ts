/**
 * A page walk as a picture: the address cut into fields on top, below it a column for each level with its table, the entry taken
 * lit, and the entry's bits as switches; at the right the page with the offset, or where the walk breaks.
 */
import {
  ENTRY_STATES,
  type AddressField,
  type BitBody,
  type FaultBody,
  type PageBody,
  type StepBody,
  type WalkBody,
} from '../../../src/engine/view/atlas/pageWalk.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import { Painter } from '../../board/painter.js';
import type { Box, Item, Row, Scene } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, hexPfn } from '../../text.js';

export interface WalkPresses {
  readonly flip: (bit: BitBody) => void;
  readonly watch: (expression: string) => void;
  readonly frame: (pfn: number) => void;
  readonly address: (address: string) => void;
}

const MARGIN = 16;
const FIELD_TOP = 44;
const FIELD_HEIGHT = 30;
const TABLE_TOP = 138;
const TABLE_HEIGHT = 200;
const BIT_HEIGHT = 22;

/** From the root down; the last one, of the offset, is the page. */
const COLORS: readonly PageKindName[] = ['user', 'pageCache', 'slab', 'pageTable', 'compoundHead'];
const OFFSET_COLOR: PageKindName = 'free';

export function paintWalk(
  body: WalkBody,
  entries: readonly Uint8Array[],
  palette: Palette,
  width: number,
  press: WalkPresses,
): Scene {
  return new WalkPainter(
    body,
    entries,
    new Painter(palette, 'walk'),
    Math.max(width, 560),
    press,
  ).paint();
}

interface Column {
  readonly x: number;
  readonly width: number;
  readonly color: Rgb;
}

class WalkPainter {
  private readonly rows: Row[] = [];
  /** Of each level that the mode has, and of the end. */
  private readonly columns: readonly Column[];
  private readonly levels: readonly AddressField[];
  private bottom = 0;

  constructor(
    private readonly body: WalkBody,
    private readonly entries: readonly Uint8Array[],
    private readonly painter: Painter,
    private readonly width: number,
    private readonly press: WalkPresses,
  ) {
    this.levels = body.fields.filter(({ name }) => name !== 'unused' && name !== 'offset');
    const count = this.levels.length + 1;
    const gap = 26;
    const each = (width - 2 * MARGIN - gap * (count - 1)) / count;
    this.columns = Array.from({ length: count }, (_, i) => ({
      x: MARGIN + i * (each + gap),
      width: each,
      color: this.kind(i === count - 1 ? OFFSET_COLOR : (COLORS[i] ?? 'kernel')),
    }));
  }

  paint(): Scene {
    this.headline();
    this.fields();
    this.body.steps.forEach((step, i) => this.table(step, i));
    this.columns.slice(this.body.steps.length, -1).forEach((column) => this.notReached(column));
    this.end();
    this.switches();
    return {
      width: this.width,
      height: this.bottom + MARGIN,
      nodes: this.painter.nodes,
      rows: this.rows,
    };
  }

  private headline(): void {
    const { painter, body } = this;
    const { address, region, space, mode, root } = body;
    painter.text(MARGIN, 24, address, {
      mono: true,
      bold: true,
      size: 15,
      data: { walk: address },
    });
    const x = MARGIN + painter.widthOf(address, { mono: true, bold: true, size: 15 }) + 14;
    const whose = space === 'kernel' ? 'the kernel\u2019s tables' : `the tables of ${space}`;
    const rest = `${region} \u00b7 through ${whose}, ${mode}, root ${root}`;
    painter.text(x, 24, rest, { color: painter.palette.muted, maxWidth: this.width - x - MARGIN });
  }

  /** Widths are those of the bits, none too narrow for its name. */
  private fields(): void {
    const { body, width } = this;
    const { fields } = body;
    const inner = width - 2 * MARGIN;
    const bits = fields.map(({ high, low }) => Math.max(5, high - low + 1));
    const all = bits.reduce((a, b) => a + b, 0);
    let x = MARGIN;
    const items = fields.map((field, i): Item => {
      const fieldWidth = (inner * (bits[i] ?? 0)) / all;
      const box = { x, y: FIELD_TOP + 14, width: fieldWidth, height: FIELD_HEIGHT };
      x += fieldWidth;
      this.field(field, box);
      const range =
        field.high === field.low ? `bit ${field.high}` : `bits ${field.high} to ${field.low}`;
      return {
        key: `field/${field.name}`,
        label: `${field.name}: ${field.value}, ${range} of the address`,
        box,
      };
    });
    this.rows.push(items);
  }

  private field(field: AddressField, box: Box): void {
    const { painter } = this;
    const { palette } = painter;
    const column = this.columnOf(field.name);
    const color = column?.color ?? painter.tint(palette.foreground, 0.25);
    const fill = field.name === 'unused' ? painter.tint(palette.foreground, 0.08) : color;
    const inner = { ...box, x: box.x + 1, width: box.width - 2 };
    painter.rect(inner, { fill, radius: 3, data: { field: field.name, value: field.value } });
    const ink = painter.inkOn(fill);
    const binary = BigInt(field.value)
      .toString(2)
      .padStart(field.high - field.low + 1, '0');
    const wide = painter.widthOf(binary, { mono: true, size: 11 });
    const digits = wide < inner.width - 8 ? binary : field.value;
    painter.text(box.x + box.width / 2, box.y + 19, digits, {
      mono: true,
      size: 11,
      anchor: 'middle',
      color: ink,
      maxWidth: inner.width - 2,
    });
    painter.text(box.x + 2, box.y - 4, `${field.high}`, { size: 10, color: palette.muted });
    if (box.width > 34)
      painter.text(box.x + box.width - 2, box.y - 4, `${field.low}`, {
        size: 10,
        color: palette.muted,
        anchor: 'end',
      });
    if (column === undefined) return;
    // Down to the column of its table.
    const from = box.x + box.width / 2;
    const to = column.x + 10;
    const y = box.y + box.height;
    const middle = y + 20;
    painter.path(`M${from} ${y}C${from} ${middle} ${to} ${y + 8} ${to} ${TABLE_TOP - 22}`, {
      stroke: color,
      strokeWidth: 1.5,
    });
    painter.text(column.x, TABLE_TOP - 8, `${field.name} ${field.value}`, {
      bold: true,
      size: 11.5,
      maxWidth: column.width,
    });
  }

  private columnOf(name: string): Column | undefined {
    if (name === 'offset') return this.columns.at(-1);
    const at = this.levels.findIndex((level) => level.name === name);
    return at < 0 ? undefined : this.columns[at];
  }

  /** A table as a stack of its entries, runs of the same kind as one; the one taken is lit, and leads on. */
  private table(step: StepBody, i: number): void {
    const { painter } = this;
    const { palette } = painter;
    const column = this.columns[i];
    if (column === undefined) return;
    const { color } = column;
    const box = this.tableBox(column);
    painter.rect(box, { fill: painter.tint(palette.foreground, 0.05), radius: 3 });
    for (const [state, from, to] of runsOf(this.entries[i] ?? new Uint8Array(0))) {
      const y = box.y + (box.height * from) / step.nrEntries;
      const height = Math.max(1, (box.height * (to - from)) / step.nrEntries);
      const part = { x: box.x + 2, y, width: box.width - 4, height };
      if (state === ENTRY_STATES.kept) painter.rect(part, { fill: painter.hatch(palette.muted) });
      else
        painter.rect(part, { fill: painter.tint(color, state === ENTRY_STATES.page ? 0.7 : 0.4) });
    }
    const y = this.entryY(step, column);
    const lit = { x: box.x - 3, y: y - 4, width: box.width + 6, height: 8 };
    painter.rect(lit, {
      fill: step.present ? color : painter.tint(palette.error, 0.8),
      stroke: palette.foreground,
      strokeWidth: 1.5,
      radius: 2,
      data: { entry: step.level, index: step.index, at: step.at, value: step.value },
    });
    painter.text(
      box.x + box.width + 8,
      Math.min(y + 4, box.y + box.height - 2),
      `[0x${step.index.toString(16)}]`,
      {
        mono: true,
        size: 11,
        maxWidth: column.width - box.width - 12,
      },
    );
    const foot = box.y + box.height + 16;
    painter.text(column.x, foot, `${step.level} ${step.table}`, {
      mono: true,
      size: 11,
      maxWidth: column.width,
    });
    painter.text(column.x, foot + 15, `${step.nrEntries} entries, ${step.intelName}`, {
      size: 10.5,
      color: palette.muted,
      maxWidth: column.width,
    });
    this.arrow(i, { x: lit.x + lit.width, y });
    const item: Item = {
      key: `entry/${i}`,
      label: `${step.level}[0x${step.index.toString(16)}] at ${step.at}: ${step.value} ${step.text}`,
      box,
      ...(step.expression !== undefined && {
        watch: () => this.press.watch(step.expression ?? ''),
      }),
    };
    const row = this.rows[1];
    if (row === undefined) this.rows.push([item]);
    else this.rows[1] = [...row, item];
  }

  private notReached(column: Column): void {
    const { painter } = this;
    const box = this.tableBox(column);
    const stroke = painter.tint(painter.palette.foreground, 0.3);
    painter.rect(box, { stroke, dash: '4 4', radius: 3 });
    painter.text(box.x + box.width / 2, box.y + box.height / 2, 'not reached', {
      size: 10.5,
      anchor: 'middle',
      color: painter.palette.muted,
      maxWidth: box.width - 4,
    });
  }

  private tableBox(column: Column): Box {
    return {
      x: column.x,
      y: TABLE_TOP,
      width: Math.min(78, column.width * 0.5),
      height: TABLE_HEIGHT,
    };
  }

  private entryY({ index, nrEntries }: StepBody, column: Column): number {
    const { y, height } = this.tableBox(column);
    return y + (height * (index + 0.5)) / nrEntries;
  }

  /** From the entry taken to the top of the next table, or to the page; broken where the entry leads nowhere. */
  private arrow(i: number, from: { x: number; y: number }): void {
    const { painter } = this;
    const { palette } = painter;
    const isLast = i === this.body.steps.length - 1;
    const next = isLast ? this.columns.at(-1) : this.columns[i + 1];
    if (next === undefined) return;
    // Behind the index that stands beside the entry.
    const index = `[0x${(this.body.steps[i]?.index ?? 0).toString(16)}]`;
    const start = from.x + 12 + painter.widthOf(index, { mono: true, size: 11 });
    const broken = isLast && this.body.page === undefined;
    const color = broken ? palette.error : (this.columns[i]?.color ?? palette.foreground);
    const end = { x: next.x - 3, y: TABLE_TOP + (isLast ? 14 : 6) };
    const middle = (start + end.x) / 2;
    const bend = Math.max(start, middle);
    if (broken) {
      const gap = { x: bend - 4, y: (from.y + end.y) / 2 };
      painter.path(`M${start} ${from.y}H${bend}V${gap.y + (from.y > end.y ? 9 : -9)}`, {
        stroke: color,
        strokeWidth: 2,
        dash: '4 3',
        data: { arrow: 'broken', from: i },
      });
      painter.path(`M${gap.x - 3} ${gap.y - 6}l14 12M${gap.x + 11} ${gap.y - 6}l-14 12`, {
        stroke: color,
        strokeWidth: 2.5,
      });
      return;
    }
    painter.path(`M${start} ${from.y}H${bend}V${end.y}H${end.x - 6}`, {
      stroke: color,
      strokeWidth: 2,
      data: { arrow: 'whole', from: i },
    });
    painter.arrowHead(end.x, end.y, 0, color);
  }

  /** The page with the offset in it, and what has gone wrong. */
  private end(): void {
    const column = this.columns.at(-1);
    if (column === undefined) return;
    const { page, fault, tlb } = this.body;
    let y = TABLE_TOP;
    const items: Item[] = [];
    if (page !== undefined) {
      const done = this.page(page, column, y);
      items.push(...done.items);
      y = done.bottom + 10;
    }
    if (fault !== undefined) {
      const done = this.fault(fault, column, y);
      items.push(done.item);
      y = done.bottom + 10;
    }
    for (const hit of tlb) {
      const text =
        hit.stale === undefined
          ? `in the TLB of CPU ${hit.cpu}`
          : `stale in the TLB of CPU ${hit.cpu}`;
      const { palette } = this.painter;
      const stale = hit.stale !== undefined;
      this.painter.circle(
        column.x + 6,
        y + 8,
        4,
        stale ? { stroke: palette.error, strokeWidth: 2 } : { fill: palette.foreground },
      );
      this.painter.text(column.x + 16, y + 12, text, {
        size: 11.5,
        color: stale ? palette.error : palette.foreground,
        maxWidth: column.width - 16,
        data: { tlb: hit.cpu },
      });
      const box = { x: column.x, y, width: column.width, height: 16 };
      items.push({ key: `tlb/${hit.cpu}`, label: `${text}: ${hit.stale ?? hit.phys}`, box });
      y += 20;
    }
    this.bottom = Math.max(this.bottom, y);
    for (const item of items) this.rows.push([item]);
  }

  private page(page: PageBody, column: Column, top: number) {
    const { painter } = this;
    const fill = painter.tint(column.color, 0.28);
    const ink = painter.inkOn(fill);
    const box = { x: column.x, y: top, width: column.width, height: 92 };
    painter.rect(box, {
      fill,
      stroke: column.color,
      radius: 4,
      data: { page: page.phys, pfn: page.pfn },
    });
    const inner = column.width - 16;
    painter.text(box.x + 8, box.y + 19, page.phys, {
      mono: true,
      bold: true,
      color: ink,
      maxWidth: inner,
    });
    const sum = `page ${page.pagePhys} + ${page.offset}`;
    painter.text(box.x + 8, box.y + 36, sum, { mono: true, size: 11, color: ink, maxWidth: inner });
    const rights = `${page.rights} ${page.user ? 'user and kernel' : 'kernel only'}`;
    painter.text(box.x + 8, box.y + 53, `${rights}, ${bytesText(page.pageSize)}`, {
      size: 11.5,
      color: ink,
      maxWidth: inner,
    });
    const more = [
      page.dirty ? 'dirty' : 'clean',
      ...(page.global ? ['global'] : []),
      page.memoryType ?? '',
    ];
    painter.text(box.x + 8, box.y + 69, more.filter((text) => text !== '').join(', '), {
      size: 11.5,
      color: ink,
      maxWidth: inner,
    });
    painter.text(box.x + 8, box.y + 85, `pfn ${hexPfn(page.pfn)} \u2192`, {
      mono: true,
      size: 11,
      bold: true,
      color: ink,
      maxWidth: inner,
    });
    const item: Item = {
      key: 'page',
      label: `physical ${page.phys}: ${sum}; ${rights}; pfn ${hexPfn(page.pfn)}\nEnter shows the frame on the map of physical memory`,
      box,
      press: () => this.press.frame(page.pfn),
    };
    return { items: [item], bottom: box.y + box.height };
  }

  private fault(fault: FaultBody, column: Column, top: number) {
    const { painter } = this;
    const { palette } = painter;
    const lines = wrapped(painter, fault.reason, column.width - 16, 11.5);
    const code =
      fault.errorCode === undefined
        ? []
        : [`error code ${fault.errorCode} (${fault.errorText ?? ''})`];
    const cr2 = fault.cr2 === undefined ? [] : [`CR2 ${fault.cr2}`];
    const facts = [...lines, ...cr2, ...code].slice(0, 9);
    const box = { x: column.x, y: top, width: column.width, height: 30 + facts.length * 15 };
    painter.rect(box, {
      stroke: palette.error,
      strokeWidth: 1.5,
      radius: 4,
      data: { fault: fault.kind, level: fault.level ?? '' },
    });
    painter.text(box.x + 8, box.y + 19, fault.kind, {
      bold: true,
      color: palette.error,
      maxWidth: column.width - 16,
    });
    facts.forEach((line, i) =>
      painter.text(box.x + 8, box.y + 36 + i * 15, line, {
        size: 11.5,
        maxWidth: column.width - 16,
      }),
    );
    const item: Item = {
      key: 'fault',
      label: [fault.kind, fault.reason, ...cr2, ...code].join('\n'),
      box,
    };
    return { item, bottom: box.y + box.height };
  }

  /** The bits of each entry taken, below its table: on and off like switches. */
  private switches(): void {
    const { painter, body } = this;
    const top = TABLE_TOP + TABLE_HEIGHT + 48;
    const longest = Math.max(0, ...body.steps.map(({ bits }) => bits.length));
    const rows: Item[][] = Array.from({ length: longest }, () => []);
    body.steps.forEach((step, i) => {
      const column = this.columns[i];
      if (column === undefined) return;
      painter.text(column.x, top, step.value, {
        mono: true,
        size: 11,
        bold: true,
        maxWidth: column.width,
        data: { value: step.value },
      });
      step.bits.forEach((bit, row) =>
        rows[row]?.push(this.bit(step, bit, column, top + 10 + row * BIT_HEIGHT)),
      );
      this.bottom = Math.max(this.bottom, top + 10 + step.bits.length * BIT_HEIGHT);
      if (step.reservedBits.length === 0) return;
      const text = `reserved: ${step.reservedBits.join(', ')}`;
      painter.text(column.x, this.bottom + 14, text, { size: 11, color: painter.palette.error });
      this.bottom += 18;
    });
    this.rows.push(...rows);
  }

  private bit(step: StepBody, bit: BitBody, column: Column, y: number): Item {
    const { painter, press } = this;
    const { palette } = painter;
    const on = bit.set;
    const track = { x: column.x, y: y + 4, width: 26, height: 13 };
    painter.rect(track, {
      fill: on ? column.color : painter.tint(palette.foreground, 0.12),
      stroke: painter.tint(palette.foreground, 0.45),
      radius: 6.5,
      data: { bit: `${step.level}/${bit.name}`, set: on ? 1 : 0 },
    });
    painter.circle(track.x + (on ? 19.5 : 6.5), track.y + 6.5, 4.5, {
      fill: on ? painter.inkOn(column.color) : painter.tint(palette.foreground, 0.7),
    });
    painter.text(column.x + 33, y + 15, bit.name, { size: 11.5, bold: on, mono: true });
    painter.text(column.x + 66, y + 15, bit.meaning, {
      size: 11,
      color: palette.muted,
      maxWidth: column.width - 68,
    });
    const canSet =
      bit.expression === undefined
        ? ''
        : '\nEnter or a click flips it; W or Alt+click stops when it changes';
    return {
      key: `bit/${step.level}/${bit.name}`,
      label: `${step.level} ${bit.name}, bit ${bit.bit}: ${on ? 1 : 0}; ${bit.meaning}${canSet}`,
      box: { x: column.x - 2, y: y + 1, width: column.width, height: BIT_HEIGHT - 2 },
      selected: on,
      ...(bit.expression !== undefined && {
        press: () => press.flip(bit),
        watch: () => press.watch(bit.expression ?? ''),
      }),
    };
  }

  private kind(name: PageKindName): Rgb {
    const { kinds, foreground } = this.painter.palette;
    return kinds[pageKindCode(name)] ?? foreground;
  }
}

/** Stretches of entries in the same state, empty ones left out: state, first, end. */
function runsOf(entries: Uint8Array): (readonly [state: number, from: number, to: number])[] {
  const runs: (readonly [number, number, number])[] = [];
  for (let at = 0; at < entries.length;) {
    const state = entries[at] ?? 0;
    let end = at + 1;
    while (end < entries.length && entries[end] === state) end++;
    if (state !== ENTRY_STATES.empty) runs.push([state, at, end]);
    at = end;
  }
  return runs;
}

/** Lines of a text, none wider than `width` px unless a word is. */
export function wrapped(painter: Painter, text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && painter.widthOf(longer, { size }) <= width)
      lines[lines.length - 1] = longer;
    else if (last === undefined) lines.push(word);
    else lines.push(word);
  }
  return lines;
}
