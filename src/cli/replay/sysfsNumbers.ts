/**
 * How many nodes sysfs has had when a trace began: no dump tells it, and it decides when the numbering of a new cache's files
 * takes another node of its tree (lib/idr.c). Every boot of a kernel makes the same ones before the recorder starts, whatever
 * its memory, so a booted machine of that kernel has the number; test/golden/sysfsNumbers.test.ts holds it against the cores.
 */
import { bootMachine } from '../../engine/image/boot/bootMachine.js';
import { nextSysfsNode } from '../../engine/image/state/index.js';
import type { Profile } from '../../engine/types/profile.js';

const RAM_BYTES = 64 << 20;

/** By kernel: booting takes as long as replaying a short trace. */
const known = new Map<string, number | undefined>();

export function sysfsNumbers(profile: Profile): number | undefined {
  const { name } = profile;
  if (!known.has(name))
    known.set(name, nextSysfsNode(bootMachine({ profile, ramBytes: RAM_BYTES })));
  return known.get(name);
}
