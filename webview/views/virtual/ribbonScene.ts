/**
 * The whole address space on one ribbon, 0 at the top, holes folded. The height of a region grows with the logarithm of its size;
 * marks at its edge stand where they are in it.
 */
import type {
  RegionBody,
  TlbEntryBody,
  VirtualBody,
} from '../../../src/engine/view/atlas/virtual.js';
import { counted } from '../../../src/engine/view/counted.js';
import { Painter } from '../../board/painter.js';
import type { Box, Item, Row, Scene } from '../../board/scene.js';
import type { Palette } from '../../draw/palette.js';
import { wrapped } from '../../board/wrapped.js';
import { bytesText } from '../../text.js';
import { holds } from './pageWindow.js';
import { regionColor } from './regionColors.js';

const MARGIN = 12;
const FOLD = 24;
const BORDER = 26;
const BORDER_LINE = 14;
/** Room at the right edge for marks. */
const MARKS = 22;

export interface RibbonModel {
  readonly body: VirtualBody;
  /** The same at the time that is compared with, or at the last stop. */
  readonly before: VirtualBody | undefined;
  /** Id of the region that is open. */
  readonly chosen: string | undefined;
  /** Addresses that lead to the frame of the selection, and the one that is selected. */
  readonly lit: readonly string[];
}

export interface RibbonPresses {
  readonly region: (id: string) => void;
  readonly border: () => void;
}

export function paintRibbon(
  { body, before, chosen, lit }: RibbonModel,
  palette: Palette,
  width: number,
  press: RibbonPresses,
): Scene {
  const painter = new Painter(palette, 'ribbon');
  const rows: Row[] = [];
  let y = MARGIN;
  for (const region of body.regions) {
    const height = heightOf(region);
    const box = { x: MARGIN, y, width: width - 2 * MARGIN - MARKS, height };
    const isOpen = region.id === chosen;
    const color = regionColor(palette, region.kind);
    const was = before === undefined ? '' : changeOf(region, before);
    if (color === undefined) paintFold(painter, region, box);
    else {
      paintRegion(painter, region, box, isOpen);
      if (was !== '') paintChange(painter, region, box, was);
      paintMarks(painter, region, box, body.tlb, lit);
    }
    const item: Item = {
      key: region.id,
      label: () => regionLabel(region, body.tlb, lit, was),
      box,
      selected: isOpen,
      press: () => press.region(region.id),
    };
    rows.push([item]);
    y += height + 3;
    if (body.border !== undefined && endsAt(region, body.border.at)) {
      const at = { x: MARGIN, y, width: width - 2 * MARGIN - MARKS };
      const border = paintBorder(painter, body, at, press.border);
      rows.push([border]);
      y += border.box.height + 3;
    }
  }
  return { width, height: y + MARGIN, nodes: painter.nodes, rows };
}

/** 4 KiB has 34 px, and each doubling a little more. */
function heightOf({ kind, sizeBytes }: RegionBody): number {
  if (kind === 'hole' || kind === 'nonCanonical') return FOLD;
  return Math.round(Math.min(96, 34 + Math.max(0, Math.log2(sizeBytes / 4096)) * 2.1));
}

const endsAt = ({ last, kind }: RegionBody, at: string): boolean =>
  (kind === 'directMap' || kind === 'kernelImage') && BigInt(last) + 1n === BigInt(at);

/** Torn paper: nothing is here, however much of it. */
function paintFold(painter: Painter, region: RegionBody, { x, y, width, height }: Box): void {
  const { palette } = painter;
  const color = painter.tint(palette.foreground, 0.35);
  const teeth = (top: number): string => {
    const step = 7;
    let d = `M${x} ${top}`;
    for (let i = 0; i * step < width; i++)
      d += `l${Math.min(step, width - i * step)} ${i % 2 === 0 ? 3.5 : -3.5}`;
    return d;
  };
  painter.path(teeth(y + 2), { stroke: color, data: { region: region.id, fold: region.kind } });
  painter.path(teeth(y + height - 6), { stroke: color });
  // More than a number says: what 16 EiB have beside the two halves.
  const size = region.kind === 'nonCanonical' ? 'nearly 16 EiB' : bytesText(region.sizeBytes);
  const text = `${region.title}, ${size}`;
  painter.text(x + width / 2, y + height / 2 + 3.5, text, {
    size: 10.5,
    anchor: 'middle',
    color: palette.muted,
    maxWidth: width - 8,
  });
}

function paintRegion(painter: Painter, region: RegionBody, box: Box, isOpen: boolean): void {
  const { palette } = painter;
  const color = regionColor(palette, region.kind) ?? palette.foreground;
  const fill = painter.tint(color, isOpen ? 0.5 : 0.26);
  const ink = painter.inkOn(fill);
  painter.rect(box, {
    fill,
    radius: 4,
    stroke: isOpen ? palette.focus : painter.tint(color, 0.6),
    strokeWidth: isOpen ? 2 : 1,
    data: { region: region.id, kind: region.kind, first: region.first, last: region.last },
  });
  const share = Math.min(1, (region.mappedBytes ?? 0) / region.sizeBytes);
  const bar = { x: box.x + 4, y: box.y + 4, width: 4, height: box.height - 8 };
  painter.rect(bar, { fill: painter.tint(palette.foreground, 0.14), radius: 2 });
  // What is mapped is often a thousandth: any is to be seen.
  const mapped = share === 0 ? 0 : Math.max(3, bar.height * share);
  painter.rect(
    { ...bar, height: mapped },
    { fill: color, radius: 2, data: { mapped: region.mappedBytes ?? 0 } },
  );
  const left = box.x + 15;
  const inner = box.width - 22;
  painter.text(left, box.y + 15, region.title, { bold: true, color: ink, maxWidth: inner });
  // An address that is cut off says nothing.
  const beside = inner - painter.widthOf(region.title, { bold: true }) - 8;
  const address = { mono: true, size: 10.5 } as const;
  if (painter.widthOf(region.first, address) <= beside)
    painter.text(box.x + box.width - 7, box.y + 15, region.first, {
      ...address,
      anchor: 'end',
      color: ink,
    });
  const size = bytesText(region.sizeBytes);
  const how = region.mappings[0];
  const rights =
    how === undefined
      ? ''
      : ` · ${how.rights}${how.user ? ' user' : ''} ${bytesText(how.pageSize)}`;
  const mappedText = region.mappedBytes === undefined ? '' : mappedOf(region.mappedBytes, region);
  const facts = [
    ...wrapped(painter, `${size}${mappedText}${rights}`, inner, 11),
    ...(region.nrParts > 0 ? wrapped(painter, partsText(region), inner, 11) : []),
  ];
  // As many lines as the box has room for.
  facts
    .slice(0, Math.max(1, Math.floor((box.height - 22) / 14)))
    .forEach((line, i) =>
      painter.text(left, box.y + 29 + i * 14, line, { size: 11, color: ink, maxWidth: inner }),
    );
}

function mappedOf(mapped: number, { sizeBytes, unreadBytes }: RegionBody): string {
  if (mapped === sizeBytes) return ', all mapped';
  if (unreadBytes === undefined)
    return mapped === 0 ? ', nothing mapped' : `, ${bytesText(mapped)} mapped`;
  // Tables that a dump lacks say neither yes nor no.
  return mapped === 0 ? ', tables not in the dump' : `, at least ${bytesText(mapped)} mapped`;
}

const PART_NAMES: Readonly<Partial<Record<RegionBody['kind'], string>>> = {
  vmalloc: 'areas, guard pages and gaps',
  pkmap: 'slots',
  fixmap: 'slots',
  user: 'mappings',
  kernelImage: 'sections',
  modules: 'areas',
  cpuEntryArea: 'mapped ranges',
  unnamed: 'mapped ranges',
};

const partsText = ({ kind, nrParts }: RegionBody): string =>
  nrParts === 1 ? '1 stretch' : `${nrParts.toLocaleString('en')} ${PART_NAMES[kind] ?? 'parts'}`;

/** TLB entries as dots, hollow and red when stale; aliases as pointers: both where they are in the region. */
function paintMarks(
  painter: Painter,
  region: RegionBody,
  box: Box,
  tlb: readonly TlbEntryBody[],
  lit: readonly string[],
): void {
  const { palette } = painter;
  const yOf = (address: string): number => {
    const offset = Number(BigInt(address) - BigInt(region.first));
    return box.y + 3 + (box.height - 6) * Math.min(1, offset / region.sizeBytes);
  };
  const x = box.x + box.width;
  const seen = new Set<number>();
  for (const entry of tlb) {
    if (!holds(region, entry.first)) continue;
    const y = Math.round(yOf(entry.first));
    const stale = entry.stale !== undefined;
    if (seen.has(y) && !stale) continue;
    seen.add(y);
    painter.circle(x + 16, y, stale ? 3.5 : 2.5, {
      ...(stale ? { stroke: palette.error, strokeWidth: 2 } : { fill: palette.foreground }),
      data: { tlb: entry.first, stale: stale ? 1 : 0 },
    });
  }
  for (const address of lit) {
    if (!holds(region, address)) continue;
    const y = yOf(address);
    painter.path(`M${x + 1} ${y}l9 -5v10z`, { fill: palette.focus, data: { alias: address } });
    // At both edges: between them is text.
    painter.line(box.x + 2, y, box.x + 12, y, { color: palette.focus, width: 2 });
    painter.line(box.x + box.width - 5, y, x, y, { color: palette.focus, width: 2 });
  }
}

/** Where lowmem ends, in numbers. */
function paintBorder(
  painter: Painter,
  body: VirtualBody,
  place: Omit<Box, 'height'>,
  press: () => void,
): Item {
  const { palette } = painter;
  const { at, lowmemBytes, highmemBytes, maxLowmemBytes } = body.border ?? {
    at: '',
    lowmemBytes: 0,
    highmemBytes: 0,
    maxLowmemBytes: 0,
  };
  const title = `lowmem ends: ${bytesText(lowmemBytes)} of at most ${bytesText(maxLowmemBytes)}`;
  const isWide = painter.widthOf(title, { bold: true, size: 11.5 }) <= place.width - 8;
  const high =
    highmemBytes > 0
      ? `${bytesText(highmemBytes)} above it are highmem, mapped by kmap() alone`
      : 'no highmem: all memory is in the direct map';
  const lines = wrapped(
    painter,
    isWide ? high : `${title.slice(title.indexOf(':') + 2)}; ${high}`,
    place.width - 8,
    11,
  );
  const box = { ...place, height: BORDER + lines.length * BORDER_LINE };
  painter.line(box.x, box.y + 3, box.x + box.width, box.y + 3, {
    color: palette.changed,
    width: 2,
    dash: '6 4',
  });
  painter.text(box.x + 4, box.y + 19, isWide ? title : 'lowmem ends', {
    bold: true,
    size: 11.5,
    maxWidth: box.width - 8,
    data: { border: at, lowmem: lowmemBytes, highmem: highmemBytes },
  });
  lines.forEach((line, i) =>
    painter.text(box.x + 4, box.y + 33 + i * BORDER_LINE, line, { size: 11, color: palette.muted }),
  );
  return {
    key: 'border',
    label: `${title}\n${high}\n${bordersum(body)}`,
    box,
    press,
  };
}

const bordersum = ({ border }: VirtualBody): string =>
  (border?.terms ?? [])
    .map(({ name, bytes }) => `${name}: ${bytesText(Math.abs(bytes))}`)
    .join('\n');

/** `4 KiB more mapped`; '' of a region that is as it was. */
function changeOf(region: RegionBody, { regions }: VirtualBody): string {
  const old = regions.find(({ id }) => id === region.id);
  if (old === undefined) return 'new';
  const more = (region.mappedBytes ?? 0) - (old.mappedBytes ?? 0);
  const parts = region.nrParts - old.nrParts;
  const texts = [
    ...(more === 0 ? [] : [`${bytesText(Math.abs(more))} ${more > 0 ? 'more' : 'less'} mapped`]),
    ...(parts === 0
      ? []
      : [
          `${Math.abs(parts)} ${parts > 0 ? 'more' : 'fewer'} ${PART_NAMES[region.kind] ?? 'parts'}`,
        ]),
  ];
  if (texts.length > 0) return texts.join(', ');
  return mappingsText(region) === mappingsText(old) ? '' : 'mapped otherwise';
}

const mappingsText = ({ mappings }: RegionBody): string =>
  mappings
    .map(({ rights, user, pageSize, bytes }) => [rights, user, pageSize, bytes].join())
    .join(';');

function paintChange(painter: Painter, { id }: RegionBody, box: Box, was: string): void {
  const { changed } = painter.palette;
  const { x, y, width, height } = box;
  painter.rect(
    { x: x + 2, y: y + 2, width: width - 4, height: height - 4 },
    { stroke: changed, strokeWidth: 1.5, dash: '5 3', radius: 3, data: { differs: id, was } },
  );
}

function regionLabel(
  region: RegionBody,
  tlb: readonly TlbEntryBody[],
  lit: readonly string[],
  was: string,
): string {
  const mappings = region.mappings.map(
    ({ rights, user, pageSize, bytes }) =>
      `${rights}${user ? ' user' : ''}, ${bytesText(pageSize)} pages: ${bytesText(bytes)}`,
  );
  const cached = tlb.filter(({ first }) => holds(region, first));
  const stale = cached.filter((entry) => entry.stale !== undefined);
  const aliases = lit.filter((address) => holds(region, address));
  return [
    `${region.title}, ${region.first} to ${region.last}, ${bytesText(region.sizeBytes)}`,
    region.purpose,
    ...(was === '' ? [] : [was]),
    ...mappings,
    ...(region.nrParts > 0 ? [partsText(region)] : []),
    ...(cached.length > 0 ? [`${counted(cached.length, 'page')} in a TLB`] : []),
    ...stale.map((entry) => `stale: ${entry.stale ?? ''}`),
    ...aliases.map((address) => `${address} leads to the selected frame`),
  ].join('\n');
}
