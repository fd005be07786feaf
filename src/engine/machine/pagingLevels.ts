/** The levels of page tables that a build has, from the root down; Linux folds the others. */
import { LEVELS, type LevelFormat, type LevelName } from '../x86/formats.js';
import type { Kernel } from './kernel.js';

function pgtableLevels(k: Kernel): readonly LevelFormat[] {
  if (k.wide) return LEVELS['4-level'];
  return k.pte_words === 2 ? LEVELS.pae : LEVELS['2-level'];
}

/** A level by its name; undefined when it is folded. */
export const pgtableLevel = (k: Kernel, name: LevelName): LevelFormat | undefined =>
  pgtableLevels(k).find((level) => level.name === name);
