/**
 * Files below /sys that memory management has for its reader: those of pools of huge pages, whose numbers are read, and some are set;
 * and those of caches (slabFiles.ts).
 *
 * Source: Linux 6.1 mm/hugetlb.c: hugetlb_sysfs_init(), hstate_attrs.
 */
import {
  free_hugepages_show,
  nr_hugepages_show,
  nr_hugepages_store,
  nr_overcommit_hugepages_show,
  nr_overcommit_hugepages_store,
  resv_hugepages_show,
  surplus_hugepages_show,
} from '../kernel/mm/hugetlb/sysfs.js';
import { EACCES, EINVAL, ENOENT } from '../kernel/include/linux/errno.h.js';
import { stringAt } from '../kernel/lib/string.js';
import type { Hstate, Int, ULong } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { numberIn } from '../machine/numberText.js';
import { asCell, asVirt } from '../memory/address.js';
import { slabFile } from './slabFiles.js';

interface Attribute {
  readonly show: (k: Kernel, h: Hstate) => ULong;
  /** 0 or an error. None: the file is only read. */
  readonly store?: (k: Kernel, h: Hstate, value: ULong) => Int;
}

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  nr_hugepages: { show: nr_hugepages_show, store: nr_hugepages_store },
  nr_overcommit_hugepages: {
    show: nr_overcommit_hugepages_show,
    store: nr_overcommit_hugepages_store,
  },
  free_hugepages: { show: free_hugepages_show },
  resv_hugepages: { show: resv_hugepages_show },
  surplus_hugepages: { show: surplus_hugepages_show },
};

/** None of a machine that was rebuilt without pools. */
function pools(k: Kernel): readonly { readonly name: string; readonly h: Hstate }[] {
  const { hstates, hugetlb_max_hstate } = k.globals;
  if (hstates === 0 || hugetlb_max_hstate === 0) return [];
  return Array.from({ length: k.words[hugetlb_max_hstate] ?? 0 }, (_, i) => {
    const h: Hstate = hstates + i * k.stride.hstate;
    return { name: stringAt(k, asVirt(k.va_of(asCell(h)) + k.hstate.name)), h };
  });
}

function find(k: Kernel, path: string) {
  const [, pool, name] = /^\/sys\/kernel\/mm\/hugepages\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  const h = pools(k).find((each) => each.name === pool)?.h;
  const attribute =
    name !== undefined && Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
  return h === undefined || attribute === undefined ? undefined : { h, attribute };
}

/** Whether there is a file of that name. */
export const sysfs_has = (k: Kernel, path: string): boolean =>
  find(k, path) !== undefined || slabFile(k, path) !== undefined;

/** Whether this machine has pools at all. */
export const sysfsHasPools = (k: Kernel): boolean => pools(k).length > 0;

/** What a file says, without its line end; undefined: there is none of that name. */
export function sysfs_text(k: Kernel, path: string): string | undefined {
  const found = find(k, path);
  if (found !== undefined) return `${found.attribute.show(k, found.h)}`;
  return slabFile(k, path)?.show();
}

/** Writes to a file: 0 or an error. */
export function sysfs_store(k: Kernel, path: string, text: string): number {
  const file = slabFile(k, path);
  if (file !== undefined) return file.store(text);
  const found = find(k, path);
  if (found === undefined) return -ENOENT;
  const value = numberIn(text);
  if (value === undefined) return -EINVAL;
  return found.attribute.store?.(k, found.h, Number(value)) ?? -EACCES;
}
