/**
 * GFP arguments of recorded operations: `K|NOWARN|~KSWAPD`, names joined by `|`, left to right; `~` takes bits away.
 */
import type { Gfp } from '../../engine/machine/ctypes.js';
import type { Profile } from '../../engine/types/profile.js';

const NAMES: Readonly<Record<string, string>> = {
  K: 'GFP_KERNEL',
  A: 'GFP_ATOMIC',
  N: 'GFP_NOWAIT',
  U: 'GFP_USER',
  HU: 'GFP_HIGHUSER',
  HUM: 'GFP_HIGHUSER_MOVABLE',
  MOV: '__GFP_MOVABLE',
  REC: '__GFP_RECLAIMABLE',
  DIRECT: '__GFP_DIRECT_RECLAIM',
  KSWAPD: '__GFP_KSWAPD_RECLAIM',
  RETRY: '__GFP_RETRY_MAYFAIL',
};

/** @throws Error for a name that this build has no bit for */
export function parseGfp(profile: Profile, text: string): Gfp {
  let gfp = 0;
  for (const word of text.split('|')) {
    const name = word.replace(/^~/, '');
    const bits = profile.findConstant(NAMES[name] ?? `__GFP_${name}`);
    if (bits === undefined) throw new Error(`'${name}' is not a GFP flag`);
    gfp = word.startsWith('~') ? gfp & ~bits : gfp | bits;
  }
  return gfp;
}
