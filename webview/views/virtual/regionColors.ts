/** The colour of each region: those of the map of physical memory, by what a region is nearest to. */
import type { RegionBodyKind } from '../../../src/engine/view/atlas/virtual.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';

/** Undefined: a fold, where nothing is. */
const KINDS: Readonly<Record<RegionBodyKind, PageKindName | undefined>> = {
  user: 'user',
  directMap: 'pageCache',
  kernelImage: 'kernel',
  vmalloc: 'compoundHead',
  vmemmap: 'slab',
  pkmap: 'perCpu',
  ldt: 'freeIsolated',
  cpuEntryArea: 'pageTable',
  modules: 'compoundTail',
  fixmap: 'freeCma',
  unnamed: 'poisoned',
  hole: undefined,
  nonCanonical: undefined,
};

export function regionColor({ kinds, foreground }: Palette, kind: RegionBodyKind): Rgb | undefined {
  const name = KINDS[kind];
  return name === undefined ? undefined : (kinds[pageKindCode(name)] ?? foreground);
}
