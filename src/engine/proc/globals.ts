/** Global numbers that only /proc asks for, by name; 0 where a build or an image has no such variable. */
import type { Kernel } from '../machine/kernel.js';

/** An `int`, `long` or `unsigned long`, whichever it is. */
export function longOf(k: Kernel, name: string): number {
  const cell = k.findSymbol(name);
  if (cell === undefined || cell === 0) return 0;
  const isInt = k.profile.symbol(name)?.sizeBytes === 4;
  return isInt ? k.read_int(cell) : k.read_long(cell);
}
