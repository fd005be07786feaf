/** What tests of processes share: the kernels, memory to write to, and a scenario that must hold on several of them. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

export const ALL: readonly ProfileName[] = [
  'x86_64-slub',
  'x86_64-slab',
  'x86_64-slub-smp',
  'i386-highmem4g-slub',
  'i386-pae-slab',
];

export const BUFFER =
  'char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n';

/** Runs a scenario whose every expect() must hold. */
export function holds(
  text: string,
  profiles: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab'],
  cpus = 1,
): void {
  for (const profile of profiles) {
    const vm = machine(text, profile, cpus);
    const results = runToEnd(vm);
    assert.deepEqual(log(vm), [], `${profile}: ${text}`);
    assert.deepEqual(
      results.filter(({ kind }) => kind === 'failed' || kind === 'deadlock'),
      [],
    );
    assert.ok(vm.expects.held > 0);
  }
}
