/**
 * Who asked for an area of vmalloc space: vm_struct.caller is an address in the code of the caller, and a trace prints it as
 * `exec_op+0x1e6c/0x3bb0`. A profile has no functions, and the code that called in a recording was the recorder's.
 *
 * So each of the recorder's calls has a number here, which stands where the kernel's run has the address of that call; and a
 * text that a trace gives for a number or an address is held to from then on: the same call has the same text each time, and no
 * two have one.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { ulong } from '../../engine/entry/functions.js';
import type { VirtAddr } from '../../engine/memory/address.js';

/** The recorder's calls, one an operation and kind. */
const VMALLOC_CALLS = ['vm', 'vmh', 'vmap', 'io uc-', 'io wc', 'io wt', 'io uc', 'io wb'] as const;
const SLAB_CALLS = [
  'kc',
  'kd',
  'ka',
  'kf',
  'kab',
  'kfb',
  'ks',
  'km',
  'kx',
  'kfa',
  'kxa',
  'kval',
] as const;
const CALLS = [...VMALLOC_CALLS, ...SLAB_CALLS] as const;
/** Numbers lie in the last page of the address space, where no code is: first those of calls, then of texts of the start. */
const FIRST_CALL = -1024;
const FIRST_KNOWN = -512;

export type RecorderCall = (typeof CALLS)[number];

export const callOf = (mm: Kernel, call: RecorderCall): VirtAddr =>
  ulong(mm, FIRST_CALL + CALLS.indexOf(call));

export function isRecorderCall(mm: Kernel, caller: VirtAddr): boolean {
  const number = caller - ulong(mm, FIRST_CALL);
  return number >= 0 && number < CALLS.length;
}

export class Callers {
  private readonly texts = new Map<VirtAddr, string>();
  private readonly known: string[] = [];

  constructor(private readonly mm: Kernel) {}

  /** What stands in memory for a text of the start. */
  addressOf(text: string): VirtAddr {
    if (!this.known.includes(text)) this.known.push(text);
    const address = ulong(this.mm, FIRST_KNOWN + this.known.indexOf(text));
    this.texts.set(address, text);
    return address;
  }

  /** The text of a caller: the one it has, else `recorded` if that is nobody else's. */
  textOf(caller: VirtAddr, recorded: string): string {
    const text = this.texts.get(caller);
    if (text !== undefined) return text;
    if ([...this.texts.values()].includes(recorded)) return `caller ${this.mm.hex(caller)}`;
    this.texts.set(caller, recorded);
    return recorded;
  }
}
