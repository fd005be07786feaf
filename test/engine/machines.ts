/** Machines of every bundled kernel, rebuilt from the recorded states that ship with the tests. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { openState } from '../../src/engine/image/state/openState.js';
import type { ProfileName } from '../../src/engine/types/profile.js';

export type Machine = Pick<KernelImage, 'mm' | 'tape' | 'memory'>;

const GOLDEN = path.resolve('test/data/golden');

/** One recorded machine a kernel, at the state in which its trace starts. */
const STATES: Readonly<Record<ProfileName, string>> = {
  'i386-highmem4g-slub': 'i386-highmem4g-slub-1G',
  'i386-pae-slab': 'i386-pae-slab-1536M',
  'x86_64-slub': 'x86_64-slub-512M',
  'x86_64-slab': 'x86_64-slab-512M',
  'x86_64-slub-smp': 'x86_64-slub-smp-512M',
};

export function openMachine(profile: ProfileName): Machine {
  const folder = path.join(GOLDEN, STATES[profile]);
  const trace = readdirSync(folder).find((name) => name.endsWith('.trace.gz')) ?? '';
  const text = gunzipSync(readFileSync(path.join(folder, trace))).toString('latin1');
  return openState(text);
}

/** A suite that is run on a machine of each kernel. */
export function describeMachines(
  title: string,
  body: (open: () => Machine, profile: ProfileName) => void,
): void {
  for (const profile of Object.keys(STATES) as ProfileName[])
    describe(`${title}: ${profile}`, function () {
      this.timeout(30_000);
      body(() => openMachine(profile), profile);
    });
}
