/** One object's place, byte by byte, to scale: the object, red zones around it, the free pointer in it or behind it, tracks, padding. */
import type { CacheBody, LayoutBody } from '../../../src/engine/view/atlas/caches.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import type { Painter } from '../../board/painter.js';
import type { Box, Item, Row } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import { bytesText } from '../../text.js';

const NAMES: Readonly<Record<LayoutBody['kind'], string>> = {
  redzone: 'red zone',
  object: 'object',
  freePointer: 'free pointer',
  track: 'who allocated and freed it',
  padding: 'padding',
};
const HEIGHT = 22;
const INSIDE = { top: 16, height: 6 } as const;

export function paintLayout(
  painter: Painter,
  { sizeBytes, objectBytes }: Pick<CacheBody, 'sizeBytes' | 'objectBytes'>,
  layout: readonly LayoutBody[],
  { x, y, width }: Omit<Box, 'height'>,
): { readonly items: Row; readonly bottom: number } {
  const scale = width / Math.max(1, sizeBytes);
  const place = `One object\u2019s place: ${bytesText(sizeBytes)}, of which ${bytesText(objectBytes)} are the object`;
  painter.text(x, y + 11, place, { size: 11.5, color: painter.palette.muted, maxWidth: width });
  const top = y + 18;
  const items = layout.map((part): Item => {
    const inside = part.kind === 'freePointer' && isInside(part, layout);
    const box = {
      x: x + part.from * scale,
      y: inside ? top + INSIDE.top : top,
      width: Math.max(2, (part.to - part.from) * scale),
      height: inside ? INSIDE.height : HEIGHT,
    };
    paintPart(painter, part, box);
    return {
      key: `layout/${part.kind}/${part.from}`,
      label: `${NAMES[part.kind]}: bytes ${part.from} to ${part.to - 1}`,
      box,
    };
  });
  return { items, bottom: top + 30 };
}

/** Whether the legend is to name it: there is no room for words in it. */
export const hasFreePointerInside = (layout: readonly LayoutBody[]): boolean =>
  layout.some((part) => part.kind === 'freePointer' && isInside(part, layout));

const isInside = (part: LayoutBody, layout: readonly LayoutBody[]): boolean =>
  layout.some((other) => other !== part && part.from >= other.from && part.to <= other.to);

function paintPart(painter: Painter, part: LayoutBody, box: Box): void {
  const { palette } = painter;
  const fill = fillOf(painter, part.kind);
  painter.rect(box, {
    fill,
    stroke: painter.tint(palette.foreground, 0.35),
    radius: 2,
    data: { layout: part.kind, from: part.from, to: part.to },
  });
  if (part.kind === 'redzone')
    painter.rect(box, { fill: painter.hatch(palette.background), opacity: 0.25 });
  const name = NAMES[part.kind];
  if (box.height < HEIGHT || painter.widthOf(name, { size: 10.5 }) > box.width - 8) return;
  // In the upper part: a free pointer inside of the object lies along its lower edge.
  painter.text(box.x + box.width / 2, box.y + 11.5, name, {
    size: 10.5,
    anchor: 'middle',
    color: painter.inkOn(fill),
  });
}

function fillOf(painter: Painter, kind: LayoutBody['kind']): Rgb {
  const { kinds, foreground } = painter.palette;
  const color = (name: PageKindName): Rgb => kinds[pageKindCode(name)] ?? foreground;
  switch (kind) {
    case 'redzone':
      return color('locked');
    case 'object':
      return painter.tint(color('slab'), 0.5);
    case 'freePointer':
      return color('free');
    case 'track':
      return painter.tint(color('kernel'), 0.6);
    case 'padding':
      return painter.tint(foreground, 0.08);
  }
}
