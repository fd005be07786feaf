/** Machines of every bundled kernel, rebuilt from the recorded states that ship with the tests. */
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { openState } from '../../src/engine/image/state/openState.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedText } from '../recordings.js';

export type Machine = Pick<KernelImage, 'mm' | 'tape' | 'memory'>;

/** One recorded machine a kernel, at the state in which its trace starts. */
const STATES: Readonly<Record<ProfileName, string>> = {
  'i386-highmem4g-slub': 'i386-highmem4g-slub-1G/bulk-n40-s16',
  'i386-pae-slab': 'i386-pae-slab-1536M/idle-s1',
  'x86_64-slub': 'x86_64-slub-512M/bulk-n40-s16',
  'x86_64-slab': 'x86_64-slab-512M/idle-s1',
  'x86_64-slub-smp': 'x86_64-slub-smp-512M/idle-s1',
};

export function openMachine(profile: ProfileName): Machine {
  return openState(recordedText(`${STATES[profile]}.trace.gz`));
}

/** A suite that is run on a machine of each kernel. */
export function describeMachines(
  title: string,
  body: (open: () => Machine, profile: ProfileName) => void,
): void {
  for (const profile of Object.keys(STATES) as ProfileName[])
    describe(`${title}: ${profile}`, function () {
      body(() => openMachine(profile), profile);
    });
}
