/** Assertions, errors in pointers, and what a scenario checks about itself. */
import { vsprintf } from '../printk/print.js';
import type { Value } from '../semantics/arithmetic.js';
import { operation } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const MAX_ERRNO = 4095;

/** The last 4095 values of a pointer are negative error numbers, not addresses. */
function isError(call: BuiltinCall, pointer: Value): boolean {
  const width = call.k.wide ? 'u64' : 'u32';
  return operation('>=', width)(pointer, call.unsignedLong(-MAX_ERRNO)) === 1;
}

/** The text of a format, a line of the log, and the warning behind it. */
function warnWith(call: BuiltinCall, format: Value, args: readonly Value[]): void {
  const services = { profile: call.profile, readBytes: call.memory.readBytes };
  const text = vsprintf(services, call.string(format), args).replace(/\n$/, '');
  call.warn(`WARNING: at ${call.location}: ${text}`);
}

const truth = (condition: boolean): number => (condition ? 1 : 0);

export const checking: readonly Builtin[] = [
  ...group('checking', '', [
    {
      signature: 'void expect(bool condition)',
      doc: 'Checks a condition. If it is false, the run continues and is reported as failed at the end.',
      changes: true,
      run: (call, condition) => {
        call.expectation(condition !== 0);
      },
    },
  ]),
  ...group('checking', 'include/asm-generic/bug.h', [
    {
      signature: 'int WARN_ON(bool condition)',
      doc: 'Warns if a condition holds that should not; returns whether it does.',
      changes: true,
      run: (call, condition) => {
        if (condition !== 0) call.warn(`WARNING: at ${call.location}: ${call.source}`);
        return condition;
      },
    },
    {
      signature: 'int WARN_ON_ONCE(bool condition)',
      doc: 'Like WARN_ON. A real kernel warns only once; here each time.',
      changes: true,
      run: (call, condition) => {
        if (condition !== 0) call.warn(`WARNING: at ${call.location}: ${call.source}`);
        return condition;
      },
    },
    ...['WARN', 'WARN_ONCE'].map((name): BuiltinRow => ({
      signature: `int ${name}(bool condition, const char *fmt, ...)`,
      doc: `Warns with a text if a condition holds that should not${name === 'WARN' ? '' : ', the first time'}; returns whether it does.`,
      format: 1,
      changes: true,
      run: (call, condition, format = 0, ...args) => {
        if (condition !== 0 && (name === 'WARN' || call.k.machine.warnsFirst(call.location)))
          warnWith(call, format, args);
        return condition;
      },
    })),
    {
      signature: 'void BUG_ON(bool condition)',
      doc: 'Ends the task when the condition holds.',
      changes: true,
      run: (call, condition) => {
        if (condition !== 0) call.bug(`kernel BUG at ${call.location}!`);
      },
    },
    {
      signature: 'void BUG(void)',
      doc: 'Ends the task.',
      changes: true,
      run: (call) => call.bug(`kernel BUG at ${call.location}!`),
    },
    {
      signature: 'void VM_BUG_ON(bool condition)',
      doc: 'Like BUG_ON on a machine with cmdline="debug_vm=on"; otherwise it does nothing, as without CONFIG_DEBUG_VM.',
      changes: true,
      run: (call, condition) => {
        if (call.k.CONFIG_DEBUG_VM !== 0 && condition !== 0)
          call.bug(`kernel BUG at ${call.location}!`);
      },
    },
    ...['page', 'folio'].flatMap((what): BuiltinRow[] => [
      {
        signature: `void VM_BUG_ON_${what.toUpperCase()}(bool condition, struct ${what} *${what})`,
        doc: 'Does nothing: the kernels here are built without CONFIG_DEBUG_VM.',
        run: () => undefined,
      },
      {
        signature: `int VM_WARN_ON_ONCE_${what.toUpperCase()}(bool condition, struct ${what} *${what})`,
        doc: 'Does nothing, and is 0: the kernels here are built without CONFIG_DEBUG_VM.',
        run: () => 0,
      },
    ]),
  ]),
  ...group('error', 'include/linux/err.h', [
    {
      signature: 'bool IS_ERR(const void *ptr)',
      doc: 'Whether a pointer encodes an error number.',
      run: (call, pointer) => truth(isError(call, pointer)),
    },
    {
      signature: 'bool IS_ERR_OR_NULL(const void *ptr)',
      doc: 'Whether a pointer is NULL or encodes an error number.',
      run: (call, pointer) => truth(pointer === 0 || isError(call, pointer)),
    },
    {
      signature: 'long PTR_ERR(const void *ptr)',
      doc: 'The error number that a pointer encodes.',
      run: (call, pointer) => (call.k.wide ? pointer : Number(pointer) | 0),
    },
    {
      signature: 'void *ERR_PTR(long error)',
      doc: 'An error number as a pointer.',
      run: (call, error) => (call.k.wide ? error : Number(error) >>> 0),
    },
  ]),
];
