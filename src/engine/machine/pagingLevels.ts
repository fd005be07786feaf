/** The levels of page tables that a build has, from the root down; Linux folds the others. */
import { LEVELS, type LevelFormat, type LevelName } from '../x86/formats.js';
import type { Kernel } from './kernel.js';

type Levels = Readonly<Partial<Record<LevelName, LevelFormat>>>;

const byName = (levels: readonly LevelFormat[]): Levels =>
  Object.fromEntries(levels.map((level) => [level.name, level]));

const WIDE = byName(LEVELS['4-level']);
const PAE = byName(LEVELS.pae);
const TWO_LEVELS = byName(LEVELS['2-level']);

function pgtableLevels(k: Kernel): Levels {
  if (k.wide) return WIDE;
  return k.pte_words === 2 ? PAE : TWO_LEVELS;
}

/** A level by its name; undefined when it is folded. */
export const pgtableLevel = (k: Kernel, name: LevelName): LevelFormat | undefined =>
  pgtableLevels(k)[name];
