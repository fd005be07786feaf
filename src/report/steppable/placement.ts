/**
 * On which machine of mmscope's a report is set up, and which of its zones stands for which of the report's.
 *
 *     i386     DMA (16 MiB)  Normal (to 880 MiB)         for one or two zones of a 32-bit machine
 *     x86_64   DMA (16 MiB)  DMA32 (to 4 GiB)  Normal    otherwise
 *
 * Invariant: the stand-in has room for the report's free blocks, each beside a block that is not free.
 */
import type { ScenarioInput } from '../context.js';
import type { ZoneVerdict } from '../allocation/judge.js';
import type { Mobility } from '../facts/gfp.js';
import { blocksOf, CMA, type Blocks } from './blocks.js';

export type MachineZone = 'DMA' | 'DMA32' | 'Normal';

export interface PlacedZone {
  readonly report: ZoneVerdict;
  readonly zone: MachineZone;
}

export interface Placement {
  readonly arch: 'i386' | 'x86_64';
  readonly ramMiB: number;
  readonly cmaMiB: number;
  readonly zones: readonly PlacedZone[];
  /** Zones of the machine that the request may use and the report has not: they are emptied. */
  readonly emptied: readonly MachineZone[];
  readonly assumed: readonly string[];
}

const PAGES_OF_MIB = 256;
/** What the kernel itself and its tables need, and what boot leaves in pieces. */
const SLACK_MIB = 96;
const LOWMEM_MIB = 840;
const MOST_RAM_MIB = 60 * 1024;
const DMA_PAGES = 3800;
export const LARGEST_ORDER = 10;

/** Pages that blocks take with their buddies, which stay taken. */
export const roomFor = (blocks: readonly Blocks[]): number =>
  blocks.reduce(
    (sum, { order, count }) => sum + count * 2 ** order * (order < LARGEST_ORDER ? 2 : 1),
    0,
  );

/** @param cmaPages what the blocks on CMA's lists take. */
export function placementOf(
  { decoded, verdict, memInfo }: ScenarioInput,
  mobility: Mobility,
  cmaPages: number,
): Placement | undefined {
  const { allowed } = verdict;
  const first = allowed[0];
  const ofNode = allowed.filter(({ zone }) => zone.node === first?.zone.node);
  if (memInfo.pageSize !== 4096 || ofNode.length > 3) return undefined;
  const assumed: string[] = [];
  if (ofNode.length < allowed.length)
    assumed.push(`One node: the machine has node ${first?.zone.node ?? 0} of the report alone.`);
  const names = ofNode.map(({ zone }) => zone.name);
  const pages = ofNode.map((zone) =>
    roomFor(blocksOf(zone, mobility).filter(({ type }) => type !== CMA)),
  );
  const room = pages.map((each) => Math.ceil(each / PAGES_OF_MIB));
  const cmaMiB = cmaPages === 0 ? 0 : Math.ceil(cmaPages / 1024) * 4;
  // With HighMem the machine could serve what the report's could not.
  const wants32 =
    !names.includes('DMA32') &&
    !decoded.mask.flags.has('HIGHMEM') &&
    verdict.highest !== 'DMA32' &&
    ofNode.length <= 2;
  const need = (room[0] ?? 0) + cmaMiB + SLACK_MIB;
  if (wants32 && ofNode.length > 0 && need <= LOWMEM_MIB && (pages[1] ?? 0) <= DMA_PAGES) {
    const zones = ofNode.map((report, at): PlacedZone => ({
      report,
      zone: at === 0 ? 'Normal' : 'DMA',
    }));
    return {
      arch: 'i386',
      ramMiB: Math.max(256, Math.ceil(Math.max(need, 2 * cmaMiB) / 64) * 64),
      cmaMiB,
      zones,
      emptied: zones.length < 2 ? ['DMA'] : [],
      assumed: [...assumed, ...renamed(zones)],
    };
  }
  return on64(ofNode, room, cmaMiB, assumed);
}

function on64(
  ofNode: readonly ZoneVerdict[],
  room: readonly number[],
  cmaMiB: number,
  assumed: readonly string[],
): Placement | undefined {
  const wanted = ofNode.map(({ zone }) => zone.name);
  const isByName = wanted.every((name) => name === 'DMA' || name === 'DMA32' || name === 'Normal');
  const stack: readonly MachineZone[] = ['Normal', 'DMA32', 'DMA'];
  const zones = ofNode.map((report, at): PlacedZone => ({
    report,
    zone: isByName ? (report.zone.name as MachineZone) : (stack[at] ?? 'DMA'),
  }));
  const roomOf = (zone: MachineZone): number =>
    room[zones.findIndex((each) => each.zone === zone)] ?? 0;
  const hasNormal = zones.some(({ zone }) => zone === 'Normal');
  if (roomOf('DMA') * PAGES_OF_MIB > DMA_PAGES + PAGES_OF_MIB) return undefined;
  if (roomOf('DMA32') > 2800 || new Set(zones.map(({ zone }) => zone)).size < zones.length)
    return undefined;
  const ramMiB =
    hasNormal || ofNode.length === 0
      ? 4096 + Math.ceil((roomOf('Normal') + cmaMiB + SLACK_MIB) / 256) * 256
      : Math.max(
          512,
          Math.ceil(Math.max(roomOf('DMA32') + cmaMiB + SLACK_MIB, 2 * cmaMiB) / 256) * 256,
        );
  if (ramMiB > MOST_RAM_MIB) return undefined;
  const all: readonly MachineZone[] = hasNormal ? ['Normal', 'DMA32', 'DMA'] : ['DMA32', 'DMA'];
  return {
    arch: 'x86_64',
    ramMiB,
    cmaMiB,
    zones,
    emptied:
      ofNode.length === 0 ? [] : all.filter((zone) => !zones.some((each) => each.zone === zone)),
    assumed: [...assumed, ...renamed(zones)],
  };
}

const renamed = (zones: readonly PlacedZone[]): string[] =>
  zones
    .filter(({ report, zone }) => report.zone.name !== zone)
    .map(
      ({ report, zone }) =>
        `Zone ${zone} of the machine stands for the report's ${report.zone.name}.`,
    );
