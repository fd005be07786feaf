/** Differences between releases that no type tells. */
import type { Inspected } from '../inspected.js';

/** By the release that the kernel names. */
export function isSince({ dump }: Inspected, major: number, minor: number): boolean {
  const [, ownMajor = '0', ownMinor = '0'] = /^(\d+)\.(\d+)/.exec(dump.release) ?? [];
  const difference = Number(ownMajor) - major;
  return difference > 0 || (difference === 0 && Number(ownMinor) >= minor);
}
