/**
 * The kernel compiled a second time, each statement reporting to `../probe.js`: same functions, same results, slower.
 * Made at build time by scripts/instrument.mjs.
 */
import * as compiled from 'mmscope:instrumented-kernel';
import type { ProbeTables } from '../probe.js';
import type * as plain from './functions.js';

// Annotated, so that rooms that only see declarations (which the made module has none of) know the types.
export const kernel: typeof plain = compiled.kernel;
export const tables: ProbeTables = compiled.tables;
