/**
 * Counts of references that each CPU keeps a part of, until somebody wants to know when the last one goes: then it is one number.
 *
 *     percpu_count_ptr   the parts   bit 0: one number counts   bit 1: killed       data ─> percpu_ref_data: count, release, rcu
 *
 * While parts count, `count` has its highest bit set (PERCPU_COUNT_BIAS), so that it does not come to 0. The parts are added up when a grace
 * period is over: nobody counts with them then.
 *
 * Differs: who has to wait for such a switch is told by percpuRefSwitches(), and calls again.
 * Left out: percpu_ref_switch_lock, mem_dump_obj().
 * Source: Linux 6.1 lib/percpu-refcount.c, include/linux/percpu-refcount.h.
 */
import { type Gfp, type Int, NULL, type Pointer, type ULong } from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { WARN_ON_ONCE, WARN_ONCE } from '../include/asm-generic/bug.h.js';
import { num_possible_cpus } from '../include/linux/cpumask.h.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { per_cpu_ptr } from '../include/linux/percpu-defs.h.js';
import { call_rcu, functionNamed, linkCallback } from '../kernel/rcu/tiny.js';
import { __alloc_percpu_gfp, free_percpu } from '../mm/percpu/percpu.js';
import { kfree, kzalloc } from '../mm/slab_common/kmalloc.js';

export type PercpuRef = Pointer<'struct percpu_ref'>;
type PercpuRefData = Pointer<'struct percpu_ref_data'>;

const __PERCPU_REF_ATOMIC = 1;
const __PERCPU_REF_DEAD = 2;
const __PERCPU_REF_ATOMIC_DEAD = 3;
const __PERCPU_REF_FLAG_BITS = 2;
const PERCPU_REF_INIT_ATOMIC = 1;
const PERCPU_REF_INIT_DEAD = 2;
const PERCPU_REF_ALLOW_REINIT = 4;

/** The word with the flags of ref->percpu_count_ptr. */
const countPtrAt = (k: Kernel, ref: PercpuRef): Cell => k.plus(ref, k.percpu_ref.percpu_count_ptr);
const flagsOf = (k: Kernel, ref: PercpuRef): Int => k.read_int(countPtrAt(k, ref)) & 3;
const dataOf = (k: Kernel, ref: PercpuRef): PercpuRefData =>
  k.read_ptr(k.plus(ref, k.percpu_ref.data));
const countAt = (k: Kernel, data: PercpuRefData): Cell => k.plus(data, k.percpu_ref_data.count);
const setFlag = (k: Kernel, data: PercpuRefData, place: number, value: Int): void => {
  k.write(data + (place >>> 10), k.with_bits(k.read_int(data + (place >>> 10)), place, value));
};
/** count += PERCPU_COUNT_BIAS, or -= : the highest bit is the other one then. */
const addBias = (k: Kernel, data: PercpuRefData): void => {
  const high: Cell = k.plus(countAt(k, data), k.ptr_words - 1);
  k.write(high, k.read_int(high) ^ 0x8000_0000);
};
/** ref->percpu_count_ptr without its flags */
const percpu_count_ptr = (k: Kernel, ref: PercpuRef): VirtAddr =>
  asVirt(k.read_va(countPtrAt(k, ref)) - flagsOf(k, ref));

const __ref_is_percpu = (k: Kernel, ref: PercpuRef): boolean => flagsOf(k, ref) === 0;
export const percpu_ref_is_dying = (k: Kernel, ref: PercpuRef): boolean =>
  (flagsOf(k, ref) & __PERCPU_REF_DEAD) !== 0;

/** A function that is not the kernel's, with the reference. */
const callWith = (k: Kernel, func: VirtAddr, ref: PercpuRef): void => {
  if (func === functionNamed(k, 'percpu_ref_noop_confirm_switch')) return;
  if (k.callOut?.(func, [k.va_of(ref)]) === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
};

// --- making, ending ----------------------------------------------------------------------------------------------------------

/** 0 or -ENOMEM. @param release is called when the last reference is gone */
export function percpu_ref_init(
  k: Kernel,
  ref: PercpuRef,
  release: VirtAddr,
  flags: Int,
  gfp: Gfp,
): Int {
  const bytes: ULong = k.ptr_words * 4;
  const percpu_count: VirtAddr = __alloc_percpu_gfp(k, bytes, bytes, gfp);
  k.write_va(countPtrAt(k, ref), percpu_count);
  if (percpu_count === 0) return -ENOMEM;
  const object: VirtAddr = kzalloc(k, k.sizeof.percpu_ref_data, gfp);
  if (object === 0) {
    free_percpu(k, percpu_count);
    k.write_va(countPtrAt(k, ref), asVirt(0));
    return -ENOMEM;
  }
  const data: PercpuRefData = k.cell_at(object);
  const atomic = (flags & (PERCPU_REF_INIT_ATOMIC | PERCPU_REF_INIT_DEAD)) !== 0;
  const reinit = atomic || (flags & PERCPU_REF_ALLOW_REINIT) !== 0;
  setFlag(k, data, k.percpu_ref_data.force_atomic, (flags & PERCPU_REF_INIT_ATOMIC) !== 0 ? 1 : 0);
  setFlag(k, data, k.percpu_ref_data.allow_reinit, reinit ? 1 : 0);
  let mode: Int = atomic ? __PERCPU_REF_ATOMIC : 0;
  if ((flags & PERCPU_REF_INIT_DEAD) !== 0) mode |= __PERCPU_REF_DEAD;
  else k.write_long(countAt(k, data), 1);
  k.write(countPtrAt(k, ref), k.read_int(countPtrAt(k, ref)) | mode);
  if (!atomic) addBias(k, data);
  k.write_va(k.plus(data, k.percpu_ref_data.release), release);
  k.write_ptr(k.plus(data, k.percpu_ref_data.ref), ref);
  k.write_ptr(k.plus(ref, k.percpu_ref.data), data);
  return 0;
}

function __percpu_ref_exit(k: Kernel, ref: PercpuRef): void {
  const percpu_count: VirtAddr = percpu_count_ptr(k, ref);
  if (percpu_count === 0) return;
  free_percpu(k, percpu_count);
  k.write_long(countPtrAt(k, ref), __PERCPU_REF_ATOMIC_DEAD);
}

/** What is left of the count is in the pointer then, for percpu_ref_is_zero(). */
export function percpu_ref_exit(k: Kernel, ref: PercpuRef): void {
  const data: PercpuRefData = dataOf(k, ref);
  __percpu_ref_exit(k, ref);
  if (data === NULL) return;
  const count: ULong = k.read_long(countAt(k, data));
  k.write_long(countPtrAt(k, ref), count * (1 << __PERCPU_REF_FLAG_BITS) + flagsOf(k, ref));
  k.write_ptr(k.plus(ref, k.percpu_ref.data), NULL);
  kfree(k, k.va_of(data));
}

// --- references --------------------------------------------------------------------------------------------------------------

export function percpu_ref_get_many(k: Kernel, ref: PercpuRef, nr: ULong): void {
  if (__ref_is_percpu(k, ref)) k.add_long(per_cpu_ptr(k, countPtrAt(k, ref), k.cpu), nr);
  else k.add_long(countAt(k, dataOf(k, ref)), nr);
}

/** Not when there are none any more. */
export function percpu_ref_tryget_many(k: Kernel, ref: PercpuRef, nr: ULong): boolean {
  if (!__ref_is_percpu(k, ref)) {
    const count: Cell = countAt(k, dataOf(k, ref));
    // atomic_long_inc_not_zero():
    if (k.read_va(count) === 0) return false;
  }
  percpu_ref_get_many(k, ref, nr);
  return true;
}

/** Not when it was killed. */
export function percpu_ref_tryget_live(k: Kernel, ref: PercpuRef): boolean {
  return !percpu_ref_is_dying(k, ref) && percpu_ref_tryget_many(k, ref, 1);
}

/** With the last one, release() is called. */
export function percpu_ref_put_many(k: Kernel, ref: PercpuRef, nr: ULong): void {
  if (__ref_is_percpu(k, ref)) {
    k.add_long(per_cpu_ptr(k, countPtrAt(k, ref), k.cpu), -nr);
    return;
  }
  const data: PercpuRefData = dataOf(k, ref);
  k.add_long(countAt(k, data), -nr);
  if (k.read_va(countAt(k, data)) === 0)
    callWith(k, k.read_va(k.plus(data, k.percpu_ref_data.release)), ref);
}

export function percpu_ref_is_zero(k: Kernel, ref: PercpuRef): boolean {
  if (__ref_is_percpu(k, ref)) return false;
  const data: PercpuRefData = dataOf(k, ref);
  if (data !== NULL) return k.read_va(countAt(k, data)) === 0;
  return k.read_ulong(countPtrAt(k, ref)) < 1 << __PERCPU_REF_FLAG_BITS;
}

// --- from parts to one number and back ---------------------------------------------------------------------------------------

/** Whether a switch waits for a grace period. */
export const percpuRefSwitches = (k: Kernel, ref: PercpuRef): boolean => {
  const data: PercpuRefData = dataOf(k, ref);
  return data !== NULL && k.read_va(k.plus(data, k.percpu_ref_data.confirm_switch)) !== 0;
};

/** The grace period is over: nobody counts with the parts. */
function percpu_ref_switch_to_atomic_rcu(k: Kernel, rcu: Cell): void {
  const data: PercpuRefData = k.cell_at(asVirt(k.va_of(rcu) - k.percpu_ref_data.rcu * 4));
  const ref: PercpuRef = k.read_ptr(k.plus(data, k.percpu_ref_data.ref));
  for (let cpu: Int = 0; cpu < num_possible_cpus(k); cpu++)
    k.add_long(countAt(k, data), k.read_long(per_cpu_ptr(k, countPtrAt(k, ref), cpu)));
  addBias(k, data);
  const count: ULong = k.read_long(countAt(k, data));
  WARN_ONCE(k, count <= 0, `percpu ref <= 0 (${count}) after switching to atomic`);
  // percpu_ref_call_confirm_rcu():
  const confirm_switch: Cell = k.plus(data, k.percpu_ref_data.confirm_switch);
  callWith(k, k.read_va(confirm_switch), ref);
  k.write_va(confirm_switch, asVirt(0));
  if (k.read_bits(data, k.percpu_ref_data.allow_reinit) === 0) __percpu_ref_exit(k, ref);
  percpu_ref_put_many(k, ref, 1);
}
linkCallback('percpu_ref_switch_to_atomic_rcu', percpu_ref_switch_to_atomic_rcu);

function __percpu_ref_switch_to_atomic(k: Kernel, ref: PercpuRef, confirm_switch: VirtAddr): void {
  if ((flagsOf(k, ref) & __PERCPU_REF_ATOMIC) !== 0) {
    if (confirm_switch !== 0) callWith(k, confirm_switch, ref);
    return;
  }
  k.write(countPtrAt(k, ref), k.read_int(countPtrAt(k, ref)) | __PERCPU_REF_ATOMIC);
  const data: PercpuRefData = dataOf(k, ref);
  const noop: VirtAddr = functionNamed(k, 'percpu_ref_noop_confirm_switch');
  k.write_va(
    k.plus(data, k.percpu_ref_data.confirm_switch),
    confirm_switch !== 0 ? confirm_switch : noop,
  );
  percpu_ref_get_many(k, ref, 1);
  const rcu: Cell = k.plus(data, k.percpu_ref_data.rcu);
  call_rcu(k, rcu, functionNamed(k, 'percpu_ref_switch_to_atomic_rcu'));
}

function __percpu_ref_switch_to_percpu(k: Kernel, ref: PercpuRef): void {
  if (percpu_count_ptr(k, ref) === 0)
    throw new KernelFault('kernel BUG at lib/percpu-refcount.c: __percpu_ref_switch_to_percpu()');
  if ((flagsOf(k, ref) & __PERCPU_REF_ATOMIC) === 0) return;
  const data: PercpuRefData = dataOf(k, ref);
  const isLost = k.read_bits(data, k.percpu_ref_data.allow_reinit) === 0;
  if (WARN_ON_ONCE(k, isLost, 'percpu_ref_switch_to_percpu(): not PERCPU_REF_ALLOW_REINIT')) return;
  addBias(k, data);
  for (let cpu: Int = 0; cpu < num_possible_cpus(k); cpu++)
    k.write_long(per_cpu_ptr(k, countPtrAt(k, ref), cpu), 0);
  k.write(countPtrAt(k, ref), k.read_int(countPtrAt(k, ref)) & ~__PERCPU_REF_ATOMIC);
}

function __percpu_ref_switch_mode(k: Kernel, ref: PercpuRef, confirm_switch: VirtAddr): void {
  const force_atomic = k.read_bits(dataOf(k, ref), k.percpu_ref_data.force_atomic) !== 0;
  if (force_atomic || percpu_ref_is_dying(k, ref))
    __percpu_ref_switch_to_atomic(k, ref, confirm_switch);
  else __percpu_ref_switch_to_percpu(k, ref);
}

export function percpu_ref_switch_to_atomic(
  k: Kernel,
  ref: PercpuRef,
  confirm_switch: VirtAddr,
): void {
  setFlag(k, dataOf(k, ref), k.percpu_ref_data.force_atomic, 1);
  __percpu_ref_switch_mode(k, ref, confirm_switch);
}

export function percpu_ref_switch_to_percpu(k: Kernel, ref: PercpuRef): void {
  setFlag(k, dataOf(k, ref), k.percpu_ref_data.force_atomic, 0);
  __percpu_ref_switch_mode(k, ref, asVirt(0));
}

/** Drops the first reference, that of percpu_ref_init(). */
export function percpu_ref_kill_and_confirm(
  k: Kernel,
  ref: PercpuRef,
  confirm_kill: VirtAddr,
): void {
  WARN_ONCE(k, percpu_ref_is_dying(k, ref), 'percpu_ref_kill_and_confirm called more than once');
  k.write(countPtrAt(k, ref), k.read_int(countPtrAt(k, ref)) | __PERCPU_REF_DEAD);
  __percpu_ref_switch_mode(k, ref, confirm_kill);
  percpu_ref_put_many(k, ref, 1);
}

/** As percpu_ref_kill_and_confirm() had never been. */
export function percpu_ref_resurrect(k: Kernel, ref: PercpuRef): void {
  WARN_ON_ONCE(k, !percpu_ref_is_dying(k, ref), 'percpu_ref_resurrect(): it is not dying');
  k.write(countPtrAt(k, ref), k.read_int(countPtrAt(k, ref)) & ~__PERCPU_REF_DEAD);
  percpu_ref_get_many(k, ref, 1);
  __percpu_ref_switch_mode(k, ref, asVirt(0));
}

export function percpu_ref_reinit(k: Kernel, ref: PercpuRef): void {
  WARN_ON_ONCE(k, !percpu_ref_is_zero(k, ref), 'percpu_ref_reinit(): it is not zero');
  percpu_ref_resurrect(k, ref);
}
