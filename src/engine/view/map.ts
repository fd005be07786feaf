/**
 * What a map of physical memory asks the debug adapter, and is told: the arguments and bodies of the custom requests
 * `mmscope/map`, `mmscope/frame` and `mmscope/verdict`. Plain JSON; addresses are text, as everywhere in the Debug Adapter Protocol.
 */

/** States of `cells` cells of `framesPerCell` frames each, from `firstPfn` on. */
export const MAP_REQUEST = 'mmscope/map';
/** Where the debugger's cursor stands on the tape. */
export const CLOCK_REQUEST = 'mmscope/clock';

export interface MapArguments {
  /** A multiple of `framesPerCell`. */
  readonly firstPfn: number;
  /** A power of two. */
  readonly framesPerCell: number;
  /** 0 asks for the outline only. At most {@link MAX_CELLS}. */
  readonly cells: number;
}

/** The most cells that one request may ask for. */
export const MAX_CELLS = 1 << 18;

export interface MapZone {
  /** `DMA`, `Normal`, `HighMem`, ...; empty: of a capture, which does not tell its zones. */
  readonly name: string;
  readonly startPfn: number;
  /** Exclusive. */
  readonly endPfn: number;
}

export interface MapBody {
  /** One past the highest frame number. */
  readonly maxPfn: number;
  /** By start; frames between zones belong to none. */
  readonly zones: readonly MapZone[];
  /** Base64 of one state byte a cell (pageState.ts); cells past maxPfn are absent. */
  readonly states: string;
  /** Frames of each kind in the whole machine, by the kind's code. */
  readonly totals?: readonly number[];
  /** What machine it is. */
  readonly machine?: MapMachine;
}

export interface MapMachine {
  /** `i386`, `i386-pae`, `x86_64`. */
  readonly arch: string;
  /** Frames of a pageblock are 2 to this power. */
  readonly pageblockOrder: number;
  /** Names of the page flags that this build has: `PG_locked`. */
  readonly flags: readonly string[];
  /** Booted by mmscope, rebuilt from a recorded state, read from a dump, or told by captures of its frames. */
  readonly source: 'boot' | 'state' | 'core' | 'capture';
  /** It is only looked into: nothing runs in it, and it has no other times. */
  readonly standsStill?: true;
  /** What its frames can be coloured by, but for flags; absent: by all that a struct page tells. */
  readonly colourings?: readonly string[];
  /** The views that have something to show; absent: all. */
  readonly views?: readonly string[];
}

export interface FrameArguments {
  readonly pfn: number;
}

/** One member of a `struct page`, as text. */
export interface FrameField {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
}

export interface FrameBody {
  readonly pfn: number;
  /** State byte of the frame alone: its detail is the order of its block. */
  readonly state: number;
  /** `0x01f40000`. */
  readonly phys: string;
  /** Where the kernel's linear mapping has it; absent for highmem. */
  readonly virt?: string;
  /** Address of its `struct page`. */
  readonly page?: string;
  readonly zone?: string;
  /** Of its pageblock: `MIGRATE_MOVABLE`. */
  readonly migratetype?: string;
  /** `PG_locked`, ... */
  readonly flags: readonly string[];
  /** One line such as `free block of order 3, 8 pages from pfn 0x1f40`. */
  readonly summary?: string;
  readonly fields: readonly FrameField[];
  /** Who allocated it, who holds its references, who maps it; a row each, names come several times. */
  readonly holders?: readonly { readonly name: string; readonly value: string }[];
  /** The expression that denotes the struct page in watches: `*pfn_to_page(0x1f40)`. */
  readonly expression?: string;
  /** For hex views of the frame's own bytes: its physical memory by any address that readMemory takes. */
  readonly memoryReference?: string;
}

export interface VerdictBody {
  /** The closing sentence; absent as long as nothing has been attempted. */
  readonly sentence?: string;
  /** What led to it, line by line. */
  readonly lines: readonly string[];
  readonly failed: boolean;
  /** First frame of the block that was given. */
  readonly pfn?: number;
}

export interface ClockBody {
  /** Position of the cursor, in entries of the tape. */
  readonly now: number;
  readonly start: number;
  readonly end: number;
}
