/**
 * A map from device numbers to kobjects: 255 lists by major, each in order of rising range, so that the narrowest range that has a number
 * is met first.
 *
 * Left out everywhere: the map's mutex (nothing in here sleeps once it has its memory), references to modules (a scenario is not one
 * that could go).
 * Source: Linux 6.1 drivers/base/map.c; include/linux/kobj_map.h.
 */
import { type Int, NULL, type Pointer, type UInt, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { MAJOR } from '../../include/linux/kdev_t.h.js';
import type { Kobject } from '../../include/linux/kobject.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { kfree, kmalloc, kzalloc } from '../../mm/slab_common/kmalloc.js';

export type KobjMap = Pointer<'struct kobj_map'>;
type Probe = Pointer<'struct probe'>;

const NR_LISTS = 255;

/** Of a range that begins in one major and may end in another: how many lists have an entry for it. */
const nrLists = (dev: UInt, range: ULong): UInt =>
  Math.min(MAJOR((dev + range - 1) >>> 0) - MAJOR(dev) + 1, NR_LISTS);

/** &domain->probes[index % 255] */
const listAt = (k: Kernel, domain: KobjMap, index: UInt): Cell =>
  k.plus(domain, k.kobj_map.probes + (index % NR_LISTS) * k.ptr_words);

/** Gives a range of numbers to whatever `probe` makes of `data`. 0 or -ENOMEM. */
export function kobj_map(
  k: Kernel,
  domain: KobjMap,
  dev: UInt,
  range: ULong,
  probe: VirtAddr,
  lock: VirtAddr,
  data: Cell,
): Int {
  const n: UInt = nrLists(dev, range);
  // One entry for each major, in one piece.
  const object: VirtAddr = kmalloc(k, n * k.sizeof.probe, k.GFP_KERNEL);
  if (object === 0) return -ENOMEM;
  const first: Probe = k.cell_at(object);
  for (let i = 0; i < n; i++) {
    const p: Probe = k.plus(first, i * k.stride.probe);
    k.write_ptr(k.plus(p, k.probe.owner), NULL);
    k.write_va(k.plus(p, k.probe.get), probe);
    k.write_va(k.plus(p, k.probe.lock), lock);
    k.write(k.plus(p, k.probe.dev), dev);
    k.write_long(k.plus(p, k.probe.range), range);
    k.write_ptr(k.plus(p, k.probe.data), data);
  }
  for (let i = 0; i < n; i++) {
    const p: Probe = k.plus(first, i * k.stride.probe);
    let s = listAt(k, domain, MAJOR(dev) + i);
    // Behind all that are narrower: a number is looked up in what is meant for it most.
    while (k.read_va(s) !== 0 && rangeOf(k, k.read_ptr(s)) < range) s = k.read_ptr(s);
    k.copy_ptr(k.plus(p, k.probe.next), s);
    k.write_ptr(s, p);
  }
  return 0;
}

const rangeOf = (k: Kernel, p: Probe): ULong => k.read_ulong(k.plus(p, k.probe.range));

/** Takes a range out again, which is named by the same numbers. */
export function kobj_unmap(k: Kernel, domain: KobjMap, dev: UInt, range: ULong): void {
  let found: Probe = NULL;
  for (let i = 0; i < nrLists(dev, range); i++) {
    let s = listAt(k, domain, MAJOR(dev) + i);
    for (; k.read_va(s) !== 0; s = k.read_ptr(s)) {
      const p: Probe = k.read_ptr(s);
      if (k.read_int(k.plus(p, k.probe.dev)) >>> 0 !== dev || rangeOf(k, p) !== range) continue;
      k.copy_ptr(s, k.plus(p, k.probe.next));
      // They are one piece: the first is its beginning.
      if (found === NULL) found = p;
      break;
    }
  }
  if (found !== NULL) kfree(k, k.va_of(found));
}

/**
 * The kobject that has a number, with a reference; NULL if there is none. Differs: it calls one function of the kernel's, exact_match();
 * base_probe(), which would load a module, finds none.
 * @param lock the function behind `p->lock`; false: the object is about to go
 */
export function kobj_lookup(
  k: Kernel,
  domain: KobjMap,
  dev: UInt,
  lock: (k: Kernel, data: Cell) => boolean,
): Kobject {
  let best: ULong = Infinity;
  for (let p: Probe = k.read_ptr(listAt(k, domain, MAJOR(dev))); p !== NULL; p = nextOf(k, p)) {
    const from: UInt = k.read_int(k.plus(p, k.probe.dev)) >>> 0;
    const range: ULong = rangeOf(k, p);
    if (from > dev || from + range - 1 < dev) continue;
    if (range - 1 >= best) break;
    const data: Cell = k.read_ptr(k.plus(p, k.probe.data));
    best = range - 1;
    if (k.read_va(k.plus(p, k.probe.get)) !== functionNamed(k, 'exact_match')) continue;
    if (!lock(k, data)) continue;
    // exact_match(): the object begins with its kobject.
    return k.plus(data, k.cdev.kobj);
  }
  return NULL;
}

const nextOf = (k: Kernel, p: Probe): Probe => k.read_ptr(k.plus(p, k.probe.next));

/** A map in which base_probe() has all numbers; NULL without memory. @param lock the mutex of who has the map */
export function kobj_map_init(k: Kernel, base_probe: VirtAddr, lock: Cell): KobjMap {
  const object: VirtAddr = kmalloc(k, k.sizeof.kobj_map, k.GFP_KERNEL);
  const probe: VirtAddr = kzalloc(k, k.sizeof.probe, k.GFP_KERNEL);
  if (object === 0 || probe === 0) {
    if (object !== 0) kfree(k, object);
    if (probe !== 0) kfree(k, probe);
    return NULL;
  }
  const p: KobjMap = k.cell_at(object);
  const base: Probe = k.cell_at(probe);
  k.write(k.plus(base, k.probe.dev), 1);
  k.write_long(k.plus(base, k.probe.range), -1);
  k.write_va(k.plus(base, k.probe.get), base_probe);
  for (let i = 0; i < NR_LISTS; i++) k.write_ptr(listAt(k, p, i), base);
  k.write_ptr(k.plus(p, k.kobj_map.lock), lock);
  return p;
}
