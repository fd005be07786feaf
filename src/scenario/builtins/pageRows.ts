/**
 * Builtins whose whole work is done by the kernel's function of that name, for one page or folio: a page stands for the head of its
 * compound page, a folio is one.
 */
import type { Page } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Value } from '../semantics/arithmetic.js';
import type { BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import type { KernelCalls } from './kernelCalls.js';
import { truth } from './pointers.js';

/** What the kernel has for one page. */
type PageFunction = {
  readonly [Name in keyof KernelCalls]: KernelCalls[Name] extends (k: Kernel, page: Page) => unknown
    ? Name
    : never;
}[keyof KernelCalls];

export const headOf = (call: BuiltinCall, page: Value): Page => call.page(page, 'compound_head');

export const folioOf = (call: BuiltinCall, folio: Value): Page => call.page(folio);

/** Writes a row down: what it gives, its name, its sentence, and whether it sleeps. */
type RowOf = (
  result: 'void' | 'bool' | 'int',
  name: PageFunction,
  doc: string,
  more?: Pick<BuiltinRow, 'sleeps'>,
) => BuiltinRow;

const rowOf =
  (what: 'page' | 'folio', pageOf: (call: BuiltinCall, argument: Value) => Page): RowOf =>
  (result, name, doc, more) => ({
    signature: `${result} ${name}(struct ${what} *${what})`,
    doc,
    changes: true,
    ...more,
    run: (call, argument) => {
      const given: unknown = call.kernel[name](call.k, pageOf(call, argument));
      if (typeof given === 'boolean') return truth(given);
      return typeof given === 'number' ? given : undefined;
    },
  });

/** A row for a page that may change it. */
export const pageRow = rowOf('page', headOf);

/** The same for a folio. */
export const folioRow = rowOf('folio', folioOf);
