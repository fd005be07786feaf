/**
 * A zone's watermarks as a gauge: free pages as a bar, min, low and high as marks on it, and the newest request as a line from what
 * it may use to what it needs. The scale is logarithmic: marks are thousandths of a zone.
 */
import type {
  AttemptBody,
  WatermarkBody,
  ZoneBody,
  ZoneLookBody,
} from '../../../src/engine/view/atlas/freeAreas.js';
import { counted } from '../../../src/engine/view/counted.js';
import { pageKindCode } from '../../../src/engine/view/pageState.js';
import type { Painter } from '../../board/painter.js';
import type { Item, Row } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import { countText } from '../../text.js';

const BAR_HEIGHT = 14;
const LINE = 17;

export interface GaugePlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** How the newest request fared in a zone. */
export interface Look {
  readonly test: WatermarkBody | undefined;
  readonly text: string;
  readonly gave: boolean;
  readonly lists: ZoneLookBody['lists'];
}

/** The last time that the request looked at the zone. */
export function lookAt(attempt: AttemptBody | undefined, zone: ZoneBody): Look | undefined {
  const looks = (attempt?.passes ?? []).flatMap(({ zones }) => zones);
  const look = looks.findLast(({ index }) => index === zone.index);
  return look && { test: look.test, text: look.text, gave: look.gave, lists: look.lists };
}

/** Draws it; the height that it takes, and what can be pointed at. */
export function paintGauge(
  painter: Painter,
  zone: ZoneBody,
  look: Look | undefined,
  { x, y, width }: GaugePlace,
): { readonly height: number; readonly rows: readonly Row[] } {
  const { palette } = painter;
  const scale = scaleOf(zone, look?.test, width);
  const at = (pages: number): number => x + scale(pages);
  const barY = y + (look?.test === undefined ? 4 : 2 * LINE + 6);
  const free = palette.kinds[pageKindCode('free')] ?? palette.foreground;
  const track = { x, y: barY, width, height: BAR_HEIGHT };
  painter.rect(track, { fill: painter.tint(palette.foreground, 0.1), radius: 3 });
  painter.rect(
    { ...track, width: at(zone.freePages) - x },
    {
      fill: painter.tint(free, 0.75),
      radius: 3,
      data: { gauge: zone.name, pages: zone.freePages },
    },
  );
  const cma = palette.kinds[pageKindCode('freeCma')] ?? free;
  if (zone.freeCmaPages > 0) {
    const from = at(zone.freePages - zone.freeCmaPages);
    const part = { ...track, x: from, width: at(zone.freePages) - from };
    painter.rect(part, { fill: painter.tint(cma, 0.9) });
    painter.rect(part, { fill: painter.hatch(palette.background) });
  }
  paintMarks(painter, zone, at, barY, { x, width });
  let height = barY - y + BAR_HEIGHT + LINE + 4;
  if (look?.test !== undefined) {
    paintRequest(painter, look.test, { at, x, y, width, barY });
    height += paintTerms(painter, look.test, x, y + height + 10, width);
  }
  const gauge: Item = {
    key: `gauge/${zone.index}`,
    label: () => gaugeText(zone, look),
    box: { x, y, width, height: barY - y + BAR_HEIGHT + LINE },
  };
  return { height, rows: [[gauge]] };
}

/** From pages to px. */
function scaleOf(zone: ZoneBody, test: WatermarkBody | undefined, width: number) {
  const { high } = zone.watermarks;
  const most = Math.max(
    zone.managedPages,
    zone.freePages,
    high + zone.boost,
    test?.neededPages ?? 0,
  );
  const log = (pages: number): number => Math.log2(1 + Math.max(0, pages));
  return (pages: number): number => (log(pages) / log(most)) * width;
}

function paintMarks(
  painter: Painter,
  zone: ZoneBody,
  at: (pages: number) => number,
  barY: number,
  { x, width }: Pick<GaugePlace, 'x' | 'width'>,
): void {
  const { palette } = painter;
  const { min, low, high } = zone.watermarks;
  let lastRight = -Infinity;
  for (const [name, mark] of [
    ['min', min],
    ['low', low],
    ['high', high],
  ] as const) {
    const markX = at(mark + zone.boost);
    painter.line(markX, barY - 3, markX, barY + BAR_HEIGHT + 3, {
      color: palette.foreground,
      width: 1.5,
    });
    const text = `${name} ${countText(mark + zone.boost)}`;
    const width = painter.widthOf(text, { size: 11 });
    // Marks lie near one another: each label stands behind the one before.
    const left = Math.max(markX - width / 2, lastRight + 8);
    painter.text(left, barY + BAR_HEIGHT + 14, text, { size: 11, color: palette.muted });
    lastRight = left + width;
  }
  const reserves = zone.reserves.map(({ zone: name, pages }) => `${name} ${countText(pages)}`);
  const more = [
    ...(zone.boost > 0 ? [`boost ${countText(zone.boost)} in each`] : []),
    ...(reserves.length > 0 ? [`reserve from requests for ${reserves.join(', ')}`] : []),
  ].join(' · ');
  // Before the labels of the marks, or, where more room is, behind them.
  const before = at(min + zone.boost) - x - 70;
  const behind = x + width - lastRight - 16;
  const isBefore = before >= behind || painter.widthOf(more, { size: 11 }) <= before;
  painter.text(isBefore ? x : lastRight + 16, barY + BAR_HEIGHT + 14, more, {
    size: 11,
    color: palette.muted,
    maxWidth: isBefore ? before : behind,
  });
}

interface RequestPlace extends GaugePlace {
  readonly at: (pages: number) => number;
  readonly barY: number;
}

function paintRequest(
  painter: Painter,
  test: WatermarkBody,
  { at, x, y, width, barY }: RequestPlace,
): void {
  const { palette } = painter;
  const refused = !test.enough && !test.ignored;
  const color: Rgb = refused ? palette.error : palette.foreground;
  const [usable, needed] = [at(test.usablePages), at(test.neededPages)];
  const lineY = barY - 6;
  if (refused)
    painter.rect(
      { x: usable, y: barY, width: Math.max(2, needed - usable), height: BAR_HEIGHT },
      { fill: painter.hatch(palette.error) },
    );
  painter.line(usable, lineY, needed, lineY, { color, width: 2 });
  painter.circle(usable, lineY, 4, {
    fill: color,
    data: { request: 'usable', pages: test.usablePages },
  });
  painter.line(needed, lineY - 6, needed, barY + BAR_HEIGHT, { color, width: 2, dash: '3 2' });
  const sign = test.enough ? '>' : '\u2264';
  const end = refused
    ? 'refused'
    : test.enough
      ? test.passed
        ? 'passes'
        : 'enough, but no usable block'
      : 'not required (ALLOC_NO_WATERMARKS)';
  const usableText = countText(test.usablePages);
  const text = `may use ${usableText} ${sign} needs more than ${countText(test.neededPages)}: ${end}`;
  const wide = painter.widthOf(text, { bold: true });
  const left = Math.min(Math.max(x, Math.min(usable, needed) - 8), Math.max(x, x + width - wide));
  painter.text(left, y + LINE, text, {
    color,
    bold: true,
    maxWidth: width,
    data: { request: end },
  });
}

/** `free 768 - taken 1023 = -255 ≤ WMARK_MIN 32 + reserve 1280`, those that decided lit. */
function paintTerms(
  painter: Painter,
  test: WatermarkBody,
  left: number,
  y: number,
  width: number,
): number {
  const { palette } = painter;
  let x = left;
  let line = y;
  const put = (text: string, lit: boolean): void => {
    const look = { size: 11.5, mono: true, bold: lit };
    const wide = painter.widthOf(text, look);
    if (x + wide > left + width && x > left) {
      x = left;
      line += LINE + 3;
    }
    if (lit) {
      // The frame keeps off the term before it.
      if (x > left) x += 4;
      const box = { x: x - 4, y: line - 12, width: wide + 8, height: 16 };
      painter.rect(box, {
        stroke: palette.error,
        strokeWidth: 1.5,
        radius: 3,
        data: { decides: text },
      });
    }
    painter.text(x, line, text, { ...look, color: lit ? palette.error : palette.muted });
    x += wide + (lit ? 12 : 8);
  };
  const side = (which: 'usable' | 'needed'): void =>
    test.terms
      .filter((term) => term.side === which)
      .forEach(({ label, pages, decides }, i) => {
        const sign = pages < 0 ? '\u2212 ' : i === 0 ? '' : '+ ';
        put(`${sign}${countText(Math.abs(pages))} ${label}`, decides);
      });
  side('usable');
  put(`= ${countText(test.usablePages)} ${test.enough ? '>' : '\u2264'}`, false);
  side('needed');
  const isSum = test.terms.filter((term) => term.side === 'needed').length > 1;
  if (isSum) put(`= ${countText(test.neededPages)}`, false);
  return line - y + LINE;
}

function gaugeText(zone: ZoneBody, look: Look | undefined): string {
  const { min, low, high } = zone.watermarks;
  const lines = [
    `Zone ${zone.name}: ${countText(zone.freePages)} of ${counted(countText(zone.managedPages), 'page')} free`,
    `watermarks: min ${countText(min)}, low ${countText(low)}, high ${countText(high)}`,
    ...(zone.freeCmaPages > 0
      ? [`${countText(zone.freeCmaPages)} of the free pages are CMA’s`]
      : []),
  ];
  if (look === undefined) return lines.join('\n');
  const decided = (look.test?.terms ?? []).filter(({ decides }) => decides);
  const because = decided.map(({ label }) => label).join(', ');
  return [
    ...lines,
    `newest request: ${look.text}${because === '' ? '' : `; decided by ${because}`}`,
  ].join('\n');
}
