/**
 * The four functions of a file's own: a scenario's, or those of single_open(), which has a file of one record.
 *
 * Source: Linux 6.1 fs/seq_file.c: single_start(), single_next(), single_stop(); include/linux/seq_file.h: struct seq_operations.
 */
import type { Int } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { readLoff, writeLoff } from '../file_table/knownOperations.js';
import { indexAt, memberAt, type SeqFile } from './buffer.js';

const callOut = (k: Kernel, func: VirtAddr, args: readonly number[]): number => {
  const ret = func === 0 ? undefined : k.callOut?.(func, args);
  if (ret !== undefined) return ret;
  throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
};

const operationOf = (k: Kernel, m: SeqFile, member: number): VirtAddr =>
  k.read_va(k.plus(k.read_ptr(memberAt(k, m, k.seq_file.op)), member));

/** m->op->start(m, &m->index) */
export function callStart(k: Kernel, m: SeqFile): VirtAddr {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.start);
  // single_start(): its one record, at the beginning alone.
  if (func === functionNamed(k, 'single_start'))
    return asVirt(readLoff(k, indexAt(k, m)) === 0 ? 1 : 0);
  return asVirt(callOut(k, func, [k.va_of(m), k.va_of(indexAt(k, m))]));
}

/** m->op->next(m, p, &m->index) */
export function callNext(k: Kernel, m: SeqFile, p: VirtAddr): VirtAddr {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.next);
  if (func === functionNamed(k, 'single_next')) {
    writeLoff(k, indexAt(k, m), readLoff(k, indexAt(k, m)) + 1);
    return asVirt(0);
  }
  return asVirt(callOut(k, func, [k.va_of(m), p, k.va_of(indexAt(k, m))]));
}

export function callStop(k: Kernel, m: SeqFile, p: VirtAddr): void {
  const func: VirtAddr = operationOf(k, m, k.seq_operations.stop);
  if (func !== functionNamed(k, 'single_stop')) callOut(k, func, [k.va_of(m), p]);
}

export function callShow(k: Kernel, m: SeqFile, p: VirtAddr): Int {
  return callOut(k, operationOf(k, m, k.seq_operations.show), [k.va_of(m), p]);
}
