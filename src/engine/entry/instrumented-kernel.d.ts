/* eslint-disable @typescript-eslint/consistent-type-imports -- an ambient module has no import declarations of files */
/** What scripts/instrument.mjs makes. */
declare module 'mmscope:instrumented-kernel' {
  export const kernel: typeof import('../entry/functions.js');
  export const tables: import('../probe.js').ProbeTables;
}
