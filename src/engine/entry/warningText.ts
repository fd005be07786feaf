/** A warning of the kernel as a line of its log: `WARNING: at mm/page_alloc.c: __alloc_pages: order >= MAX_ORDER`. */
import { tables } from './instrumented.js';

/** @param text of a `warn` event: the function's name goes first */
export function warningText(text: string): string {
  const name = /^(\w+):/.exec(text)?.[1];
  const found = tables.functions.find((one) => one.name === name);
  return found === undefined ? `WARNING: ${text}` : `WARNING: at ${found.c.file}: ${text}`;
}
