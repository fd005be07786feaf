/**
 * The resources of a recorded machine's physical address space, which no dump tells. Boot goes the same way each time, so it is gone through
 * once more on paper, for a machine of this size.
 *
 * Invariant: only where the state agrees: it ends where this machine ends, and the pages that boot gave to resources are reserved in it.
 */
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { writeResources } from '../boot/resources.js';
import { setup_arch, type BootLayout } from '../boot/setupArch.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { sizeofStruct, symbolAddress } from './facts.js';
import { lowmemEnd } from './placement.js';
import type { RecordedState } from './recordedState.js';

export interface RecordedBoot {
  readonly layout: BootLayout;
  /** Frames of its resources: nothing else may lie there. */
  readonly frames: readonly number[];
}

/** @returns undefined where the state is not that of a machine which boot would make so */
export function bootOfState(state: RecordedState, profile: Profile): RecordedBoot | undefined {
  const layout = layoutOf(state, profile);
  if (layout === undefined) return undefined;
  const frames = [...new Set(resourceFramesOf(layout, profile))];
  const reserved = 1 << profile.constant('PG_reserved');
  const isReserved = (pfn: number): boolean => {
    const run = state.memmap.find(pfn);
    return run >= 0 && ((state.memmap.flagsLow[run] ?? 0) & reserved) !== 0;
  };
  return frames.every(isReserved) ? { layout, frames } : undefined;
}

function layoutOf(state: RecordedState, profile: Profile): BootLayout | undefined {
  const { endPfn } = state.memmap;
  const lowEnd = lowmemEnd(state, profile, endPfn);
  const reserved = 1 << profile.constant('PG_reserved');
  const MiB = 2 ** 20;
  const options = {
    ramBytes: Math.ceil(state.zones.node.present / (MiB / PAGE_SIZE)) * MiB,
    cmaBytes: state.zones.zones.reduce(
      (sum, { populated }) => sum + (populated?.fields.cma ?? 0) * PAGE_SIZE,
      0,
    ),
    highmemBytes: profile.arch === 'x86_64' ? 0 : (endPfn - lowEnd) * PAGE_SIZE,
    // What was given back above the last page that boot keeps.
    initrdBytes: (lowEnd - state.memmap.endOfFlagged(reserved, lowEnd)) * PAGE_SIZE,
    commandLine: '',
    nrCpus: Math.max(1, ...state.zones.zones.map(({ populated }) => populated?.pcp.length ?? 0)),
  };
  try {
    const layout = setup_arch(profile, options);
    return layout.maxPfn === endPfn && layout.maxLowPfn === lowEnd ? layout : undefined;
  } catch (error) {
    // No such machine boots.
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

function resourceFramesOf({ resources, e820 }: BootLayout, profile: Profile): number[] {
  const size = sizeofStruct(profile, 'resource');
  const starts = [
    ...e820.map((_, i) => resources.e820 + i * size),
    ...(resources.ioapic === undefined ? [] : [resources.ioapic]),
  ];
  return starts.flatMap((at) => [at, at + size - 1]).map((at) => Math.floor(at / PAGE_SIZE));
}

/** Names, and what has no place of its own, lie where the kernel's constants begin: a rebuilt machine has none. */
export function writeBootResources({ mm }: KernelImage, { layout }: RecordedBoot): void {
  let next: VirtAddr = symbolAddress(mm.profile, '__start_rodata');
  const take = (sizeBytes: number, align: number): VirtAddr => {
    const at = asVirt(Math.ceil(next / align) * align);
    next = asVirt(at + sizeBytes);
    return at;
  };
  writeResources(mm, layout, {
    room: (sizeBytes) => take(sizeBytes, 8),
    string: (text) => {
      const at = take(text.length + 1, 1);
      for (let i = 0; i <= text.length; i++) {
        const byte = asVirt(at + i);
        const cell = asCell(mm.cell_at(asVirt(byte - (byte & 3))));
        mm.write8(cell, byte & 3, i < text.length ? text.charCodeAt(i) : 0);
      }
      return at;
    },
  });
}
