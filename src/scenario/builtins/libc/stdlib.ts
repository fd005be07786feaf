/**
 * What else programs call of the C library: numbers in texts, sorting, what the system is, how a program ends.
 *
 * Source: POSIX.1-2017, stdlib.h, unistd.h, assert.h; the numbers of sysconf() are glibc's.
 */
import { current } from '../../../engine/entry/functions.js';
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import { bytesOf } from '../../syntax/utf8.js';
import { convert, wrap64, type Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf } from '../pointers.js';
import { compareBy, sort } from '../sorting.js';
import { nextRandom } from '../../../engine/machine/random.js';
import { leading } from '../texts.js';
import { exit } from '../user/processes.js';
import { inJiffies, sleepFor } from '../waiting.js';
import { errorText } from './errors.js';
import { print, STDERR } from './print.js';

const changes = true;
const sleeps = 'always' as const;
const EINVAL = 22;
const SI_TKILL = -6;

/** Names of sysconf(). */
const SYSCONF: Readonly<Record<number, (call: BuiltinCall) => number>> = {
  2: ({ k }) => k.CONFIG_HZ,
  30: () => PAGE_SIZE,
  83: ({ k, kernel }) => kernel.num_online_cpus(k),
  84: ({ k, kernel }) => kernel.num_online_cpus(k),
  85: ({ k }) => k.read_ulong(k.globals._totalram_pages),
  86: ({ k, kernel }) => kernel.global_zone_page_state(k, k.NR_FREE_PAGES),
};

const system: readonly BuiltinRow[] = [
  {
    signature: 'long sysconf(int name)',
    doc: 'What the system is: _SC_PAGESIZE, _SC_NPROCESSORS_ONLN, _SC_NPROCESSORS_CONF, _SC_PHYS_PAGES, _SC_AVPHYS_PAGES, _SC_CLK_TCK; -1 and EINVAL for other names.',
    changes,
    run: (call, name) => {
      const found = SYSCONF[Number(name)];
      if (found !== undefined) return found(call);
      call.process.errno = EINVAL;
      return -1;
    },
  },
  {
    signature: 'int getpagesize(void)',
    doc: 'The bytes of a page: 4096.',
    run: () => PAGE_SIZE,
  },
  {
    signature: 'int usleep(unsigned int usec)',
    doc: 'Sleeps for at least so many microseconds; here, whole jiffies.',
    changes,
    sleeps,
    run: (call, usec) => {
      sleepFor(call, inJiffies(call, Number(usec)));
      return 0;
    },
  },
  {
    signature: 'unsigned int sleep(unsigned int seconds)',
    doc: 'Sleeps for at least so many seconds; 0.',
    changes,
    sleeps,
    run: (call, seconds) => {
      sleepFor(call, Number(seconds) * call.k.CONFIG_HZ + 1);
      return 0;
    },
  },
];

const ending: readonly BuiltinRow[] = [
  {
    signature: 'void _exit(int status)',
    doc: 'Like exit().',
    changes,
    needs: needsProcess,
    run: exit,
  },
  {
    signature: 'int raise(int sig)',
    doc: 'Sends a signal to the running task: kill() of itself.',
    changes,
    run: (call, sig) => call.process.send(current(call.k), Number(sig), SI_TKILL),
  },
  {
    signature: 'void abort(void)',
    doc: 'Ends the program with SIGABRT.',
    changes,
    needs: needsProcess,
    run: (call) => call.abort('the program called abort()'),
  },
  {
    signature:
      'void __assert_fail(const char *assertion, const char *file, unsigned int line, const char *function)',
    doc: 'The function behind assert(): says what does not hold, and ends the program with SIGABRT.',
    changes,
    needs: needsProcess,
    run: (call, assertion, file, line, where) => {
      const place = `${call.string(file)}:${Number(line)}: ${call.string(where)}`;
      const what = call.string(assertion);
      print(call, `${place}: Assertion \`${what}' failed.\n`, STDERR);
      return call.abort(`assert(${what}) failed`);
    },
  },
];

const sorting: readonly BuiltinRow[] = [
  {
    signature:
      'void qsort(void *base, size_t num, size_t size, int (*compar)(const void *, const void *))',
    doc: 'Sorts an array; compar tells by its sign which of two comes first.',
    changes,
    run: (call, base, num, size, compar) => {
      const compare = compareBy(call, 'qsort', compar);
      sort(call, base, sizeOf(call, num), sizeOf(call, size), compare, 0);
    },
  },
];

const others: readonly BuiltinRow[] = [
  {
    signature: 'char *getenv(const char *name)',
    doc: 'NULL: a program here has no environment.',
    run: () => 0,
  },
  {
    signature: 'void srand(unsigned int seed)',
    doc: 'Does nothing: rand() gives the same numbers in each run.',
    run: () => undefined,
  },
  {
    signature: 'int rand(void)',
    doc: 'A number of 31 bits; in each run the same ones.',
    changes,
    run: (call) => nextRandom(call.k) >>> 1,
  },
];

const texts: readonly BuiltinRow[] = [
  {
    signature: 'char *strerror_r(int errnum, char *buf, size_t buflen)',
    doc: 'What a number in errno means, in a buffer, cut where that ends; the buffer.',
    changes,
    run: (call, errnum, buf, buflen) => {
      const size = sizeOf(call, buflen);
      const text = errorText(Number(errnum)).slice(0, Math.max(0, size - 1));
      if (size > 0) call.memory.writeBytes(buf, bytesOf(`${text}\0`));
      return buf;
    },
  },
];

/** White space in front of a number is passed over. */
function numberAt(call: BuiltinCall, s: Value, end: Value, base: Value, isLong: boolean): Value {
  const space = /^[ \t-\r]*\+?/.exec(call.string(s))?.[0].length ?? 0;
  const value = wrap64(leading(call, call.offset(s, space), end, base, true));
  const bits = isLong && call.k.wide ? 64 : 32;
  return convert(value, bits === 64 ? 'i64' : 'i32');
}

const numbers: readonly BuiltinRow[] = [
  {
    signature: 'int atoi(const char *nptr)',
    doc: 'The decimal number that a text begins with, white space in front of it aside; 0 if there is none.',
    changes,
    run: (call, s) => numberAt(call, s, 0, 10, false),
  },
  {
    signature: 'long atol(const char *nptr)',
    doc: 'Like atoi(), for a long.',
    changes,
    run: (call, s) => numberAt(call, s, 0, 10, true),
  },
  {
    signature: 'long strtol(const char *nptr, char **endptr, int base)',
    doc: 'The number that a text begins with, and where it ends; with base 0 a leading 0x or 0 tells the base. What is too large is cut.',
    changes,
    run: (call, s, end, base) => numberAt(call, s, end, base, true),
  },
  {
    signature: 'unsigned long strtoul(const char *nptr, char **endptr, int base)',
    doc: 'Like strtol(), without a sign in the result.',
    changes,
    run: (call, s, end, base) => call.unsignedLong(Number(numberAt(call, s, end, base, true))),
  },
];

export const stdlib: readonly Builtin[] = group('process', '', [
  ...system,
  ...ending,
  ...sorting,
  ...texts,
  ...others,
  ...numbers,
]);
