/** Assertions, errors in pointers, and what a scenario checks about itself. */
import { vsprintf } from '../printk/print.js';
import type { Value } from '../semantics/arithmetic.js';
import { convert, operation } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { printServices } from './printServices.js';

const MAX_ERRNO = 4095;

/** The last 4095 values of a pointer are negative error numbers, not addresses. */
function isError(call: BuiltinCall, pointer: Value): boolean {
  const width = call.k.wide ? 'u64' : 'u32';
  return operation('>=', width)(pointer, call.unsignedLong(-MAX_ERRNO)) === 1;
}

/** The text of a format, a line of the log, and the warning behind it. */
function warnWith(call: BuiltinCall, format: Value, args: readonly Value[]): void {
  const text = vsprintf(printServices(call), call.string(format), args).replace(/\n$/, '');
  call.warn(`WARNING: at ${call.location}: ${text}`);
}

/** What an assertion prints about its page: `VM_BUG_ON_PAGE(PageTail(page), page)` names the condition. */
function dumpPage(call: BuiltinCall, page: Value): void {
  const reason = call.source.replace(/,[^,]*\)$/, ')');
  call.kernel.dump_page(call.k, call.page(page), reason);
}

/** Whether a place is come to for the first time; the byte remembers it. */
function isFirst(call: BuiltinCall, flag: Value): boolean {
  if (flag === 0) return true;
  if (call.memory.load(flag, 1) !== 0) return false;
  call.memory.store(flag, 1, 1);
  return true;
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
    {
      signature: 'void __returned(const char *function, int result)',
      doc: 'What module_init() and main() end with: a result that is not 0 counts as a failed expectation.',
      changes: true,
      run: (call, name, result) => {
        if (result !== 0) call.expectFailed(`${call.string(name)}() returned ${result}`);
      },
    },
  ]),
  ...group('checking', 'include/linux/once.h', [
    {
      signature: 'bool __once(void)',
      doc: 'True the first time a place in the text is come to; what pr_info_once() and its like are made of.',
      changes: true,
      once: true,
      run: (call, flag) => truth(isFirst(call, flag)),
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
      doc: 'Like WARN_ON, but each place in the text warns only once.',
      changes: true,
      once: true,
      run: (call, condition, warned) => {
        if (condition !== 0 && isFirst(call, warned))
          call.warn(`WARNING: at ${call.location}: ${call.source}`);
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
        doc: `Like VM_BUG_ON, and dumps the ${what} before.`,
        changes: true,
        run: (call, condition, page) => {
          if (call.k.CONFIG_DEBUG_VM === 0 || condition === 0) return;
          dumpPage(call, page);
          call.bug(`kernel BUG at ${call.location}!`);
        },
      },
      {
        signature: `int VM_WARN_ON_ONCE_${what.toUpperCase()}(bool condition, struct ${what} *${what})`,
        doc: `Dumps a ${what} and warns, the first time, if the condition holds and the machine has cmdline="debug_vm=on"; returns whether it does.`,
        changes: true,
        once: true,
        run: (call, condition, page, warned) => {
          if (call.k.CONFIG_DEBUG_VM === 0 || condition === 0) return 0;
          if (isFirst(call, warned)) {
            dumpPage(call, page);
            call.warn(`WARNING: at ${call.location}: ${call.source}`);
          }
          return 1;
        },
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
      signature: 'int PTR_ERR_OR_ZERO(const void *ptr)',
      doc: 'The error number that a pointer encodes; 0 if it is an address.',
      run: (call, pointer) => (isError(call, pointer) ? Number(convert(pointer, 'i32')) : 0),
    },
    {
      signature: 'void *ERR_PTR(long error)',
      doc: 'An error number as a pointer.',
      run: (call, error) => (call.k.wide ? error : Number(error) >>> 0),
    },
  ]),
];
