/**
 * Who called: the address behind the call, in the code of the caller.
 *
 * Source: Linux 6.1 include/linux/instruction_pointer.h.
 */
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';

/** `_RET_IP_`: where the kernel was entered: what called its function is not itself part of this machine. */
export const retIp = (k: Kernel): VirtAddr => k.machine.caller;
