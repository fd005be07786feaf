/** Every virtual address of the selected frame, each with a line to the frame. */
import type { AliasesBody, AliasBody } from '../../../src/engine/view/atlas/virtual.js';
import { pageKindCode } from '../../../src/engine/view/pageState.js';
import { Painter } from '../../board/painter.js';
import type { Item, Row, Scene } from '../../board/scene.js';
import { wrapped } from '../../board/wrapped.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, countText, hexPfn } from '../../text.js';

export interface AliasPresses {
  readonly alias: (alias: AliasBody) => void;
  readonly frame: (pfn: number) => void;
}

const MARGIN = 12;
const ROW = 40;
/** Of what the frame is. */
const MOST_LINES = 9;

/** @param text what the frame is @param isWide of 64 bit: all of its memory has an address */
export function paintAliases(
  { pfn, aliases, more }: AliasesBody,
  text: string,
  palette: Palette,
  width: number,
  press: AliasPresses,
  isWide = false,
): Scene {
  const painter = new Painter(palette, 'aliases');
  const inner = width - 2 * MARGIN;
  const rows: Row[] = [];
  const count = aliases.length + more;
  const title =
    count === 0
      ? 'No address reaches'
      : count === 1
        ? '1 address reaches'
        : `${countText(count)} addresses reach`;
  painter.text(MARGIN, 24, title, { bold: true, data: { aliases: count } });
  // Its number stands above it.
  const what = text.replace(`pfn ${hexPfn(pfn)}: `, '');
  const all = wrapped(painter, what, inner - 16, 11);
  const lines = all.slice(0, MOST_LINES);
  if (all.length > MOST_LINES) lines.push(`${lines.pop() ?? ''} \u2026`);
  const frame = { x: MARGIN, y: 34, width: inner, height: 30 + lines.length * 14 };
  const color = palette.kinds[pageKindCode('free')] ?? palette.foreground;
  const fill = painter.tint(color, 0.28);
  const ink = painter.inkOn(fill);
  painter.rect(frame, {
    fill,
    stroke: palette.focus,
    strokeWidth: 2,
    radius: 4,
    data: { frame: pfn },
  });
  painter.text(frame.x + 8, frame.y + 18, `pfn ${hexPfn(pfn)} →`, {
    mono: true,
    bold: true,
    color: ink,
  });
  lines.forEach((line, i) =>
    painter.text(frame.x + 8, frame.y + 34 + i * 14, line, {
      size: 11,
      color: ink,
      maxWidth: inner - 16,
    }),
  );
  rows.push([
    {
      key: 'frame',
      label: `pfn ${hexPfn(pfn)}: ${text}\nEnter shows it on the map of physical memory`,
      box: frame,
      press: () => press.frame(pfn),
    },
  ]);
  const spine = MARGIN + 8;
  let y = frame.y + frame.height + 14;
  for (const alias of aliases) {
    const box = { x: MARGIN + 20, y, width: inner - 20, height: ROW - 6 };
    const middle = y + box.height / 2;
    painter.path(`M${box.x} ${middle}H${spine}V${frame.y + frame.height + 7}`, {
      stroke: palette.focus,
      strokeWidth: 1.5,
      data: { line: alias.address, pfn },
    });
    const row = painter.tint(palette.foreground, 0.05);
    painter.rect(box, {
      fill: row,
      radius: 3,
      data: { alias: alias.address },
    });
    painter.text(box.x + 7, y + 14, alias.address, {
      mono: true,
      size: 11.5,
      maxWidth: box.width - 14,
    });
    const whose = alias.space === 'kernel' ? '' : `${alias.space}, `;
    const how = `${whose}${alias.region}, ${alias.rights}${alias.user ? ' user' : ''}, ${bytesText(alias.pageSize)}`;
    painter.text(box.x + 7, y + 28, how, {
      size: 10.5,
      color: painter.mutedOn(row),
      maxWidth: box.width - 14,
    });
    const item: Item = {
      key: `alias/${alias.space}/${alias.address}`,
      label: `${alias.address}: ${how}`,
      box,
      press: () => press.alias(alias),
    };
    rows.push([item]);
    y += ROW;
  }
  if (count > 0) painter.arrowHead(spine, frame.y + frame.height + 2, -90, palette.focus);
  if (more > 0) {
    painter.text(MARGIN + 20, y + 12, `and ${countText(more)} more`, { color: palette.muted });
    y += 20;
  }
  if (count === 0) {
    const none = isWide
      ? 'No table that is known here leads to it.'
      : 'No table leads here: of highmem that is not mapped, only kmap() makes one.';
    wrapped(painter, none, inner, 11).forEach((line) => {
      painter.text(MARGIN, y + 10, line, { size: 11, color: palette.muted });
      y += 15;
    });
  }
  return { width, height: y + MARGIN, nodes: painter.nodes, rows };
}
