/** The end of a walk: the page with the offset in it, what has gone wrong, the CPUs that have the address in their TLB. */
import type {
  FaultBody,
  PageBody,
  TlbHit,
  WalkBody,
} from '../../../src/engine/view/atlas/pageWalk.js';
import type { Painter, TextLook } from '../../board/painter.js';
import type { Item } from '../../board/scene.js';
import { wrapped } from '../../board/wrapped.js';
import { bytesText, hexPfn } from '../../text.js';
import { TABLE_TOP, type Column } from './walkColumns.js';

interface Painted {
  readonly item: Item;
  readonly bottom: number;
}

/** @param before where the walk ended at the time that is compared with */
export function paintEnd(
  painter: Painter,
  body: WalkBody,
  before: WalkBody | undefined,
  column: Column,
  press: (pfn: number) => void,
): { readonly items: readonly Item[]; readonly bottom: number } {
  const { page, fault, tlb } = body;
  const items: Item[] = [];
  let y = TABLE_TOP;
  const put = ({ item, bottom }: Painted): void => {
    items.push(item);
    y = bottom;
  };
  if (page !== undefined) put(paintPage(painter, page, column, y, press));
  if (fault !== undefined) put(paintFault(painter, fault, column, y));
  if (before !== undefined && endText(before) !== endText(body))
    put(paintBefore(painter, before, column, y));
  for (const hit of tlb) put(paintHit(painter, hit, column, y));
  return { items, bottom: y };
}

/** What makes one end differ from another. */
const endText = ({ page, fault }: Pick<WalkBody, 'page' | 'fault'>): string =>
  page === undefined
    ? (fault?.kind ?? 'nothing')
    : `page ${page.pagePhys}, ${page.rights}${page.user ? ' user' : ''}`;

function paintBefore(painter: Painter, before: WalkBody, column: Column, top: number): Painted {
  const { palette } = painter;
  const box = { x: column.x, y: top, width: column.width, height: 22 };
  const text = `was ${endText(before)}`;
  painter.rect(box, { stroke: palette.changed, strokeWidth: 1.5, dash: '4 3', radius: 4 });
  painter.text(box.x + 8, box.y + 15, text, {
    size: 11,
    maxWidth: box.width - 16,
    data: { was: endText(before) },
  });
  return { item: { key: 'end-before', label: text, box }, bottom: top + 32 };
}

function paintHit(painter: Painter, hit: TlbHit, column: Column, y: number): Painted {
  const { palette } = painter;
  const stale = hit.stale !== undefined;
  const text = `${stale ? 'stale ' : ''}in the TLB of CPU ${hit.cpu}`;
  const look = { size: 11.5 };
  const fits = painter.widthOf(text, look) <= column.width - 16;
  painter.circle(
    column.x + 6,
    y + 8,
    4,
    stale ? { stroke: palette.error, strokeWidth: 2 } : { fill: palette.foreground },
  );
  painter.text(column.x + 16, y + 12, fits ? text : `${stale ? 'stale in ' : ''}TLB ${hit.cpu}`, {
    ...look,
    color: stale ? palette.error : palette.foreground,
    maxWidth: column.width - 16,
    data: { tlb: hit.cpu },
  });
  const box = { x: column.x, y, width: column.width, height: 16 };
  const label = `${text}: ${hit.stale ?? hit.phys}`;
  return { item: { key: `tlb/${hit.cpu}`, label, box }, bottom: y + 20 };
}

function paintPage(
  painter: Painter,
  page: PageBody,
  column: Column,
  top: number,
  press: (pfn: number) => void,
): Painted {
  const fill = painter.tint(column.color, 0.28);
  const color = painter.inkOn(fill);
  const box = { x: column.x, y: top, width: column.width, height: 92 };
  painter.rect(box, {
    fill,
    stroke: column.color,
    radius: 4,
    data: { page: page.phys, pfn: page.pfn },
  });
  const line = (y: number, text: string, look: TextLook): void =>
    void painter.text(box.x + 8, box.y + y, text, { ...look, color, maxWidth });
  const maxWidth = column.width - 16;
  const sum = `page ${page.pagePhys} + ${page.offset}`;
  const rights = `${page.rights} ${page.user ? 'user and kernel' : 'kernel only'}`;
  const frame = `pfn ${hexPfn(page.pfn)}`;
  /** The first that is not too wide. */
  const fitting = (texts: readonly string[], look: TextLook): string =>
    texts.find((text) => painter.widthOf(text, look) <= maxWidth) ?? '';
  const more = [
    page.dirty ? 'dirty' : 'clean',
    ...(page.global ? ['global'] : []),
    page.memoryType ?? '',
  ];
  line(19, page.phys, { mono: true, bold: true });
  const small = { mono: true, size: 11 };
  line(36, fitting([sum, `+ ${page.offset}`], small), small);
  const short = `${page.rights} ${page.user ? 'user' : 'kernel'}`;
  const look = { size: 11.5 };
  line(53, fitting([`${rights}, ${bytesText(page.pageSize)}`, rights, short], look), look);
  line(69, more.filter((text) => text !== '').join(', '), { size: 11.5 });
  const bold = { ...small, bold: true };
  line(85, fitting([`${frame} \u2192`, frame, hexPfn(page.pfn)], bold), bold);
  const item: Item = {
    key: 'page',
    label: `physical ${page.phys}: ${sum}; ${rights}; pfn ${hexPfn(page.pfn)}\nEnter shows the frame on the map of physical memory`,
    box,
    press: () => press(page.pfn),
  };
  return { item, bottom: box.y + box.height + 10 };
}

function paintFault(painter: Painter, fault: FaultBody, column: Column, top: number): Painted {
  const { palette } = painter;
  const lines = wrapped(painter, fault.reason, column.width - 16, 11.5);
  const code =
    fault.errorCode === undefined
      ? []
      : wrapped(
          painter,
          `error code ${fault.errorCode} (${fault.errorText ?? ''})`,
          column.width - 16,
          11.5,
        );
  const cr2 = fault.cr2 === undefined ? [] : [`CR2 ${fault.cr2}`];
  // The title of the walk has the address.
  const fits = cr2.every((line) => painter.widthOf(line, { size: 11.5 }) <= column.width - 16);
  const facts = [...lines, ...(fits ? cr2 : []), ...code].slice(0, 9);
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
  const label = [fault.kind, fault.reason, ...cr2, code.join(' ')].join('\n');
  return { item: { key: 'fault', label, box }, bottom: box.y + box.height + 10 };
}
