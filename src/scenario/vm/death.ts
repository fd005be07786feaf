/**
 * What is told when a task dies: the kernel's lines, and the event at which a debugger stops. Of a bug or an oops its report; of a signal what
 * the kernel logs of SIGSEGV alone:
 *
 *     init[1]: segfault at 10 ip fffffc0000600104 sp fffffc0000c1fff8 error 6
 *
 * ip is what the debugger calls the scenario's instruction. Left out: the file that it lies in, and its bytes.
 * Source: Linux 6.1 arch/x86/mm/fault.c: show_signal_msg().
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import type { Program } from '../compile/program.js';
import { codeAddress, stackTop } from '../semantics/window.js';
import { guardNote } from './guardNote.js';
import type { KernelTasks } from './kernelTasks.js';
import type { Bug } from './outcome.js';
import type { SignalInfo } from './signals.js';

const KERN_EMERG = 0;
const KERN_ALERT = 1;
const KERN_INFO = 6;

interface Surroundings {
  readonly program: Program;
  readonly image: KernelImage;
  readonly tasks: KernelTasks;
}

/** Tells it, and gives the rule that was broken, if one was. */
export function tellDeath(around: Surroundings, task: number, bug: Bug): string | undefined {
  if (bug.signal !== undefined) return tellSignal(around, task, bug, bug.signal);
  const { tape, mm } = around.image;
  const { text, oops } = bug;
  tape.mark({ kind: 'printk', level: KERN_ALERT, text });
  for (const line of oops?.lines ?? []) tape.mark({ kind: 'printk', ...line });
  const guard = guardNote(around.program, mm, text);
  if (guard !== undefined) tape.mark({ kind: 'printk', level: KERN_ALERT, text: guard });
  const rule = oops?.rule;
  tape.mark({ kind: 'bug', text, ...(rule !== undefined && { rule }) });
  return rule;
}

function tellSignal(
  { program, image, tasks }: Surroundings,
  task: number,
  { text, pc, use }: Bug,
  signal: SignalInfo,
): string {
  const { tape, mm } = image;
  const process = {
    comm: tasks.comm,
    pid: tasks.pid(task),
    ip: asVirt(codeAddress(program.window, pc)),
    sp: asVirt(stackTop(program.window, task) - use.bytes),
  };
  const line = signalLine(mm, signal, process);
  if (line !== undefined) tape.mark({ kind: 'printk', ...line });
  const { comm, pid } = process;
  const { reason, ...info } = signal;
  tape.mark({ kind: 'signal', ...info, pid, comm, text, rule: reason });
  return reason;
}

/** Who gets it. */
interface Receiver {
  readonly comm: string;
  readonly pid: number;
  readonly ip: VirtAddr;
  readonly sp: VirtAddr;
}

function signalLine(
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
