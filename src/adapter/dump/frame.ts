/** The map of a dumped machine, and one frame of it. */
import { MAX_CELLS, type FrameBody, type MapBody } from '../../engine/view/map.js';
import { formatAddress } from '../../engine/memory/address.js';
import { frameStatesOf } from '../../engine/inspect/frameStates.js';
import { isDumpError, type Inspected } from '../../engine/inspect/inspected.js';
import { pageblockOrder } from '../../engine/inspect/pageblocks.js';
import { pageFlagNames, Pages, type PageView } from '../../engine/inspect/pages.js';
import { DUMP_COLOURINGS } from '../../engine/view/dumpReadings.js';
import { dumpHolderFacts } from '../../engine/view/holderFacts.js';
import { useOfFrame, zoneOf } from '../../engine/inspect/ask/where.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';

export function dumpMap(
  k: Inspected,
  firstPfn: number,
  framesPerCell: number,
  cells: number,
): MapBody {
  const states = frameStatesOf(k);
  const bytes = states.cells(firstPfn, framesPerCell, Math.min(cells, MAX_CELLS));
  return {
    maxPfn: states.maxPfn,
    zones: states.zones.map(({ name, start, spanned }) => ({
      name,
      startPfn: start,
      endPfn: start + spanned,
    })),
    states: toBase64(bytes),
    machine: {
      arch: k.dump.arch,
      source: 'core',
      standsStill: true,
      colourings: DUMP_COLOURINGS,
      pageblockOrder: pageblockOrder(k),
      flags: pageFlagNames(k).map(([, name]) => `PG_${name}`),
    },
    ...(bytes.length * framesPerCell >= states.maxPfn && { totals: states.totals() }),
  };
}

export function dumpFrame(k: Inspected, pfn: number): FrameBody {
  const states = frameStatesOf(k);
  if (pfn < 0 || pfn >= states.maxPfn) throw errors.noSuchPage(pfn);
  const phys = `0x${(pfn * 4096).toString(16).padStart(8, '0')}`;
  const virt = formatAddress(k.dump.pageOffset + pfn * 4096, k.pointerSize);
  const bare = { pfn, state: states.stateOf(pfn), phys, memoryReference: `phys:${phys}` };
  const view = readPage(k, pfn);
  if (view === undefined) {
    const summary =
      new Pages(k).memmap.pfnToPage(pfn) === undefined
        ? 'no struct page'
        : 'its struct page is not in the dump';
    return { ...bare, flags: [], fields: [], summary };
  }
  const page = k.hex(view.page);
  return {
    ...bare,
    virt,
    page,
    zone: zoneOf(k, pfn)?.name ?? '?',
    flags: view.flagNames.map((name) => `PG_${name}`),
    summary: useOfFrame(k, pfn, undefined).text,
    fields: [
      { name: 'flags', value: `0x${view.flags.toString(16)}`, type: 'unsigned long' },
      { name: '_refcount', value: `${view.refcount}`, type: 'atomic_t' },
      { name: 'mapping', value: `0x${view.mapping.toString(16)}`, type: 'struct address_space *' },
    ],
    expression: `*(struct page *)${page}`,
    holders: dumpHolderFacts(k, pfn),
  };
}

function readPage(k: Inspected, pfn: number): PageView | undefined {
  try {
    return new Pages(k).read(pfn);
  } catch (error) {
    if (isDumpError(error)) return undefined;
    throw error;
  }
}
