/** Text that a program prints: to where the kernel's log goes; a line that has no end yet waits for the rest of it. */
import { vsprintf } from '../../printk/print.js';
import type { Value } from '../../semantics/arithmetic.js';
import type { BuiltinCall } from '../call.js';
import { printServices } from '../printServices.js';

export const STDERR = 2;
const LEVEL_ERR = 3;
const LEVEL_INFO = 6;

/** Prints bytes, one a character, to a stream by its number: how many. */
export function print(call: BuiltinCall, text: string, stream = 1): number {
  if (text === '') return 0;
  const isOpen = !text.endsWith('\n');
  call.printk(stream === STDERR ? LEVEL_ERR : LEVEL_INFO, isOpen ? text : text.slice(0, -1), {
    continues: true,
    ...(isOpen && { open: true }),
  });
  return text.length;
}

/** The text of a format of the C library. */
export const formatted = (call: BuiltinCall, format: Value, args: Iterable<Value>): string =>
  vsprintf({ ...printServices(call), dialect: 'printf' }, call.string(format), args);
