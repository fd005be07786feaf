/** Scenarios on the recorded cores: machines that have caches, areas, pkmap and per-CPU memory. */
import assert from 'node:assert/strict';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedBytes } from '../recordings.js';
import { compile, log, runToEnd } from './machines.js';

const CORES: Readonly<Record<ProfileName, string>> = {
  'i386-highmem4g-slub': 'i386-highmem4g-slub-256M',
  'i386-pae-slab': 'i386-pae-slab-256M',
  'x86_64-slub': 'x86_64-slub-192M',
  'x86_64-slab': 'x86_64-slab-192M',
  'x86_64-slub-smp': 'x86_64-slub-smp-192M',
};

export const ALL = Object.keys(CORES) as ProfileName[];
/** Builds whose machines have highmem. */
export const HIGHMEM: readonly ProfileName[] = ['i386-highmem4g-slub', 'i386-pae-slab'];

const bytes = new Map<string, Uint8Array>();

export function coreMachine(text: string, profile: ProfileName): ScenarioVm {
  const name = CORES[profile];
  const core = bytes.get(name) ?? recordedBytes('cores', name, 'before.vmcore.gz');
  bytes.set(name, core);
  const image = openCore(randomAccessOf(core), { name });
  return new ScenarioVm(compile(text, profile), image, { kernel, name: 'test.mms' });
}

/** Runs a scenario on each of these machines; it must say this and not die. */
export function checkOnCores(
  text: string,
  expected: readonly (string | RegExp)[],
  profiles: readonly ProfileName[] = ALL,
): void {
  for (const profile of profiles) {
    const vm = coreMachine(text, profile);
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    // A pattern stands for a line that it matches.
    const lines = log(vm).map((line, i) => {
      const pattern = expected[i];
      return pattern instanceof RegExp && pattern.test(line) ? pattern : line;
    });
    assert.deepEqual(lines, expected, `${profile}: ${text}`);
    assert.deepEqual(died, [], profile);
  }
}
