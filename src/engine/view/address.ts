/**
 * What is asked and told about one address: arguments and bodies of the custom request `mmscope/address`, and the report that
 * hovers, the console's helpers and the command "Where Is This Page?" show. Plain JSON; addresses are text.
 */
import type { AddressKind, Meant } from './addressKind.js';
import type { Verdict } from './addressVerdict.js';
import type { WhereFact } from './whereIs.js';

/** Everything about one address. */
export const ADDRESS_REQUEST = 'mmscope/address';

export interface AddressArguments {
  /** An expression of C, or a number as logs have it (`ffff888000100000`). */
  readonly expression: string;
  /** Where nothing says it, the expression's type does, else it is virtual. */
  readonly meant?: Meant;
  /** The conversion that the address stands in: `__pa`. */
  readonly use?: string;
  readonly frameId?: number;
}

export interface AddressBody {
  readonly report: AddressReport;
  /** The report as people read it. */
  readonly markdown: string;
}

export interface AddressReport {
  /** The number as its kind is written: `0xf0801000`. */
  readonly address: string;
  readonly kind: AddressKind;
  /** `a vmalloc address` */
  readonly title: string;
  readonly meaning: string;
  /** `<vm_zone_stat+0x10>` */
  readonly symbol?: string;
  /** `vmalloc, 3 pages, <caller>` */
  readonly area?: string;
  /** `in the area`, `pkmap slot`, `fixmap slot`: what the kernel's books say of the address itself. */
  readonly place?: readonly WhereFact[];
  readonly phys?: string;
  /** Of the frame that is meant: of a struct page the one it describes. */
  readonly pfn?: number;
  /** Address of its struct page. */
  readonly page?: string;
  /** Its address in the direct map. */
  readonly logical?: string;
  readonly verdicts: readonly Verdict[];
  readonly walk?: WalkReport;
  readonly where?: WhereReport;
  /** What the number would be if it were meant otherwise. */
  readonly otherwise: readonly string[];
  /** Why this is not of a running machine. */
  readonly note?: string;
}

interface WhereReport {
  readonly sentence: string;
  readonly facts: readonly WhereFact[];
}

export interface WalkReport {
  /** Whose tables: `kernel`, `init (pid 1)`. */
  readonly space: string;
  readonly steps: readonly WalkStepReport[];
  /** `physical 0x1f40123 in a 4 KiB page`, or why there is none. */
  readonly end: string;
}

export interface WalkStepReport {
  /** `PGD` */
  readonly level: string;
  readonly index: string;
  /** Physical address of the entry. */
  readonly at: string;
  readonly value: string;
  /** `P RW A D` */
  readonly flags: string;
  /** `table 0x1418000`, `page 0x9b000, 4 KiB`, `nothing` */
  readonly leadsTo: string;
}
