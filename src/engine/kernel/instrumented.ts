/**
 * The kernel compiled a second time, each statement reporting to `../probe.js`: same functions, same results, slower.
 * Made at build time by scripts/instrument.mjs.
 */
export { kernel, tables } from 'mmscope:instrumented-kernel';
