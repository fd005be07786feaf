/** The blocks of one list in list order, as chips that can be pressed; the first is taken next. */
import type { FreeBlocksBody } from '../../../src/engine/view/atlas/freeAreas.js';
import { pageKindCode } from '../../../src/engine/view/pageState.js';
import { Painter } from '../../board/painter.js';
import type { Item, Scene } from '../../board/scene.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, countText, hexPfn } from '../../text.js';

export interface ListModel {
  /** `DMA32, order 3, Movable` */
  readonly title: string;
  readonly blocks: FreeBlocksBody;
  /** Frames of the selection. */
  readonly lit: number | undefined;
}

export interface ListPresses {
  readonly block: (pfn: number) => void;
  readonly more: () => void;
  readonly close: () => void;
}

const MARGIN = 12;
const CHIP = { width: 104, height: 26, gap: 6 };

export function paintList(
  { title, blocks, lit }: ListModel,
  palette: Palette,
  width: number,
  press: ListPresses,
): Scene {
  const painter = new Painter(palette, 'list');
  const { pfns, order, more, broken } = blocks;
  painter.text(MARGIN, 24, title, { bold: true, maxWidth: width - 2 * MARGIN - 54 });
  const close = { x: width - MARGIN - 46, y: 8, width: 46, height: 22 };
  painter.text(close.x + close.width / 2, 23, 'Close', { anchor: 'middle', size: 11.5 });
  painter.rect(close, { stroke: painter.tint(palette.foreground, 0.35), radius: 3 });
  const count =
    pfns.length === 1 ? '1 block' : `${countText(pfns.length)}${more ? '+' : ''} blocks`;
  const size = bytesText(4096 * 2 ** order);
  painter.text(MARGIN, 42, `${count} of ${size}, head first`, { size: 11.5, color: palette.muted });
  const perRow = Math.max(1, Math.floor((width - 2 * MARGIN + CHIP.gap) / (CHIP.width + CHIP.gap)));
  const chip = (width - 2 * MARGIN - (perRow - 1) * CHIP.gap) / perRow;
  const free = palette.kinds[pageKindCode('free')] ?? palette.foreground;
  const rows: Item[][] = [
    [{ key: 'close', label: 'Close the list', box: close, press: press.close }],
  ];
  let y = 56;
  pfns.forEach((pfn, i) => {
    const box = {
      x: MARGIN + (i % perRow) * (chip + CHIP.gap),
      y: 56 + Math.floor(i / perRow) * (CHIP.height + CHIP.gap),
      width: chip,
      height: CHIP.height,
    };
    y = box.y + CHIP.height + CHIP.gap;
    const isLit = lit !== undefined && lit >= pfn && lit < pfn + 2 ** order;
    const fill = painter.tint(free, i === 0 ? 0.5 : 0.22);
    painter.rect(box, {
      fill,
      radius: 4,
      ...(isLit && { stroke: palette.focus, strokeWidth: 2 }),
      data: { block: pfn, position: i, ...(isLit && { lit: hexPfn(pfn) }) },
    });
    painter.text(box.x + 7, box.y + 17, i === 0 ? 'next' : `${i}`, {
      size: 10.5,
      color: painter.inkOn(fill),
    });
    painter.text(box.x + box.width - 7, box.y + 17, hexPfn(pfn), {
      mono: true,
      anchor: 'end',
      color: painter.inkOn(fill),
    });
    const place = i === 0 ? 'at the head: taken next' : `position ${i}`;
    const item: Item = {
      key: `block/${pfn}`,
      label: `pfn ${hexPfn(pfn)}, order ${order}, ${place}`,
      box,
      selected: isLit,
      press: () => press.block(pfn),
      watch: { add: `*pfn_to_page(${hexPfn(pfn)})` },
    };
    if (i % perRow === 0) rows.push([item]);
    else rows.at(-1)?.push(item);
  });
  if (pfns.length === 0)
    painter.text(MARGIN, (y += 14), 'The list is empty.', { color: palette.muted });
  if (broken !== undefined)
    painter.text(MARGIN, (y += 18), `Broken: ${broken}`, { color: palette.error });
  if (more) {
    const box = { x: MARGIN, y: y + 4, width: width - 2 * MARGIN, height: 28 };
    painter.rect(box, { stroke: painter.tint(palette.foreground, 0.35), radius: 3 });
    painter.text(width / 2, box.y + 19, 'More blocks', { anchor: 'middle' });
    rows.push([{ key: 'more', label: 'More blocks', box, press: press.more }]);
    y = box.y + box.height;
  }
  return { width, height: y + MARGIN, nodes: painter.nodes, rows };
}
