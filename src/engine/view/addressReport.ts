/**
 * The whole answer about one address: its kind, where it leads and through which entries, the verdict of the conversions, and
 * where the page behind it is now. Without a machine that runs, what its layout alone decides.
 */
import {
  asPfn,
  asPhys,
  asVirt,
  formatAddress,
  hexText,
  PAGE_SIZE,
  phys_to_pfn,
  type VirtAddr,
} from '../memory/address.js';
import { formatPointer } from '../types/format.js';
import { entryHex, flagText } from '../x86/formats.js';
import type { Walk, WalkStep } from '../x86/walk.js';
import type { AddressReport, WalkReport, WalkStepReport } from './address.js';
import {
  ADDRESS_KINDS,
  isHighmem,
  kindOf,
  pfnMeant,
  pfnOfStructPage,
  physBehind,
  textOf,
  type AddressKind,
  type AddressWorld,
  type Meant,
} from './addressKind.js';
import { addressPlace, areaText } from './addressPlace.js';
import {
  argumentOf,
  endOf,
  usualVerdicts,
  verdictOf,
  type AddressUse,
  type Verdict,
} from './addressVerdict.js';
import { perCpuPointer } from './perCpuPlace.js';
import { spaceFor } from './surveyor.js';
import { vmapAreaOf } from './vmapArea.js';
import { sizeText, whereIs, type Surveyor, type WhereFact } from './whereIs.js';

export interface AskedAddress {
  readonly value: number;
  readonly meant: Meant;
  /** It has the type of a pointer: one that is small is no frame number. */
  readonly isPointer?: boolean;
  readonly use?: AddressUse | undefined;
}

/** What a running machine says. */
export function addressReport(surveyor: Surveyor, asked: AskedAddress): AddressReport {
  const { world, reader } = surveyor;
  const { value } = asked;
  const meant = asked.use === undefined ? asked.meant : argumentOf(asked.use);
  const report = layoutReport(world, { ...asked, meant });
  const va = asVirt(value);
  const walk = meant === 'virtual' ? walkReport(surveyor, va) : undefined;
  const area = report.kind === 'vmalloc' ? vmapAreaOf(reader, va) : undefined;
  // The area has a line of its own.
  const place =
    meant === 'virtual'
      ? placeOf(surveyor, asked).filter(({ name }) => area === undefined || name !== 'vmalloc area')
      : [];
  const pfn = pfnMeant(world, value, meant);
  const where =
    pfn !== undefined && pfn >= 0 && pfn < world.maxPfn
      ? whereIs(surveyor, pfn, withinOf(world, value, meant))
      : undefined;
  return {
    ...report,
    ...(area && { area: areaText(surveyor, area) }),
    ...(place.length > 0 && { place }),
    ...(walk && { walk }),
    ...(where && { where: { sentence: where.sentence, facts: where.facts } }),
  };
}

/** What the kernel's books say of an address, or of a per-CPU pointer, which is none. */
export const placeOf = (
  surveyor: Surveyor,
  { value, isPointer }: AskedAddress,
): readonly WhereFact[] =>
  isPointer === true && kindOf(surveyor.world, value, 'virtual') === 'user'
    ? perCpuPointer(surveyor, asVirt(value))
    : addressPlace(surveyor, asVirt(value));

/** What the layout of a machine alone decides: kind, linear translation, verdicts. */
export function layoutReport(world: AddressWorld, asked: AskedAddress): AddressReport {
  const { value, use } = asked;
  const meant = use === undefined ? asked.meant : argumentOf(use);
  const { profile, memmap, maxPfn } = world;
  const kind = kindOf(world, value, meant);
  const { title, meaning } = ADDRESS_KINDS[kind];
  const symbol =
    meant === 'virtual' ? /<.*>$/.exec(formatPointer(profile, asVirt(value)))?.[0] : undefined;
  const phys = physBehind(world, value, meant);
  const pfn = pfnMeant(world, value, meant);
  const hasPage = pfn !== undefined && pfn >= 0 && pfn < memmap.endPfn;
  const logical =
    pfn === undefined || pfn < 0 || pfn >= maxPfn ? undefined : logicalText(world, pfn);
  const verdicts: readonly Verdict[] =
    use === undefined ? usualVerdicts(world, value, kind) : [verdictOf(world, use, value)];
  return {
    address: textOf(world, value, meant),
    kind,
    title,
    meaning,
    ...(symbol !== undefined && { symbol }),
    ...(phys !== undefined && phys >= 0 && { phys: hexText(phys) }),
    ...(hasPage && {
      pfn,
      page: formatAddress(memmap.base + pfn * memmap.sizeofPage, profile.pointerSize),
    }),
    ...(logical !== undefined && { logical }),
    verdicts,
    otherwise: use === undefined ? otherwise(world, value, meant, kind) : [],
  };
}

function logicalText(world: AddressWorld, pfn: number): string {
  if (isHighmem(world, pfn)) return 'none (highmem)';
  const va = world.space.__va(asPhys(pfn * PAGE_SIZE));
  return formatAddress(va, world.profile.pointerSize);
}

/** The address inside the page by which the kernel knows it: what a slab object is found by. */
function withinOf(world: AddressWorld, value: number, meant: Meant): VirtAddr | undefined {
  if (meant === 'pfn') return undefined;
  if (meant === 'virtual' && pfnOfStructPage(world, asVirt(value)) !== undefined) return undefined;
  const phys = physBehind(world, value, meant);
  return phys === undefined ? undefined : world.space.virtOf(phys);
}

/** A small number may be anything: what it would be as a frame, or as a physical address. */
function otherwise(
  world: AddressWorld,
  value: number,
  meant: Meant,
  kind: AddressKind,
): readonly string[] {
  if (meant !== 'virtual' || kind !== 'user') return [];
  const texts: string[] = [];
  if (value < world.maxPfn)
    texts.push(`as a page frame number: physical ${hexText(value * PAGE_SIZE)}`);
  if (value < world.maxPfn * PAGE_SIZE)
    texts.push(`as a physical address: pfn ${hexText(phys_to_pfn(asPhys(value)))}`);
  return texts;
}

export function walkReport(surveyor: Surveyor, va: VirtAddr): WalkReport | undefined {
  const { spaces, world } = surveyor;
  const space = spaceFor(spaces, world.space, va);
  const walk = space && spaces.walk(space, va);
  if (space === undefined || walk === undefined) return undefined;
  return { space: space.name, steps: walk.steps.map(stepReport), end: endText(walk) };
}

function stepReport({ level, index, entryPhys, entry }: WalkStep): WalkStepReport {
  const size = sizeText(2 ** level.shift);
  const leadsTo = !entry.present
    ? 'nothing'
    : entry.leaf
      ? `page ${hexText(entry.phys)}, ${size}`
      : `table ${hexText(entry.phys)}`;
  return {
    level: level.name,
    index: hexText(index),
    at: hexText(entryPhys),
    value: `0x${entryHex(entry)}`,
    flags: flagText(entry),
    leadsTo,
  };
}

function endText(walk: Walk): string {
  const { page } = walk;
  if (page === undefined) return `no page: ${endOf(walk)}`;
  const { write, user, execute } = page.rights;
  const rights = [
    write ? 'writable' : 'read-only',
    user ? 'user and kernel' : 'kernel only',
    ...(execute ? ['executable'] : []),
  ].join(', ');
  return `physical ${hexText(page.phys)}, in a ${sizeText(page.pageSize)} page: ${rights}`;
}

/** The report of a page: what `where()` answers for a pointer to a struct page, a frame number or an address. */
export const pageReport = (surveyor: Surveyor, pfn: number): AddressReport =>
  addressReport(surveyor, { value: asPfn(pfn), meant: 'pfn' });
