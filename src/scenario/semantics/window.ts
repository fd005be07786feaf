/**
 * Where a scenario's own objects lie in the virtual address space, so that `&local` is a pointer like any other.
 *
 *     base + 0x000000   string literals      not state: bytes of the program
 *     base + 0x400000   functions            addresses only: nothing can be read there
 *     base + 0x600000   code                 likewise: what the debugger calls the instructions
 *     base + 0x800000   top-level and static variables
 *     base + 0xc00000   stacks, one a task: 64 KiB each, growing down, a guard of 64 KiB below each
 *     base + 0x1100000  task_structs, one a task of the text
 *     base + 0x1180000  kernel stacks, one a task: of them, what a task that sleeps has left in queues
 *     base + 0x1400000  CPU 1's of the variables of which each CPU has its own; 12 MiB further CPU 2's, ...
 *
 * i386 has no hole in its kernel half that is there for every RAM size, so the window lies low in the user half: above
 * mmap_min_addr, below where programs are linked (0x08048000). x86_64: Documentation/x86/x86_64/mm.rst calls the 2 TB from
 * fffffc0000000000 an unused hole, with 4 and with 5 levels of page tables.
 */
import type { Profile } from '../../engine/types/profile.js';

export interface WindowLayout {
  readonly base: number;
  readonly strings: number;
  readonly functions: number;
  readonly data: number;
  readonly stacks: number;
  readonly taskStructs: number;
  readonly kernelStacks: number;
  /** Exclusive. */
  readonly end: number;
}

export const STACK_BYTES = 0x10000;
const STACK_STRIDE = 0x20000;
export const MAX_STRING_BYTES = 0x400000;
export const MAX_DATA_BYTES = 0x400000;
/** Bytes between the addresses of two functions. */
export const FUNCTION_STRIDE = 16;
/** Bytes that a word of the code stands for. */
export const CODE_BYTES = 4;
export const MAX_TASKS = 32;
/** Between the task_structs of two tasks: no build has a larger one. */
export const TASK_STRUCT_STRIDE = 0x4000;

export function windowLayout(pointerSize: 4 | 8): WindowLayout {
  const base = pointerSize === 8 ? -0x400_0000_0000 : 0x100_0000;
  return {
    base,
    strings: base,
    functions: base + 0x400000,
    data: base + 0x800000,
    stacks: base + 0xc00000,
    taskStructs: base + 0x1100000,
    kernelStacks: base + 0x1180000,
    end: base + 0x1000000,
  };
}

/** Of a task's kernel stack: no structure that tasks wait with is larger (struct poll_wqueues). */
export const KERNEL_STACK_BYTES = 1024;

/** From a variable that each CPU has its own of to that of the next CPU. Addresses of CPU 0's lie among the other variables. */
export const PER_CPU_STRIDE = 0xc00000;

/** CPUs for which there is room: as many as the build can have. */
export const nrPerCpuCopies = (profile: Profile): number =>
  profile.smp ? (profile.symbol('__per_cpu_offset')?.sizeBytes ?? 0) / profile.pointerSize : 1;

/** The address past the highest byte of a task's stack. */
export const stackTop = (layout: WindowLayout, task: number): number =>
  layout.stacks + (task + 1) * STACK_STRIDE;

/** What the debugger calls the instruction at a word of the code. */
export const codeAddress = (layout: WindowLayout, pc: number): number =>
  layout.functions + 0x200000 + pc * CODE_BYTES;
