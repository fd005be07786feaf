/** Everything that may happen inside the allocator and be stopped at. One table. */
import { ENTRY_HAPPENINGS } from './entries.js';
import type { Happening } from './happening.js';
import { WRITE_HAPPENINGS } from './writes.js';

export const HAPPENINGS: readonly Happening[] = [...ENTRY_HAPPENINGS, ...WRITE_HAPPENINGS];

export const happeningOf = (id: string): Happening | undefined =>
  HAPPENINGS.find((happening) => happening.id === id);
