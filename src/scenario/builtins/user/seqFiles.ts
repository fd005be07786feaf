/** Files of records (struct seq_file): a module opens them, and prints in them what a program reads. */
import type { Value } from '../../semantics/arithmetic.js';
import { vsprintf } from '../../printk/print.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { withCaches } from '../needs.js';
import { truth, va } from '../pointers.js';
import { printServices } from '../printServices.js';
import { toUser } from './copies.js';

/** A seq_file's data is printed in pieces of it. */
const MOST_BYTES = 1 << 20;

const SHOW = 'int (*show)(struct seq_file *, void *)';

const print = (call: BuiltinCall, m: Value, format: Value, args: Iterable<Value>): void => {
  const text = vsprintf(printServices(call), call.string(format), args);
  call.kernel.seqPrint(call.k, call.cell(m), text);
};

const sequences: readonly BuiltinRow[] = [
  withCaches(
    'int seq_open(struct file *file, const struct seq_operations *op)',
    'Of an open() of a module: the file is one of records. 0 or -ENOMEM.',
    (call, file, op) => call.kernel.seq_open(call.k, call.cell(file), va(op)),
  ),
  withCaches(
    `int single_open(struct file *file, ${SHOW}, void *data)`,
    'Of an open() of a module: a function prints all of the file. 0 or -ENOMEM.',
    (call, file, show, data) =>
      call.kernel.single_open(call.k, call.cell(file), va(show), va(data)),
  ),
  withCaches(
    'void *__seq_open_private(struct file *f, const struct seq_operations *ops, int psize)',
    'Like seq_open, with memory of its own in private, which is the result; NULL without memory.',
    (call, file, ops, size) =>
      call.kernel.__seq_open_private(call.k, call.cell(file), va(ops), Number(size)),
  ),
  ...(['single_release', 'seq_release', 'seq_release_private'] as const).map((name) =>
    withCaches(
      `int ${name}(struct inode *inode, struct file *file)`,
      'For a table of operations: frees what the open() of the file has made.',
      (call, _inode, file) => call.kernel[name](call.k, call.cell(file)),
    ),
  ),
  withCaches(
    'ssize_t seq_read(struct file *file, char *buf, size_t size, loff_t *ppos)',
    'For a table of operations: reads a file of records.',
    (call, file, buf, size, ppos) => {
      const pos = { value: Number(call.memory.load(ppos, 8)) };
      let done = 0;
      const result = call.kernel.seq_read_iter(
        ...([
          call.k,
          call.cell(file),
          Number(size),
          pos,
          (from: number, n: number) => {
            const bytes = call.memory.readBytes(from, n).slice();
            const copied = n - toUser(call, call.offset(buf, done), bytes);
            done += copied;
            return copied;
          },
        ] as const),
      );
      call.memory.store(ppos, 8, pos.value);
      return result;
    },
  ),
  withCaches(
    'loff_t seq_lseek(struct file *file, loff_t offset, int whence)',
    'For a table of operations: moves in a file of records.',
    (call, file, offset, whence) =>
      call.kernel.seq_lseek(call.k, call.cell(file), Number(offset), Number(whence)),
  ),
  {
    ...withCaches(
      'void seq_printf(struct seq_file *m, const char *f, ...)',
      'Prints to a file that is read. What does not fit in its buffer is printed again, to a larger one.',
      (call, m, format, ...args) => {
        print(call, m, format, args);
      },
    ),
    format: 1,
  },
  {
    ...withCaches(
      'void seq_vprintf(struct seq_file *m, const char *f, va_list args)',
      'Like seq_printf, with the arguments of a function with "...".',
      (call, m, format, list) => {
        print(call, m, format, call.variableArguments(list));
      },
    ),
    format: 1,
    list: true,
  },
  withCaches(
    'void seq_puts(struct seq_file *m, const char *s)',
    'Prints a text as it is.',
    (call, m, s) => {
      call.kernel.seqPrint(call.k, call.cell(m), call.string(s));
    },
  ),
  withCaches('void seq_putc(struct seq_file *m, char c)', 'Prints a character.', (call, m, c) => {
    call.kernel.seq_putc(call.k, call.cell(m), Number(c) & 0xff);
  }),
  withCaches(
    'int seq_write(struct seq_file *seq, const void *data, size_t len)',
    'Prints bytes; -1 if they do not fit.',
    (call, m, data, length) => {
      const bytes = call.memory.readBytes(data, Math.min(Number(length), MOST_BYTES));
      return call.kernel.seq_write(call.k, call.cell(m), [...bytes]);
    },
  ),
  withCaches(
    'bool seq_has_overflowed(struct seq_file *m)',
    'Whether more was printed than the buffer has room for.',
    (call, m) => truth(call.kernel.seq_has_overflowed(call.k, call.cell(m))),
  ),
];

export const seqFiles: readonly Builtin[] = group('process', 'fs/seq_file.c', sequences);
