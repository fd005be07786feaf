/** Everything that may happen inside the allocator and be stopped at. One table. */
import { ENTRY_HAPPENINGS } from './entries.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import type { ExtraName } from '../../evaluation/evaluator.js';
import { factNames, nameOfHappening, type Facts, type Happening } from './happening.js';
import { MAPPING_HAPPENINGS } from './mappings.js';
import { SLAB_HAPPENINGS } from './slabs.js';
import { PROCESS_HAPPENINGS } from './processes.js';
import { SLEEPER_HAPPENINGS } from './sleepers.js';
import { WRITE_HAPPENINGS } from './writes.js';

/** By what they happen to. */
export const HAPPENINGS_OF = {
  pages: [...ENTRY_HAPPENINGS, ...WRITE_HAPPENINGS],
  objects: SLAB_HAPPENINGS,
  mappings: MAPPING_HAPPENINGS,
  processes: [...PROCESS_HAPPENINGS, ...SLEEPER_HAPPENINGS],
} as const satisfies Readonly<Record<string, readonly Happening[]>>;

export const HAPPENINGS: readonly Happening[] = Object.values(HAPPENINGS_OF).flat();

export const happeningOf = (id: string): Happening | undefined =>
  HAPPENINGS.find((happening) => happening.id === id);

/** What every one of them may know. */
const ALL_FACTS = [...new Set(HAPPENINGS.flatMap(({ knows }) => knows.split(' ')))];

/**
 * The names of a condition on the group of all: which of them happens, as 1 and 0, and its facts. What it does not know is 0,
 * so that a condition on one of them means something at the others, and hides no variable.
 */
export function groupNames(k: Kernel, happening: Happening, facts: Facts): readonly ExtraName[] {
  const which = HAPPENINGS.map((each) => [nameOfHappening(each), each === happening ? 1 : 0]);
  const known = Object.fromEntries([...which, ...Object.entries(facts)]) as Facts;
  const unknown = ALL_FACTS.filter((name) => !Object.hasOwn(known, name)).map((name) => [name, 0]);
  return [
    ...factNames(k, known),
    ...factNames(k, Object.fromEntries(unknown) as Facts).map((name): ExtraName => ({
      ...name,
      weak: true,
    })),
  ];
}
