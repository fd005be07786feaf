/**
 * Rebuilds a machine from its recorded state: mem_map, zones with their lists in the recorded order, page sets, pageblocks,
 * section tables and the globals that page allocation reads. Frames that hold none of these are zero: a state records the
 * page allocator, not the memory's contents.
 *
 * Cost: what the lists and tables need; mem_map itself is produced as it is looked at (`structPages.ts`).
 */
import { writeSettings } from '../boot/staticData.js';
import { bindZones } from '../../machine/kernel.js';
import { PhysicalMemory } from '../../memory/physical.js';
import type { TapeOptions } from '../../memory/tape.js';
import type { Profile } from '../../types/profile.js';
import { assembleImage, placeObject } from '../assemble.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { findCompounds } from './compounds.js';
import { ListLinks } from './listLinks.js';
import { placeState, type Placement } from './placement.js';
import { findState, profileOfState, type RecordedState } from './recordedState.js';
import { StructPages } from './structPages.js';
import { StateWriter } from './writeState.js';
import type { PopulatedZone } from './zonesDump.js';

export interface StateOptions {
  /** Of the kernel it was recorded on; found out from the state when absent. */
  readonly profile?: Profile;
  /** For people: the file's name. */
  readonly name?: string;
  readonly tapeOptions?: TapeOptions;
}

/** A rebuilt machine. */
export interface StateImage extends KernelImage {
  /** Words of a struct page that the state does not tell: word offset -> what they were taken to be. */
  readonly guesses: (pfn: number) => ReadonlyMap<number, number>;
}

/**
 * @param source the text of a trace, or the state found in one
 * @throws ImageError when there is no full state, or it cannot be rebuilt; TraceError when the text is no trace
 */
export function openState(source: string | RecordedState, options: StateOptions = {}): StateImage {
  const state = typeof source === 'string' ? findState([source]) : source;
  const profile = options.profile ?? profileOfState(state);
  checkAddresses(state, profile);
  const placement = placeState(state, profile);
  const image = assembleImage({
    profile,
    memory: new PhysicalMemory(placement.maxPfn),
    memmap: placement.memmap,
    linear: placement.linear,
    origin: originText(state, profile, options.name),
    source: 'state',
    maxPfn: placement.maxPfn,
    nrCpus: placement.nrCpus,
    ...(options.tapeOptions && { tapeOptions: options.tapeOptions }),
  });
  const pages = build(image, state, placement);
  return { ...image, guesses: (pfn) => pages.guesses(pfn) };
}

function originText(state: RecordedState, profile: Profile, name: string | undefined): string {
  const ram = Math.ceil(state.zones.node.present / 256);
  return `${name ?? (state.mark || 'recorded state')}: ${profile.name}, ${ram} MiB`;
}

function checkAddresses(state: RecordedState, profile: Profile): void {
  const first = state.zones.zones.find((zone) => zone.populated !== undefined);
  const node = profile.symbol('contig_page_data')?.address;
  const sizeofZone = profile.types.struct('zone')?.sizeBytes ?? 0;
  if (first?.populated === undefined) throw new ImageError('The recorded state has no zone.');
  if (first.populated.at !== (node ?? 0) + first.index * sizeofZone)
    throw new ImageError(
      `The state was not recorded on ${profile.name}: its zone ${first.name} is at another address.`,
    );
}

function build(image: KernelImage, state: RecordedState, placement: Placement): StructPages {
  const { mm, memory, tape } = image;
  const { memmap, area } = placement;
  placeObject(image, area.start, area.sizeBytes);
  const links = new ListLinks(mm, memmap.base);
  const writer = new StateWriter(image, state, placement);
  const heads = populatedZones(state).flatMap(({ zone, index }) => [
    ...links.addFreeArea(zone),
    ...zone.pcp.flatMap((pcp) => links.addPcp(writer.pagesetAddress(index, pcp.cpu), pcp)),
  ]);
  const pages = new StructPages(mm, {
    memmap: state.memmap,
    links,
    compounds: findCompounds(state.memmap, {
      headMask: mm.encoding.head_bits,
      flagsMask: (1 << mm.__NR_PAGEFLAGS) - 1,
      maxOrder: mm.MAX_ORDER - 1,
      isListed: (pfn) => links.linkOf(pfn) !== undefined,
    }),
    mapBase: memmap.base,
    freedSingly: freedSingly(state, placement, 1 << mm.PG_reserved),
    pageblockType: (pfn) => pageblockType(state, pfn) & mm.MIGRATETYPE_MASK,
    bootPageblockType: (pfn) =>
      beginsInItsZone(state, pfn) ? mm.MIGRATE_MOVABLE : mm.MIGRATE_UNMOVABLE,
  });
  for (const { startFrame, nrFrames } of memmap.extents)
    memory.addRule({ startFrame, endFrame: startFrame + nrFrames, fill: pages.fill });
  // The machine's start is not part of the history: recording begins when it is complete.
  tape.setRecording(false);
  bindZones(mm);
  writer.write(heads);
  writeSettings(mm);
  tape.setRecording(true);
  return pages;
}

function populatedZones(
  state: RecordedState,
): { readonly zone: PopulatedZone; readonly index: number }[] {
  return state.zones.zones.flatMap(({ populated, index }) =>
    populated === undefined ? [] : [{ zone: populated, index }],
  );
}

/**
 * Which pages boot freed one by one, if it freed them: highmem; the parts of the kernel image that it gives back; and what
 * lies above the last reserved page of lowmem, where boot loaders put the initial ramdisk.
 */
function freedSingly(
  { memmap }: RecordedState,
  { maxLowPfn, freed }: Placement,
  reservedMask: number,
): (pfn: number) => boolean {
  const reservedEnd = memmap.endOfFlagged(reservedMask, maxLowPfn);
  return (pfn) =>
    pfn >= reservedEnd || freed.some((part) => pfn >= part.startFrame && pfn < part.endFrame);
}

/** Whether the pageblock of `pfn` begins in the zone of `pfn`: boot makes only such blocks MIGRATE_MOVABLE. */
function beginsInItsZone(state: RecordedState, pfn: number): boolean {
  for (const { zone } of populatedZones(state)) {
    const { start, spanned } = zone.fields;
    if (pfn < start || pfn >= start + spanned || zone.pageblocks === undefined) continue;
    return pfn - (pfn % 2 ** zone.pageblocks.order) >= start;
  }
  return true;
}

/** The recorded entry of the pageblock of `pfn`; where two zones share the block, the entry of the zone of `pfn`. */
function pageblockType(state: RecordedState, pfn: number): number {
  for (const { zone } of populatedZones(state)) {
    const { start, spanned } = zone.fields;
    if (pfn < start || pfn >= start + spanned || zone.pageblocks === undefined) continue;
    const block = Math.floor((pfn - zone.pageblocks.start) / 2 ** zone.pageblocks.order);
    return zone.pageblocks.types[block] ?? 0;
  }
  return 0;
}
