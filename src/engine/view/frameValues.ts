/**
 * What the map colours frames by, and the few letters that a cell has room for: arguments and bodies of the custom requests
 * `mmscope/frameValues` and `mmscope/frameLabels`. Plain JSON.
 */

export interface FrameValuesArguments {
  /** A multiple of `framesPerCell`. */
  readonly firstPfn: number;
  /** A power of two. */
  readonly framesPerCell: number;
  readonly cells: number;
  /**
   * `order`, `migratetype`, `zone`, `references`, `mappings`, `pins`, `age`, `owner`, or a page flag: `PG_locked`. Of a capture also
   * `process`, and its flags are `KPF_LOCKED`.
   */
  readonly by: string;
}

export interface FrameValuesBody {
  /**
   * Base64 of one byte a cell; of several frames the largest. Amounts are clamped; `age` is 15 for what was written last and 0 for
   * what was not written since history begins; of a flag the share of frames that have it, in 15ths.
   */
  readonly values: string;
  /** What the values of migratetypes, zones and owners are called. */
  readonly names?: readonly string[];
}

/** A cell that has none: a hole, or a frame that nobody owns. */
export const NO_VALUE = 255;

export interface FrameLabelsArguments {
  readonly firstPfn: number;
  readonly nrFrames: number;
}

/** The most frames that one request may ask labels of. */
export const MAX_LABELS = 1 << 14;

export interface FrameLabelsBody {
  /** `_refcount` of each frame; -1 where there is no struct page, or it says nothing (free, tail). */
  readonly counts: readonly number[];
  /** Flags as page-types has them: `LUl`; empty for most. */
  readonly flags: readonly string[];
}
