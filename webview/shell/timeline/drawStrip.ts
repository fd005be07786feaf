/**
 * The strip's picture:
 *
 *     free pages, a line a zone          each on its own scale, from its least to its most in view
 *     events, a row a kind               so that colour is not all that tells them apart
 *     expects                            a dot where they held, a cross where one failed
 *     CPUs and tasks, a lane each        filled where they ran (lanes.ts)
 */
import {
  TIMELINE_EVENTS,
  type TimelineBody,
  type TimelineEventKind,
} from '../../../src/engine/view/timeline.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import { css, type Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { drawLanes, lanesHeight, lanesOf } from './lanes.js';

const FREE_TOP = 2;
const FREE_PX = 16;
const EVENTS_TOP = 21;
const ROW_PX = 2.5;
const EXPECTS_Y = 60;
const LANES_TOP = 65;
/** Where a caption of 12 px stands beside its row. */
export const ROWS = {
  free: FREE_TOP + FREE_PX / 2 - 6,
  events: EVENTS_TOP + 10,
  expects: EXPECTS_Y - 9,
  lanes: LANES_TOP - 1,
} as const;
const TICK_PX = 3.5;
/** Through all rows, so that a tick is found by the eye. */
const STEM_ALPHA = 0.3;

/** Colours that the map has for what the event is about. */
const COLORS: Readonly<Record<TimelineEventKind, PageKindName>> = {
  split: 'compoundHead',
  merge: 'free',
  fallback: 'pageTable',
  refill: 'perCpu',
  drain: 'kernel',
  lock: 'locked',
  pin: 'slab',
  migrate: 'freeIsolated',
  reclaim: 'pageCache',
  hugePage: 'compoundTail',
  pageFault: 'user',
  cow: 'freeCma',
  failure: 'locked',
  fault: 'poisoned',
};

export function drawStrip(
  context: CanvasRenderingContext2D,
  body: TimelineBody,
  widthPx: number,
  palette: Palette,
): void {
  context.clearRect(0, 0, widthPx, heightOf(body));
  const columns = body.lines.length;
  const columnPx = widthPx / columns;
  drawStatements(context, body, widthPx, palette);
  drawZones(context, body, columnPx, palette);
  for (const [column, kind] of body.events) drawEvent(context, column * columnPx, kind, palette);
  for (const [column, , failed] of body.expects)
    drawExpect(context, column * columnPx, failed > 0, palette);
  drawLanes(context, lanesOf(body), { top: LANES_TOP, widthPx, columnPx }, palette);
}

/** CSS pixels of the strip: the same as long as the machine and its tasks are. */
export const heightOf = (body: TimelineBody): number => LANES_TOP + lanesHeight(lanesOf(body)) + 2;

export interface Cursor {
  readonly kind: 'now' | 'compared' | 'pointed';
  readonly x: number;
}

export function drawCursor(
  context: CanvasRenderingContext2D,
  cursors: readonly Cursor[],
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
  palette: Palette,
): void {
  context.clearRect(0, 0, widthPx, heightPx);
  const compared = cursors.find(({ kind }) => kind === 'compared');
  const now = cursors.find(({ kind }) => kind === 'now');
  if (compared !== undefined && now !== undefined) {
    context.fillStyle = css(palette.focus, 0.15);
    context.fillRect(Math.min(compared.x, now.x), 0, Math.abs(now.x - compared.x), heightPx);
  }
  for (const { kind, x } of cursors) {
    const at = Math.max(1, Math.min(widthPx - 1, x));
    context.fillStyle = css(
      kind === 'now' ? palette.changed : palette.focus,
      kind === 'pointed' ? 0.7 : 1,
    );
    context.fillRect(at - (kind === 'now' ? 1 : 0.5), 0, kind === 'now' ? 2 : 1, heightPx);
    if (kind !== 'pointed')
      drawFlag(context, at, kind === 'now' ? (compared === undefined ? '' : 'B') : 'A', palette);
  }
}

function drawFlag(
  context: CanvasRenderingContext2D,
  x: number,
  letter: string,
  palette: Palette,
): void {
  if (letter === '') return;
  context.font = `600 10px ${palette.fontFamily}`;
  context.textBaseline = 'top';
  context.textAlign = x > 14 ? 'right' : 'left';
  context.fillStyle = css(palette.foreground);
  context.fillText(letter, x > 14 ? x - 3 : x + 3, 1);
}

const colorOf = (palette: Palette, kind: PageKindName): Rgb =>
  palette.kinds[pageKindCode(kind)] ?? palette.foreground;

/** Marks between statements, where there is room for them. */
function drawStatements(
  context: CanvasRenderingContext2D,
  { from, to }: TimelineBody,
  widthPx: number,
  palette: Palette,
): void {
  const pitch = widthPx / (to - from);
  if (pitch < 5) return;
  context.fillStyle = css(palette.foreground, 0.12);
  for (let moment = Math.ceil(from); moment <= to; moment++)
    context.fillRect(Math.round((moment - from) * pitch), 0, 1, LANES_TOP);
}

function drawEvent(
  context: CanvasRenderingContext2D,
  x: number,
  kind: number,
  palette: Palette,
): void {
  const name = TIMELINE_EVENTS[kind]?.kind ?? 'fault';
  const color = colorOf(palette, COLORS[name]);
  const left = Math.floor(x);
  const heightPx = ROW_PX * TIMELINE_EVENTS.length;
  // What went wrong is seen at a glance.
  const isGrave = name === 'failure' || name === 'fault';
  context.fillStyle = css(color, isGrave ? 1 : STEM_ALPHA);
  context.fillRect(left + 1, EVENTS_TOP, isGrave ? 2 : 1, heightPx);
  context.fillStyle = css(color);
  context.fillRect(left, EVENTS_TOP + kind * ROW_PX - 0.5, TICK_PX, TICK_PX);
}

/** Each zone's line is dashed in its own way, and named where there is more than one. */
const DASHES: readonly (readonly number[])[] = [[], [5, 3], [2, 2], [8, 2, 2, 2]];
const NAME_PX = 9;

function drawZones(
  context: CanvasRenderingContext2D,
  { zones }: TimelineBody,
  columnPx: number,
  palette: Palette,
): void {
  // One that nothing was taken from has no line, unless that holds of all: then the largest says so.
  const others = zones.filter(({ free }) => free.some((pages) => pages !== free[0]));
  const bySize = [...zones].sort((a, b) => (b.free[0] ?? 0) - (a.free[0] ?? 0));
  const lines = others.length > 0 ? others : bySize.slice(0, 1);
  let x = 3;
  lines.forEach(({ name, free }, i) => {
    context.setLineDash([...(DASHES[i % DASHES.length] ?? [])]);
    drawFree(context, free, columnPx, palette);
    context.setLineDash([]);
    if (lines.length < 2) return;
    context.font = `${NAME_PX}px ${palette.fontFamily}`;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    const width = context.measureText(name).width;
    const y = FREE_TOP + FREE_PX - NAME_PX / 2;
    context.fillStyle = css(palette.background);
    context.fillRect(x - 1, y - NAME_PX / 2, width + 20, NAME_PX);
    context.strokeStyle = css(colorOf(palette, 'free'));
    context.setLineDash([...(DASHES[i % DASHES.length] ?? [])]);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 14, y);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = css(palette.muted);
    context.fillText(name, x + 17, y);
    x += width + 26;
  });
}

function drawFree(
  context: CanvasRenderingContext2D,
  free: readonly number[],
  columnPx: number,
  palette: Palette,
): void {
  let least = Infinity;
  let most = -Infinity;
  for (const pages of free) {
    least = Math.min(least, pages);
    most = Math.max(most, pages);
  }
  context.strokeStyle = css(colorOf(palette, 'free'));
  context.lineWidth = 1.25;
  context.beginPath();
  free.forEach((pages, column) => {
    const share = most === least ? 0.5 : (pages - least) / (most - least);
    const y = FREE_TOP + FREE_PX * (1 - share);
    if (column === 0) context.moveTo(0, y);
    else context.lineTo(column * columnPx, y);
    context.lineTo((column + 1) * columnPx, y);
  });
  context.stroke();
}

function drawExpect(
  context: CanvasRenderingContext2D,
  x: number,
  hasFailed: boolean,
  palette: Palette,
): void {
  if (!hasFailed) {
    context.fillStyle = css(palette.passed);
    context.beginPath();
    context.arc(x + 1, EXPECTS_Y, 2.25, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.strokeStyle = css(palette.failed);
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - 2, EXPECTS_Y - 3);
  context.lineTo(x + 4, EXPECTS_Y + 3);
  context.moveTo(x + 4, EXPECTS_Y - 3);
  context.lineTo(x - 2, EXPECTS_Y + 3);
  context.stroke();
}
