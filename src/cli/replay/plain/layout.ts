/** Where a program of the guest has what is its own, by the width of the machine. */
import { current, do_user_addr_fault, ksys_mmap_pgoff, X86_PF_USER } from '../../../engine/entry/functions.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';

export interface Layout {
  readonly pageSize: number;
  /** Flags of a fault of a write by the program. */
  readonly writeFault: string;
  /** Addresses of the stack below its first page that printing the first text needs. */
  readonly deepStack: readonly number[];
  /** Where the program's text begins. */
  readonly text: number;
}

export const layoutOf = (wide: boolean): Layout => ({
  pageSize: PAGE_SIZE,
  writeFault: '255',
  deepStack: wide ? [0x7fffffffde98] : [],
  text: wide ? 0x400000 : 0x8048000,
});

const PROT_READ = 1;
const MAP_PRIVATE_FIXED_ANONYMOUS = 0x32;

/** The running process gets a page of text, and so the tables for low addresses. */
export function mapText(k: Kernel, { text }: Layout): void {
  const mm = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const va = asVirt(text);
  ksys_mmap_pgoff(k, mm, va, PAGE_SIZE, PROT_READ, MAP_PRIVATE_FIXED_ANONYMOUS, NULL, 0);
  do_user_addr_fault(k, mm, X86_PF_USER, va);
}
