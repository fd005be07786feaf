/** What lies in a region by the kernel's books, a line each; what came, went or became something else since then is marked. */
import type { PartBody, RegionBody } from '../../../src/engine/view/atlas/virtual.js';
import { paintPager } from '../../board/pager.js';
import type { Painter } from '../../board/painter.js';
import type { Box, Row } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import { bytesText, countText, hexPfn } from '../../text.js';
import { holds } from './pageWindow.js';

export interface PartsModel {
  readonly region: RegionBody;
  readonly parts: readonly PartBody[];
  /** Number of the first of these. */
  readonly partsStart: number;
  /** As many as they were at the time that is compared with; absent where nothing is. */
  readonly partsBefore: readonly PartBody[] | undefined;
  readonly lit: readonly string[];
}

interface Pressed {
  readonly part: (part: PartBody) => void;
  readonly page: (step: 1 | -1) => void;
}

const ROW = 20;

export function paintParts(
  painter: Painter,
  model: PartsModel,
  room: { readonly x: number; readonly y: number; readonly width: number },
  color: Rgb,
  press: Pressed,
): { readonly rows: readonly Row[]; readonly bottom: number } {
  const { parts, partsBefore, partsStart: start, region } = model;
  const rows: Row[] = [];
  const { x, width } = room;
  let y = room.y + ROW;
  if (parts.length < region.nrParts) {
    const page = { what: 'Parts', start, shown: parts.length, total: region.nrParts };
    const pager = paintPager(painter, page, room, press.page);
    rows.push(...pager.rows);
    y = pager.bottom;
  } else painter.text(x, room.y + 12, `In it: ${countText(region.nrParts)}`, { bold: true });
  for (const part of parts) {
    const box = { x, y, width, height: ROW };
    rows.push([paintPart(painter, model, part, box, color, press)]);
    y += ROW;
  }
  for (const part of partsBefore === undefined ? [] : goneParts(parts, partsBefore)) {
    const box = { x, y, width, height: ROW };
    rows.push([paintGone(painter, part, box)]);
    y += ROW;
  }
  return { rows, bottom: y };
}

function paintPart(
  painter: Painter,
  { lit, partsBefore }: PartsModel,
  part: PartBody,
  box: Box,
  color: Rgb,
  press: Pressed,
) {
  const { palette } = painter;
  const isLit = lit.some((address) => holds(part, address));
  const was = partsBefore === undefined ? '' : wasText(part, partsBefore);
  const faint = part.kind === 'gap' || part.kind === 'guard' || part.kind === 'lazy';
  if (part.kind === 'guard')
    painter.rect({ ...box, width: 8 }, { fill: painter.hatch(palette.error) });
  else if (!faint && part.text !== '')
    painter.rect({ x: box.x, y: box.y + 3, width: 4, height: 14 }, { fill: color, radius: 2 });
  if (isLit) painter.rect(box, { stroke: palette.focus, strokeWidth: 2, radius: 3 });
  else if (was !== '')
    painter.rect(
      { x: box.x, y: box.y + 1, width: box.width, height: box.height - 2 },
      { stroke: palette.changed, strokeWidth: 1.5, radius: 3, data: { differs: part.first, was } },
    );
  const rights = part.rights === undefined ? '' : `${part.rights} `;
  const ink = faint ? palette.muted : palette.foreground;
  paintLine(painter, part, box, ink, `${rights}${part.text}${was === '' ? '' : ` (${was})`}`, {
    part: part.kind,
    first: part.first,
    bytes: part.sizeBytes,
  });
  const to = part.pfn === undefined ? '' : `, pfn ${hexPfn(part.pfn)}`;
  const since = was === '' ? '' : `; ${was}`;
  return {
    key: `part/${part.first}`,
    label: `${part.first} to ${part.last}, ${bytesText(part.sizeBytes)}: ${rights}${part.text}${to}${since}`,
    box,
    selected: isLit,
    press: () => press.part(part),
  };
}

function paintGone(painter: Painter, part: PartBody, box: Box) {
  const { palette } = painter;
  painter.rect(
    { x: box.x, y: box.y + 1, width: box.width, height: box.height - 2 },
    { stroke: palette.changed, strokeWidth: 1.5, dash: '4 3', radius: 3 },
  );
  const text = `gone: ${part.text}`;
  paintLine(painter, part, box, palette.muted, text, { gone: part.first });
  return {
    key: `gone/${part.first}`,
    label: `${part.first} to ${part.last}, ${bytesText(part.sizeBytes)}: ${text}`,
    box,
  };
}

function paintLine(
  painter: Painter,
  { first, sizeBytes }: PartBody,
  box: Box,
  color: Rgb,
  text: string,
  data: Readonly<Record<string, string | number>>,
): void {
  const at = box.y + 14;
  painter.text(box.x + 12, at, first, { mono: true, size: 11, color, data });
  const sizeX = box.x + 12 + painter.widthOf(first, { mono: true, size: 11 }) + 70;
  painter.text(sizeX, at, bytesText(sizeBytes), { size: 11, anchor: 'end', color });
  painter.text(sizeX + 10, at, text, {
    size: 11,
    color,
    maxWidth: Math.max(20, box.x + box.width - sizeX - 14),
  });
}

/** `new`, `was slot 3: free`; '' of what is as it was. Beyond the last one known nothing can be said. */
function wasText(part: PartBody, before: readonly PartBody[]): string {
  const known = before.at(-1);
  if (known === undefined || BigInt(part.first) > BigInt(known.last)) return '';
  const same = before.find(({ first }) => first === part.first);
  if (same === undefined) return 'new';
  if (same.last !== part.last) return `was ${bytesText(same.sizeBytes)}: ${same.text}`;
  const [old, now] = [same, part].map(({ text, rights = '' }) => `${rights} ${text}`.trim());
  return old === now ? '' : `was ${old ?? ''}`;
}

/** Not gaps: nothing that was has gone with them. */
function goneParts(parts: readonly PartBody[], before: readonly PartBody[]): readonly PartBody[] {
  const known = parts.at(-1);
  const now = new Set(parts.map(({ first }) => first));
  return before.filter(
    ({ first, kind }) =>
      kind !== 'gap' &&
      kind !== 'guard' &&
      !now.has(first) &&
      (known === undefined || BigInt(first) <= BigInt(known.last)),
  );
}
