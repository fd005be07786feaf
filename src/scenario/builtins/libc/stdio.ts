/**
 * What a program prints. Its text goes to where the kernel's log goes, as a program's output and the log both come to a console; a line
 * that has no end yet waits for the rest of it.
 *
 * Differs: nothing is kept back until a stream is flushed; there are no other streams than stdout and stderr.
 */
import { vsprintf } from '../../printk/print.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { printServices } from '../printServices.js';
import { errorText } from './errors.js';

const changes = true;
const dialect = 'printf' as const;

const STDERR = 2;
const EOF = -1;
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
const formatted = (call: BuiltinCall, format: Value, args: Iterable<Value>): string =>
  vsprintf({ ...printServices(call), dialect }, call.string(format), args);

/** stdout and stderr are their numbers, as pointers; any other stream is a file's, which nobody can have opened. */
function streamOf(call: BuiltinCall, stream: Value): number {
  const number = Number(stream);
  if (number === 1 || number === STDERR) return number;
  return call.bug(`BUG: ${String(stream)} is not a stream: there are stdout and stderr`);
}

const character = (c: Value): string => String.fromCharCode(Number(c) & 0xff);

export const stdio: readonly Builtin[] = group('output', '', [
  {
    signature: 'int printf(const char *format, ...)',
    doc: 'Prints as a program of the C library does: how many characters. %p prints an address, NULL as (nil). Modules of the kernel have pr_info().',
    format: 0,
    dialect,
    changes,
    run: (call, format, ...args) => print(call, formatted(call, format, args)),
  },
  {
    signature: 'int fprintf(void *stream, const char *format, ...)',
    doc: 'Like printf(), to stdout or stderr.',
    format: 1,
    dialect,
    changes,
    run: (call, stream, format, ...args) =>
      print(call, formatted(call, format, args), streamOf(call, stream)),
  },
  {
    signature: 'int vprintf(const char *format, va_list args)',
    doc: 'Like printf(), with the arguments of a function with "...".',
    format: 0,
    list: true,
    changes,
    run: (call, format, list) => print(call, formatted(call, format, call.variableArguments(list))),
  },
  {
    signature: 'int vfprintf(void *stream, const char *format, va_list args)',
    doc: 'Like fprintf(), with the arguments of a function with "...".',
    format: 1,
    list: true,
    changes,
    run: (call, stream, format, list) =>
      print(call, formatted(call, format, call.variableArguments(list)), streamOf(call, stream)),
  },
  {
    signature: 'int puts(const char *s)',
    doc: 'Prints a text and a newline.',
    changes,
    run: (call, s) => print(call, `${call.string(s)}\n`),
  },
  {
    signature: 'int fputs(const char *s, void *stream)',
    doc: 'Prints a text to stdout or stderr.',
    changes,
    run: (call, s, stream) => print(call, call.string(s), streamOf(call, stream)),
  },
  {
    signature: 'int putchar(int c)',
    doc: 'Prints a character.',
    changes,
    run: (call, c) => {
      print(call, character(c));
      return Number(c) & 0xff;
    },
  },
  {
    signature: 'int fputc(int c, void *stream)',
    doc: 'Prints a character to stdout or stderr.',
    changes,
    run: (call, c, stream) => {
      print(call, character(c), streamOf(call, stream));
      return Number(c) & 0xff;
    },
  },
  {
    signature: 'int fflush(void *stream)',
    doc: 'Does nothing: what is printed is seen at once.',
    run: (call, stream) => (stream === 0 || streamOf(call, stream) > 0 ? 0 : EOF),
  },
  {
    signature: 'void perror(const char *s)',
    doc: 'Prints a text and why the last call of the C library failed, to stderr.',
    changes,
    run: (call, s) => {
      const prefix = s === 0 || call.string(s) === '' ? '' : `${call.string(s)}: `;
      print(call, `${prefix}${errorText(call.process.errno)}\n`, STDERR);
    },
  },
]);
