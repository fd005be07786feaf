/** The kernel log. */
import type { VirtAddr } from '../../engine/memory/address.js';
import { splitLevel, vsprintf } from '../printk/print.js';
import { printServices } from './printServices.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { va } from './pointers.js';

const LEVELS = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warn: 4,
  notice: 5,
  info: 6,
  debug: 7,
} as const;

/** A level of its own in the text wins over the function's. */
function log(
  call: BuiltinCall,
  level: number | undefined,
  format: Value,
  args: Iterable<Value>,
  continues = false,
) {
  const services = printServices(call);
  // vprintk_store() keeps so much of a line.
  const whole = vsprintf(services, call.string(format), args).slice(0, LOG_LINE_MAX - 1);
  const { level: own, text, continues: goesOn, open } = splitLevel(whole);
  call.printk(level === undefined || whole.startsWith('\x01') ? own : level, text, {
    ...((continues || goesOn) && { continues: true }),
    ...(open && { open: true }),
  });
  return whole.length;
}

/** Source: Linux 6.1 kernel/printk/internal.h. */
const LOG_LINE_MAX = 992;

const pr = (name: keyof typeof LEVELS) => ({
  signature: `void pr_${name}(const char *fmt, ...)`,
  doc: `Writes a line to the kernel log, level ${LEVELS[name]}.`,
  format: 0,
  changes: true,
  run: (call: BuiltinCall, format: Value = 0, ...args: Value[]) => {
    log(call, LEVELS[name], format, args);
    return undefined;
  },
});

const PIECE = 4096;
/** More of a file than anybody reads. */
const MOST_BYTES = 1 << 20;

/** A file of /proc, or of /sys by its whole path. */
const pathOf = (name: string): string => (name.startsWith('/') ? name : `/proc/${name}`);

/** The lines of a file that a module has made in /proc; undefined: there is none. */
function linesOfModule(call: BuiltinCall, name: string): string[] | undefined {
  const { k, kernel } = call;
  const node = call.process.files.named(pathOf(name));
  if (node === undefined) return undefined;
  const error = { value: 0 };
  const file = kernel.openDevice(k, node, 0, error);
  if (file === 0) return [`cat: ${pathOf(name)}: error ${-error.value}`];
  let text = '';
  const collect = (from: VirtAddr, n: number): number => {
    text += String.fromCharCode(...call.memory.readBytes(from, n));
    return n;
  };
  while (text.length < MOST_BYTES)
    if (kernel.readDevice(k, file, va(0), PIECE, collect) <= 0) break;
  kernel.fput(k, file);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** As `cat /proc/NAME` would print it, a line of the log each. */
function showProc(call: BuiltinCall, name: string): void {
  const lines = linesOfModule(call, name) ?? call.kernel.proc_lines(call.k, name);
  if (lines === undefined) {
    const known = `${call.kernel.proc_names.join(', ')}, self/maps, PID/maps`;
    call.printk(
      LEVELS.err,
      `cat: ${pathOf(name)}: No such file or directory (use one of ${known})`,
    );
    return;
  }
  for (const text of lines) call.printk(LEVELS.info, text);
}

export const output: readonly Builtin[] = [
  ...group('output', '', [
    {
      signature: 'void proc(const char *name)',
      doc: 'Prints a file of /proc as the kernel would: "buddyinfo", "meminfo", "slabinfo", "vmallocinfo", "zoneinfo" and others; a file that a module has made; of a process "self/maps", "self/smaps", "self/status", "self/pagemap", with a pid in place of "self"; and one of /sys by its whole path, as sysfs() takes it.',
      changes: true,
      run: (call, name) => {
        showProc(call, call.string(name));
      },
    },
  ]),
  ...group('output', 'include/linux/printk.h', [
    ...(Object.keys(LEVELS) as (keyof typeof LEVELS)[]).map(pr),
    {
      signature: 'void pr_cont(const char *fmt, ...)',
      printsParts: true,
      doc: 'Goes on with the line before, where that did not end with a newline.',
      format: 0,
      changes: true,
      run: (call, format, ...args) => {
        log(call, LEVELS.info, format, args, true);
      },
    },
  ]),
  ...group('output', 'kernel/printk/printk.c', [
    {
      signature: 'int printk(const char *fmt, ...)',
      doc: 'Writes a line to the kernel log, at the level that KERN_... before the format gives.',
      format: 0,
      changes: true,
      run: (call, format, ...args) => log(call, undefined, format, args),
    },
    {
      signature: 'int vprintk(const char *fmt, va_list args)',
      doc: 'Like printk(), with the arguments of a function with "...".',
      format: 0,
      list: true,
      changes: true,
      run: (call, format, list) => log(call, undefined, format, call.variableArguments(list)),
    },
  ]),
  ...group('output', 'lib/dump_stack.c', [
    {
      signature: 'void dump_stack(void)',
      doc: 'Writes to the kernel log which task runs on which CPU, and which function of the scenario calls this.',
      changes: true,
      run: (call) => {
        const { k, kernel, profile } = call;
        const task = `PID: ${kernel.currentPid(k)} Comm: ${kernel.currentComm(k)}`;
        const lines = [
          `CPU: ${k.cpu} ${task} Not tainted ${profile.release} #1`,
          'Call Trace:',
          ' <TASK>',
          ` ${k.machine.codeText(call.caller) ?? 'main'}`,
          ' </TASK>',
        ];
        for (const line of lines) call.printk(LEVELS.emerg, line);
      },
    },
  ]),
];
