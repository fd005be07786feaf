/** Caches as shelves, one below the other: how much of each is in use. */
import type { CacheBody, CachesBody } from '../../../src/engine/view/atlas/caches.js';
import { counted } from '../../../src/engine/view/counted.js';
import { pageKindCode } from '../../../src/engine/view/pageState.js';
import { Painter } from '../../board/painter.js';
import type { Item, Row, Scene } from '../../board/scene.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, countText } from '../../text.js';

export interface ShelfModel {
  readonly body: CachesBody;
  /** Objects in use at the stop before, or at the time compared with, by the cache's address. */
  readonly before: ReadonlyMap<string, number>;
  /** Which of them: `the last stop`. */
  readonly since: string;
  /** Address of the cache that is open. */
  readonly open: string | undefined;
  /** Name of the cache of the selection. */
  readonly lit: string | undefined;
  /** Part of the names that are shown. */
  readonly filter: string;
}

const MARGIN = 10;
const ROW = 36;

export function paintShelves(
  { body, before, since, open, lit, filter }: ShelfModel,
  palette: Palette,
  width: number,
  press: (cache: CacheBody) => void,
): Scene {
  const painter = new Painter(palette, 'shelves');
  const rows: Row[] = [];
  const inner = width - 2 * MARGIN;
  let y = MARGIN;
  const shown = body.caches.filter(({ name }) => name.includes(filter));
  const all = countText(body.caches.length);
  const count = shown.length === body.caches.length ? all : `${countText(shown.length)} of ${all}`;
  const title = `${body.allocator ?? 'no slab allocator'}, ${counted(count, 'cache')}`;
  painter.text(MARGIN, y + 12, title, { color: palette.muted, maxWidth: inner });
  y += 24;
  for (const cache of shown) {
    const box = { x: MARGIN, y, width: inner, height: ROW - 3 };
    rows.push([paintShelf(painter, cache, box, { before, since, open, lit, press })]);
    y += ROW;
  }
  if (shown.length === 0) {
    painter.text(MARGIN, y + 12, 'No cache has such a name.', { color: palette.muted });
    y += 20;
  }
  return { width, height: y + MARGIN, nodes: painter.nodes, rows };
}

interface ShelfLook {
  readonly since: string;
  readonly before: ReadonlyMap<string, number>;
  readonly open: string | undefined;
  readonly lit: string | undefined;
  readonly press: (cache: CacheBody) => void;
}

function paintShelf(
  painter: Painter,
  cache: CacheBody,
  box: Item['box'],
  { before, since, open, lit, press }: ShelfLook,
): Item {
  const { palette } = painter;
  const slab = palette.kinds[pageKindCode('slab')] ?? palette.foreground;
  const { name, used, total, objectBytes, sizeBytes, nrSlabs, address, unreadable } = cache;
  const isOpen = address === open;
  const was = before.get(address);
  const delta = was === undefined ? 0 : used - was;
  painter.rect(box, {
    fill: painter.tint(isOpen ? slab : palette.foreground, isOpen ? 0.22 : 0.045),
    radius: 4,
    ...(isOpen || lit === name
      ? { stroke: palette.focus, strokeWidth: 2 }
      : delta !== 0
        ? { stroke: palette.changed, strokeWidth: 1.5 }
        : {}),
    data: { cache: name, used, total, ...(delta !== 0 && { changed: delta }) },
  });
  const deltaText =
    delta === 0 ? '' : delta > 0 ? `+${countText(delta)}` : `\u2212${countText(-delta)}`;
  const counts = `${countText(used)} / ${countText(total)}`;
  const wide = painter.widthOf(counts, { size: 11.5 });
  painter.text(box.x + 8, box.y + 14, name, {
    bold: true,
    maxWidth: box.width - 8 - wide - (deltaText === '' ? 14 : 52),
    data: { name },
  });
  if (deltaText !== '')
    painter.text(box.x + box.width - wide - 16, box.y + 14, deltaText, {
      bold: true,
      size: 11,
      anchor: 'end',
      color: palette.changed,
    });
  painter.text(box.x + box.width - 8, box.y + 14, counts, { size: 11.5, anchor: 'end' });
  const bar = { x: box.x + 8, y: box.y + 21, width: box.width - 16, height: 5 };
  painter.rect(bar, { fill: painter.tint(palette.foreground, 0.12), radius: 2.5 });
  if (total > 0)
    painter.rect({ ...bar, width: (bar.width * used) / total }, { fill: slab, radius: 2.5 });
  const label = [
    `${name}: ${countText(used)} of ${counted(countText(total), 'object')} in use${deltaText === '' ? '' : `, ${deltaText} since ${since}`}`,
    `objects of ${bytesText(objectBytes)}${sizeBytes === objectBytes ? '' : `, ${counted(sizeBytes, 'byte')} from one to the next`}`,
    `${counted(countText(nrSlabs), 'slab')} of order ${cache.order}, ${counted(cache.objectsPerSlab, 'object')} each`,
    ...(unreadable === undefined ? [] : [`cannot be read: ${unreadable}`]),
  ].join('\n');
  return { key: address, label, box, selected: isOpen, press: () => press(cache) };
}
