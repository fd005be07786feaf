/**
 * What a program prints without naming a stream, and why something failed.
 *
 * Differs: nothing is kept back until a stream is flushed.
 */
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { errorText } from './errors.js';
import { formatted, print, STDERR } from './print.js';

const changes = true;
const dialect = 'printf' as const;

const printing: readonly BuiltinRow[] = [
  {
    signature: 'int printf(const char *format, ...)',
    printsParts: true,
    doc: 'Prints as a program of the C library does: how many characters. %p prints an address, NULL as (nil). Modules of the kernel have pr_info().',
    format: 0,
    dialect,
    changes,
    run: (call, format, ...args) => print(call, formatted(call, format, args)),
  },
  {
    signature: 'int vprintf(const char *format, va_list args)',
    printsParts: true,
    doc: 'Like printf(), with the arguments of a function with "...".',
    format: 0,
    list: true,
    changes,
    run: (call, format, list) => print(call, formatted(call, format, call.variableArguments(list))),
  },
  {
    signature: 'int puts(const char *s)',
    doc: 'Prints a text and a newline.',
    changes,
    run: (call, s) => print(call, `${call.string(s)}\n`),
  },
  {
    signature: 'int putchar(int c)',
    printsParts: true,
    doc: 'Prints a character.',
    changes,
    run: (call, c) => {
      print(call, String.fromCharCode(Number(c) & 0xff));
      return Number(c) & 0xff;
    },
  },
  {
    signature: 'int fflush(void *stream)',
    doc: 'Does nothing: what is printed is seen at once.',
    run: () => 0,
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
];

/** err(), warn() and the two that do not ask errno. */
const complaint = (
  name: 'err' | 'errx' | 'warn' | 'warnx',
  run: (call: BuiltinCall, text: string, status: Value) => undefined,
): BuiltinRow => {
  const ends = name.startsWith('err');
  return {
    signature: `void ${name}(${ends ? 'int eval, ' : ''}const char *fmt, ...)`,
    doc: `Prints a text${name.endsWith('x') ? '' : ' and why the last call of the C library failed'} to stderr${ends ? ', and ends the program' : ''}.`,
    format: ends ? 1 : 0,
    dialect,
    changes,
    needs: needsProcess,
    run: (call, ...args) => {
      const [status, format, rest] = ends
        ? [args[0] ?? 0, args[1] ?? 0, args.slice(2)]
        : [0, args[0] ?? 0, args.slice(1)];
      const why = name.endsWith('x') ? '' : `: ${errorText(call.process.errno)}`;
      run(call, `${formatted(call, format, rest)}${why}\n`, status);
    },
  };
};

const ending = (call: BuiltinCall, text: string, status: Value): undefined => {
  print(call, text, STDERR);
  call.process.exit(Number(status));
};

const going = (call: BuiltinCall, text: string): undefined => {
  print(call, text, STDERR);
};

export const stdio: readonly Builtin[] = [
  ...group('output', '', printing),
  ...group('process', '', [
    complaint('err', ending),
    complaint('errx', ending),
    complaint('warn', going),
    complaint('warnx', going),
  ]),
];
