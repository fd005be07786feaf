/** Files of /proc that a dumped kernel would have printed, by name: those of the machine. One row a file. */
import type { Inspected } from '../inspected.js';
import { buddyinfo, pagetypeinfo } from './buddyinfo.js';
import { iomem } from './iomem.js';
import { meminfo } from './meminfo.js';
import { slabinfo } from './slabinfo.js';
import { vmallocinfo } from './vmallocinfo.js';
import { pidLines } from './pid/files.js';
import { vmstat } from './vmstat.js';
import { zoneinfo } from './zoneinfo.js';

const FILES: Readonly<Record<string, (k: Inspected) => string[]>> = {
  buddyinfo,
  iomem,
  meminfo,
  pagetypeinfo,
  slabinfo,
  vmallocinfo,
  vmstat,
  zoneinfo,
};

export const dumpedProcNames: readonly string[] = Object.keys(FILES);

/**
 * The lines of a file, each without its line end; undefined when there is no such file.
 * @param self the pid that `self` means
 */
export const dumpedProcLines = (k: Inspected, name: string, self?: number): string[] | undefined =>
  Object.hasOwn(FILES, name) ? FILES[name]?.(k) : pidLines(k, name, self);
