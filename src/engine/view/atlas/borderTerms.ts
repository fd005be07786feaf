/**
 * Where lowmem ends on 32 bit: 4 GiB less PAGE_OFFSET is what the kernel has for everything; what lies above VMALLOC_END is
 * taken, and a reserve for vmalloc space. The rest can be direct map.
 */
import type { BorderBody } from './virtual.js';

export const borderTerms = (
  pageOffset: number,
  vmallocEnd: number,
  reserve: number,
): BorderBody['terms'] => [
  { name: 'kernel addresses: 4 GiB - PAGE_OFFSET', bytes: 2 ** 32 - pageOffset },
  { name: '- pkmap, LDT, cpu entry area, fixmap above VMALLOC_END', bytes: vmallocEnd - 2 ** 32 },
  { name: '- reserve for vmalloc', bytes: -reserve },
];
