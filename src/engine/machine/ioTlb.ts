/** Where boot put the bounce buffer and the slots that manage it: `struct io_tlb_mem`, which the recorded builds lack. */
import type { PhysAddr } from '../memory/address.js';

export interface IoTlbMem {
  readonly start: PhysAddr;
  readonly nslabs: number;
  readonly slots: PhysAddr;
  readonly slotBytes: number;
}
