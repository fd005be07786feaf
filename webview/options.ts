/** How the user wants the map to look; kept while the view is hidden. */
import type { Arrangement } from './curve.js';
import { ZOOMS } from './layout.js';

export interface Options {
  readonly arrangement: Arrangement;
  /** Index into ZOOMS; `fit`: as near as the whole machine fits; undefined: what suits the machine. */
  readonly zoom: number | 'fit' | undefined;
  readonly showChanges: boolean;
}

const DEFAULTS: Options = { arrangement: 'buddy', zoom: undefined, showChanges: true };

/** What was kept, where it still makes sense. */
export function readOptions(kept: unknown): Options {
  const { arrangement, zoom, showChanges } = (kept ?? {}) as Partial<Options>;
  return {
    arrangement: arrangement === 'rows' ? 'rows' : DEFAULTS.arrangement,
    zoom:
      zoom === 'fit' || (typeof zoom === 'number' && ZOOMS[zoom] !== undefined) ? zoom : undefined,
    showChanges: typeof showChanges === 'boolean' ? showChanges : DEFAULTS.showChanges,
  };
}
