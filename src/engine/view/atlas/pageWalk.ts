/**
 * What a picture of a page walk asks the debug adapter, and is told: the arguments and the body of the custom request
 * `mmscope/walk`. Plain JSON; addresses and entries are text.
 */

import type { AtTime } from '../history.js';

export interface WalkArguments extends AtTime {
  /** An expression of C, or an address as logs have it; CR2 when absent. */
  readonly expression?: string;
  readonly frameId?: number;
  /** Name of an address space; the one that the address means when absent. */
  readonly space?: string;
  /** Rights are judged for it; the translation alone is asked for when absent. */
  readonly access?: 'read' | 'write' | 'fetch';
  /** The access is one of user mode. */
  readonly user?: boolean;
}

export interface WalkBody {
  readonly address: string;
  readonly addressBits: number;
  /** Whose tables: `kernel`, `init (pid 1)`. */
  readonly space: string;
  /** `2-level`, `pae`, `4-level`, `5-level` */
  readonly mode: string;
  /** Physical address of the top-level table. */
  readonly root: string;
  /** Title of the region that the address lies in, and its id in `mmscope/virtual`. */
  readonly region: string;
  readonly regionId: string;
  /** Bits of the address: one field for each level, then the offset in the page. */
  readonly fields: readonly AddressField[];
  /** The entries read, from the root down. */
  readonly steps: readonly StepBody[];
  /** Where the tables lead; there too when the access is refused. */
  readonly page?: PageBody;
  readonly fault?: FaultBody;
  /** CPUs that have the address in their TLB. */
  readonly tlb: readonly TlbHit[];
  /** The last address that faulted, of the CPU that runs; absent if none has. */
  readonly cr2?: string;
}

/** Bit numbers, both inclusive. */
export interface AddressField {
  /** `PGD`, `offset`; `unused` of the bits that repeat the highest one that counts. */
  readonly name: string;
  readonly high: number;
  readonly low: number;
  /** Hexadecimal. */
  readonly value: string;
}

export interface StepBody {
  /** `PGD`, and Intel's name `PML4E`. */
  readonly level: string;
  readonly intelName: string;
  /** Physical address of the table. */
  readonly table: string;
  readonly index: number;
  readonly nrEntries: number;
  /** Base64, a byte for each entry of the table: {@link ENTRY_STATES}. */
  readonly entries: string;
  /** Physical address of the entry taken. */
  readonly at: string;
  readonly entryBytes: 4 | 8;
  readonly value: string;
  /** `0x1801063 P RW A D → page 0x1801000, 4 KiB` */
  readonly text: string;
  readonly present: boolean;
  /** It maps a page, and does not lead to a table. */
  readonly leaf: boolean;
  /** Physical address of the page or of the next table; absent when not present. */
  readonly leadsTo?: string;
  readonly bits: readonly BitBody[];
  /** Numbers of bits that are set and must not be. */
  readonly reservedBits: readonly number[];
  /** Denotes the entry: `((pte_t *)0xc1419008)->pte`. Absent where it cannot be set. */
  readonly expression?: string;
}

export const ENTRY_STATES = { empty: 0, table: 1, page: 2, kept: 3 } as const;

export interface BitBody {
  /** `RW` */
  readonly name: string;
  readonly bit: number;
  readonly set: boolean;
  /** `writes are allowed` */
  readonly meaning: string;
  /** Denotes the bit, in watches and for data breakpoints; absent where it cannot be set. */
  readonly expression?: string;
}

export interface PageBody {
  /** Of the byte that is asked for. */
  readonly phys: string;
  readonly pagePhys: string;
  readonly pageSize: number;
  readonly offset: string;
  readonly pfn: number;
  /** `rw-` over all levels. */
  readonly rights: string;
  readonly user: boolean;
  readonly global: boolean;
  readonly dirty: boolean;
  readonly memoryType?: string;
}

export interface FaultBody {
  /** `page fault`, `general protection`, `no memory` */
  readonly kind: string;
  readonly reason: string;
  /** Level whose entry decides. */
  readonly level?: string;
  readonly cr2?: string;
  /** `0x2`, and its bits in words. */
  readonly errorCode?: string;
  readonly errorText?: string;
}

export interface TlbHit {
  readonly cpu: number;
  readonly phys: string;
  readonly stale?: string;
}
