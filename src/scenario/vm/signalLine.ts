/**
 * What the kernel logs when a signal ends a process for an access to its memory: of SIGSEGV alone.
 *
 *     init[1]: segfault at 10 ip fffffc0000600104 sp fffffc0000c1fff8 error 6
 *
 * ip is what the debugger calls the scenario's instruction. Left out: the file that it lies in, and its bytes.
 * Source: Linux 6.1 arch/x86/mm/fault.c: show_signal_msg().
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import type { VirtAddr } from '../../engine/memory/address.js';
import type { SignalInfo } from './signals.js';

const KERN_EMERG = 0;
const KERN_INFO = 6;

/** Who gets it. */
interface Receiver {
  readonly comm: string;
  readonly pid: number;
  readonly ip: VirtAddr;
  readonly sp: VirtAddr;
}

export function signalLine(
  k: Kernel,
  { signal, va, errorCode }: SignalInfo,
  { comm, pid, ip, sp }: Receiver,
): { readonly level: number; readonly text: string } | undefined {
  if (signal !== 'SIGSEGV') return undefined;
  const where = `ip ${k.hex(ip)} sp ${k.hex(sp)} error ${errorCode.toString(16)}`;
  const cpu = k.smp ? ` likely on CPU ${k.cpu} (core ${k.cpu}, socket 0)` : '';
  const text = `${comm}[${pid}]: segfault at ${va.toString(16)} ${where}${cpu}`;
  return { level: pid > 1 ? KERN_INFO : KERN_EMERG, text };
}
