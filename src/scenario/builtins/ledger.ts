/**
 * Where builtins tell what they take from the kernel and what they give back: each allocation once, by the address that names it,
 * and the free that ends it by the same one. The one place for whoever keeps account (leaks, who allocated an object).
 */
import type { Value } from '../semantics/arithmetic.js';

export interface Allocation {
  readonly kind:
    | 'pages'
    | 'object'
    | 'area'
    | 'per-CPU'
    | 'cache'
    | 'device region'
    | 'cdev'
    | 'class'
    | 'device'
    | 'workqueue';
  /** What the free is called with: of pages the address of their struct page, of a device region its first number. */
  readonly address: Value;
  readonly sizeBytes: number;
}

/** A reference like any other (FOLL_GET), or one that says that the page's contents are used (FOLL_PIN). */
export type HoldKind = 'get' | 'pin';

export interface Ledger {
  allocated(allocation: Allocation): void;
  /** What is not known was not the scenario's. */
  freed(kind: Allocation['kind'], address: Value): void;
  /** A call has taken a reference or a pin. @param page address of a struct page */
  holds(kind: HoldKind, page: Value): void;
  drops(kind: HoldKind, page: Value): void;
}
