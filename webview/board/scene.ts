/**
 * What a board shows: a picture as SVG elements, and the things in it that can be reached, as rows. The same picture goes on the
 * screen and into a file: it says its colours and fonts itself.
 */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What an expression denotes, or bytes by their address. */
export type Watchable =
  { readonly add: string } | { readonly address: string; readonly bytes: number };

/** One thing that can be pointed at. */
export interface Item {
  /** Stays the same from stop to stop. */
  readonly key: string;
  /** What a hover and a screen reader say. */
  readonly label: string | (() => string);
  readonly box: Box;
  readonly selected?: boolean;
  /** Click, Enter, Space. */
  readonly press?: () => void;
  /** What the machine can be stopped on, when it changes: the key W, a click with Alt, the context menu. */
  readonly watch?: Watchable;
}

/** From left to right. */
export type Row = readonly Item[];

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly SVGElement[];
  /** From top to bottom; a later item lies over an earlier one. */
  readonly rows: readonly Row[];
}

export const NO_SCENE: Scene = { width: 0, height: 0, nodes: [], rows: [] };

export const labelOf = ({ label }: Item): string => (typeof label === 'string' ? label : label());

export const contains = ({ x, y, width, height }: Box, px: number, py: number): boolean =>
  px >= x && px < x + width && py >= y && py < y + height;
