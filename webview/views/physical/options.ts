/** How the user wants the map to look; kept while the view is hidden. */
import { knownColouring, type Colouring } from './colouring.js';
import type { Arrangement } from './curve.js';
import { ZOOMS } from './layout.js';

export interface Options {
  readonly arrangement: Arrangement;
  /** Index into ZOOMS; `fit`: as near as the whole machine fits; undefined: what suits the machine. */
  readonly zoom: number | 'fit' | undefined;
  readonly showChanges: boolean;
  /** Lines between pageblocks. */
  readonly showPageblocks: boolean;
  readonly colouring: Colouring;
  /** `auto`: WebGL where the view has more pixels than a canvas draws in time. */
  readonly renderer: 'auto' | 'canvas' | 'webgl';
}

const DEFAULTS: Options = {
  arrangement: 'buddy',
  zoom: undefined,
  showChanges: true,
  showPageblocks: false,
  colouring: 'use',
  renderer: 'auto',
};

/** What was kept, where it still makes sense. */
export function readOptions(kept: unknown): Options {
  const given = (kept ?? {}) as Partial<Options>;
  const { zoom } = given;
  const isZoom = zoom === 'fit' || (typeof zoom === 'number' && ZOOMS[zoom] !== undefined);
  const flag = (value: unknown, otherwise: boolean): boolean =>
    typeof value === 'boolean' ? value : otherwise;
  return {
    arrangement: given.arrangement === 'rows' ? 'rows' : DEFAULTS.arrangement,
    zoom: isZoom ? zoom : undefined,
    showChanges: flag(given.showChanges, DEFAULTS.showChanges),
    showPageblocks: flag(given.showPageblocks, DEFAULTS.showPageblocks),
    colouring: knownColouring(given.colouring) ?? DEFAULTS.colouring,
    renderer:
      given.renderer === 'webgl' || given.renderer === 'canvas'
        ? given.renderer
        : DEFAULTS.renderer,
  };
}
