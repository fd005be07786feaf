/**
 * What is found in a text: one finding for each report in it. A finding is plain data; how it is shown is render/'s.
 *
 * Invariant: whatever is not read from the text, or follows from it by the rules of the report's own kernel, stands in `assumed`.
 */
import type { KernelVersion } from './input/version.js';

type FindingKind =
  | 'page-allocation-failure'
  | 'out-of-memory'
  | 'order-too-large'
  | 'bad-page'
  | 'bad-page-map'
  | 'bad-counter'
  | 'struct-page'
  | 'oops'
  | 'slab-report'
  | 'kasan'
  | 'kfence'
  | 'memory-leak'
  | 'usercopy'
  | 'vmap-failure'
  | 'cma-failure'
  | 'hugepage-shortfall'
  | 'proc-capture'
  | 'page-table-entries'
  | 'binary-capture'
  | 'crash-output'
  | 'question'
  | 'mask';

/** A value of a finding's facts: what tests and scripts read. Words of 64 bits are texts, `0x...`. */
export type Fact =
  string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };

export interface Facts {
  readonly [name: string]: Fact;
}

export type Item = string | readonly (readonly string[])[];

/** Sentences, and tables: a table's first row is its heading. */
export interface Section {
  readonly title: string;
  readonly items: readonly Item[];
}

/** Where a finding stands: lines of one input, counted from 1. */
interface Place {
  readonly input: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** How the kernel of a report is known. */
type VersionSource = 'report' | 'form' | 'given' | 'session' | 'unknown';

export interface ReportKernel {
  readonly version?: KernelVersion;
  /** As the report writes it: `4.9.70`. */
  readonly release?: string;
  readonly source: VersionSource;
}

export interface Finding {
  readonly kind: FindingKind;
  /** One sentence: what is the matter. */
  readonly headline: string;
  readonly place: Place;
  readonly kernel: ReportKernel;
  readonly sections: readonly Section[];
  readonly assumed: readonly string[];
  readonly facts: Facts;
  /** Text of a scenario whose machine is in the state that the report tells of. */
  readonly scenario?: string;
}

/** Leaves out sections without items. */
export const sections = (
  ...list: readonly (readonly [title: string, items: readonly Item[]])[]
): Section[] =>
  list.filter(([, items]) => items.length > 0).map(([title, items]) => ({ title, items }));
