/**
 * A page walk as a picture: the address cut into fields on top, below it a column for each level with its table, the entry taken
 * lit, and the entry's bits as switches; at the right the page with the offset, or where the walk breaks.
 */
import {
  ENTRY_STATES,
  type AddressField,
  type StepBody,
  type WalkBody,
} from '../../../src/engine/view/atlas/pageWalk.js';
import { counted } from '../../../src/engine/view/counted.js';
import { Painter } from '../../board/painter.js';
import type { Box, Item, Row, Scene } from '../../board/scene.js';
import type { Palette } from '../../draw/palette.js';
import {
  columnsOf,
  levelsOf,
  MARGIN,
  TABLE_HEIGHT,
  TABLE_TOP,
  type Column,
} from './walkColumns.js';
import { paintEnd } from './walkEnd.js';
import { paintSwitches, type SwitchPresses } from './walkSwitches.js';

export interface WalkModel {
  readonly body: WalkBody;
  /** The same walk at the time that is compared with. */
  readonly before: WalkBody | undefined;
  /** Of the table of each step, its entries' states. */
  readonly entries: readonly Uint8Array[];
}

export interface WalkPresses extends SwitchPresses {
  readonly frame: (pfn: number) => void;
  readonly address: (address: string) => void;
}

const FIELD_TOP = 44;
const FIELD_HEIGHT = 30;
const LEAST_WIDTH = 560;

export function paintWalk(
  model: WalkModel,
  palette: Palette,
  width: number,
  press: WalkPresses,
): Scene {
  const painter = new Painter(palette, 'walk');
  return new WalkPainter(model, painter, Math.max(width, LEAST_WIDTH), press).paint();
}

class WalkPainter {
  private readonly rows: Row[] = [];
  private readonly columns: readonly Column[];
  private readonly levels: readonly AddressField[];

  constructor(
    private readonly model: WalkModel,
    private readonly painter: Painter,
    private readonly width: number,
    private readonly press: WalkPresses,
  ) {
    this.levels = levelsOf(model.body.fields);
    this.columns = columnsOf(this.levels.length, width, painter.palette);
  }

  private get body(): WalkBody {
    return this.model.body;
  }

  paint(): Scene {
    const { painter, press, rows, columns } = this;
    const { body, before } = this.model;
    this.headline();
    this.fields();
    body.steps.forEach((step, i) => this.table(step, i));
    columns.slice(body.steps.length, -1).forEach((column) => this.notReached(column));
    let bottom = 0;
    const last = columns.at(-1);
    if (last !== undefined) {
      const end = paintEnd(painter, body, before, last, press.frame);
      rows.push(...end.items.map((item) => [item]));
      ({ bottom } = end);
    }
    const switches = paintSwitches(painter, body.steps, before?.steps ?? [], columns, press);
    rows.push(...switches.rows);
    const height = Math.max(bottom, switches.bottom) + MARGIN;
    return { width: this.width, height, nodes: painter.nodes, rows };
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
    for (const [state, from, to] of runsOf(this.model.entries[i] ?? new Uint8Array(0))) {
      const y = box.y + (box.height * from) / step.nrEntries;
      const height = Math.max(1, (box.height * (to - from)) / step.nrEntries);
      const part = { x: box.x + 2, y, width: box.width - 4, height };
      if (state === ENTRY_STATES.kept) painter.rect(part, { fill: painter.hatch(palette.muted) });
      else
        painter.rect(part, { fill: painter.tint(color, state === ENTRY_STATES.page ? 0.7 : 0.4) });
    }
    const y = this.entryY(step, column);
    const lit = { x: box.x - 3, y: y - 4, width: box.width + 6, height: 8 };
    const was = this.model.before?.steps[i]?.value;
    const isOther = was !== undefined && was !== step.value;
    painter.rect(lit, {
      fill: step.present ? color : painter.tint(palette.error, 0.8),
      stroke: isOther ? palette.changed : palette.foreground,
      strokeWidth: isOther ? 2.5 : 1.5,
      radius: 2,
      data: {
        entry: step.level,
        index: step.index,
        at: step.at,
        value: step.value,
        ...(isOther && { was }),
      },
    });
    painter.text(
      box.x + box.width + 8,
      Math.min(y + 4, box.y + box.height - 2),
      `[0x${step.index.toString(16)}]`,
      {
        mono: true,
        size: 11,
        maxWidth: column.width - box.width - 8,
        whole: true,
      },
    );
    const foot = box.y + box.height + 16;
    painter.text(column.x, foot, `${step.level} ${step.table}`, {
      mono: true,
      size: 11,
      maxWidth: column.width,
    });
    const nrEntries = counted(step.nrEntries, 'entry', 'entries');
    const withName = `${nrEntries}, ${step.intelName}`;
    const fits = painter.widthOf(withName, { size: 10.5 }) <= column.width;
    painter.text(column.x, foot + 15, fits ? withName : nrEntries, {
      size: 10.5,
      color: palette.muted,
      maxWidth: column.width,
    });
    this.arrow(i, { x: lit.x + lit.width, y });
    const item: Item = {
      key: `entry/${i}`,
      label: `${step.level}[0x${step.index.toString(16)}] at ${step.at}: ${step.value} ${step.text}${isOther ? `; was ${was}` : ''}`,
      box,
      ...(step.expression !== undefined && {
        watch: { add: step.expression },
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
    // Above where an arrow may break off.
    painter.text(box.x + box.width / 2, box.y + 18, 'not reached', {
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
