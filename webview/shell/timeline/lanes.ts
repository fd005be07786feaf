/**
 * The lanes of the strip: one for each CPU, where there is more than one, and one for each task. A lane is filled where its CPU was
 * in use, where its task ran; beside the strip stands whose it is.
 */
import { MAX_LANES, type TimelineBody } from '../../../src/engine/view/timeline.js';
import { pageKindCode } from '../../../src/engine/view/pageState.js';
import { css, mix, type Rgb } from '../../draw/color.js';
import { inkIn, type Palette } from '../../draw/palette.js';

export interface Lane {
  /** `CPU 1`, `writer` */
  readonly name: string;
  readonly of: 'cpu' | 'task';
  /** Whether a column is filled. */
  readonly ran: (column: number) => boolean;
}

interface Place {
  readonly top: number;
  readonly widthPx: number;
  readonly columnPx: number;
}

/** All of them together; the map is to be large. */
const MOST_PX = 34;
const LANE_PX = 11;
const LEAST_PX = 2;
/** Lower ones have no room for a name. */
const NAMED_PX = 9;
const ONE_PX = 5;
const GAP_PX = 1;

export function lanesOf(body: TimelineBody): readonly Lane[] {
  const bit = (bits: readonly number[], lane: number) => (column: number) =>
    (((bits[column] ?? 0) >>> lane) & 1) === 1;
  const cpus = Array.from({ length: Math.min(body.nrCpus, MAX_LANES) }, (_, cpu): Lane => ({
    name: `CPU ${cpu}`,
    of: 'cpu',
    ran: bit(body.cpusUsed, cpu),
  }));
  const tasks = body.taskNames
    .slice(0, MAX_LANES)
    .map((name, task): Lane => ({ name, of: 'task', ran: bit(body.tasksRan, task) }));
  return [...(cpus.length > 1 ? cpus : []), ...tasks];
}

const lanePx = (nrLanes: number): number =>
  nrLanes <= 1 ? ONE_PX : Math.max(LEAST_PX, Math.min(LANE_PX, Math.floor(MOST_PX / nrLanes)));

/** Their names stand in them. */
export const lanesAreNamed = (lanes: readonly Lane[]): boolean => lanePx(lanes.length) >= NAMED_PX;

export const lanesHeight = (lanes: readonly Lane[]): number => lanes.length * lanePx(lanes.length);

export function drawLanes(
  context: CanvasRenderingContext2D,
  lanes: readonly Lane[],
  { top, widthPx, columnPx }: Place,
  palette: Palette,
): void {
  const heightPx = lanePx(lanes.length);
  const nrColumns = Math.round(widthPx / columnPx);
  lanes.forEach((lane, i) => {
    const y = top + i * heightPx;
    const color = colorOf(palette, lane);
    context.fillStyle = css(mix(palette.background, palette.foreground, 0.07));
    context.fillRect(0, y, widthPx, heightPx - GAP_PX);
    context.fillStyle = css(color);
    for (let start = 0; start < nrColumns; start++) {
      if (!lane.ran(start)) continue;
      let end = start + 1;
      while (end < nrColumns && lane.ran(end)) end++;
      context.fillRect(start * columnPx, y, (end - start) * columnPx, heightPx - GAP_PX);
      start = end;
    }
    if (heightPx < NAMED_PX) return;
    const ground = lane.ran(0) ? color : mix(palette.background, palette.foreground, 0.07);
    drawName(context, lane.name, y + (heightPx - GAP_PX) / 2, ground, palette);
  });
}

/** On a ground of its own: what is filled may begin or end below it. */
function drawName(
  context: CanvasRenderingContext2D,
  name: string,
  y: number,
  ground: Rgb,
  palette: Palette,
): void {
  context.font = `9px ${palette.fontFamily}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const width = context.measureText(name).width;
  context.fillStyle = css(ground);
  context.fillRect(0, y - 5, width + 6, 10);
  context.fillStyle = css(inkIn(palette, ground));
  context.fillText(name, 3, y + 0.5);
}

const colorOf = (palette: Palette, { of }: Lane): Rgb =>
  mix(
    palette.background,
    of === 'cpu' ? (palette.kinds[pageKindCode('perCpu')] ?? palette.focus) : palette.focus,
    0.7,
  );
