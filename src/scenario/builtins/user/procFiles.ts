/**
 * Files that a module makes in /proc and in debugfs, by whose names programs find them, and what is printed in them.
 *
 *     proc_create_single("demo", 0, NULL, show);                  a function prints all of it: cat /proc/demo
 *     debugfs_create_u32("hits", 0644, dir, &hits);               a number: /sys/kernel/debug/DIR/hits
 */
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import type { Cell } from '../../../engine/memory/address.js';
import { vsprintf } from '../../printk/print.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsCaches } from '../needs.js';
import { truth, va } from '../pointers.js';
import { printServices } from '../printServices.js';
import { toUser } from './copies.js';

const changes = true;
const EEXIST = 17;
const ENOMEM = 12;
const KERN_WARNING = 4;
/** A seq_file's data is printed in pieces of it. */
const MOST_BYTES = 1 << 20;

const row = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs: needsCaches,
  run,
});

const entryAt = (call: BuiltinCall, parent: Value): Cell =>
  parent === 0 ? NULL : call.cell(parent);

const bytesOf = (call: BuiltinCall, text: Value): string => call.string(text);

// --- /proc -----------------------------------------------------------------------------------------------------------------

type Make = (name: string, parent: Cell, node: { value: File }) => Cell;

/** `driver/demo` is `demo` in `driver`: folders of the kernel's own are not kept. */
function makeProcFile(call: BuiltinCall, name: Value, parent: Value, make: Make): Value {
  const { k, kernel } = call;
  const { files } = call.process;
  const text = bytesOf(call, name);
  const above = entryAt(call, parent);
  const path = `/proc/${above === NULL ? '' : `${kernel.procPath(k, above)}/`}${text}`;
  if (files.named(path) !== undefined) {
    const folder = path.slice('/proc/'.length, Math.max(path.lastIndexOf('/'), 6));
    const said = `proc_dir_entry '${folder === '' ? '/proc' : folder}/${text}' already registered`;
    call.warn(said);
    return 0;
  }
  const node = { value: NULL as File };
  const entry = make(text, above, node);
  if (entry === NULL) return 0;
  if (node.value !== NULL && !files.name(path, node.value)) {
    kernel.removeDevice(k, node.value);
    kernel.pde_free(k, entry);
    return 0;
  }
  return call.pointer(entry);
}

/** The entries that are made in one. */
function entriesIn(call: BuiltinCall, entry: Cell): Cell[] {
  const { k, kernel } = call;
  return call.process.files
    .namedFiles()
    .map((node) => k.read_ptr(k.plus(node, k.file.f_inode)))
    .filter((inode) => kernel.isProcFile(k, inode))
    .map((inode) => kernel.PDE(k, inode))
    .filter((pde) => k.ptr_is(k.plus(pde, k.proc_dir_entry.parent), entry));
}

/** The file and the entry go, and all that is in it. */
function removeProcEntry(call: BuiltinCall, entry: Cell): void {
  const { k, kernel } = call;
  for (const child of entriesIn(call, entry)) removeProcEntry(call, child);
  const node = call.process.files.unname(`/proc/${kernel.procPath(k, entry)}`);
  if (node !== undefined) kernel.removeDevice(k, node);
  kernel.pde_free(k, entry);
}

/** The entry of a name; undefined: there is none. */
function entryNamed(call: BuiltinCall, name: Value, parent: Value): Cell | undefined {
  const { k, kernel } = call;
  const above = entryAt(call, parent);
  const path = `${above === NULL ? '' : `${kernel.procPath(k, above)}/`}${bytesOf(call, name)}`;
  const node = call.process.files.named(`/proc/${path}`);
  return node === undefined ? undefined : kernel.PDE(k, k.read_ptr(k.plus(node, k.file.f_inode)));
}

function removeNamed(call: BuiltinCall, name: Value, parent: Value): void {
  const entry = entryNamed(call, name, parent);
  if (entry === undefined) call.warn(`name '${bytesOf(call, name)}'`);
  else removeProcEntry(call, entry);
}

const creating = (
  signature: string,
  doc: string,
  make: (call: BuiltinCall, args: readonly Value[]) => Make,
): BuiltinRow =>
  row(signature, doc, (call, ...args) =>
    makeProcFile(call, args[0] ?? 0, args[2] ?? 0, make(call, args)),
  );

const withOps =
  (hasData: boolean) =>
  ({ k, kernel }: BuiltinCall, [, mode = 0, , ops = 0, data = 0]: readonly Value[]): Make =>
  (name, parent, node) =>
    kernel.proc_create_data(
      ...([k, name, Number(mode), parent, va(ops), va(hasData ? data : 0), node] as const),
    );

const withShow =
  (hasData: boolean) =>
  ({ k, kernel }: BuiltinCall, [, mode = 0, , show = 0, data = 0]: readonly Value[]): Make =>
  (name, parent, node) =>
    kernel.proc_create_single_data(
      ...([k, name, Number(mode), parent, va(show), va(hasData ? data : 0), node] as const),
    );

const SHOW = 'int (*show)(struct seq_file *, void *)';
const PARENT = 'struct proc_dir_entry *parent';

const procEntries: readonly BuiltinRow[] = [
  creating(
    `struct proc_dir_entry *proc_create(const char *name, umode_t mode, ${PARENT}, const struct proc_ops *proc_ops)`,
    'A file of /proc with functions of the module: a program may open it, proc("name") prints it. NULL if there is one of the name, or no memory.',
    withOps(false),
  ),
  creating(
    `struct proc_dir_entry *proc_create_data(const char *name, umode_t mode, ${PARENT}, const struct proc_ops *proc_ops, void *data)`,
    'Like proc_create, with a pointer for pde_data().',
    withOps(true),
  ),
  creating(
    `struct proc_dir_entry *proc_create_single(const char *name, umode_t mode, ${PARENT}, ${SHOW})`,
    'A file of /proc that a function prints all of.',
    withShow(false),
  ),
  creating(
    `struct proc_dir_entry *proc_create_single_data(const char *name, umode_t mode, ${PARENT}, ${SHOW}, void *data)`,
    'Like proc_create_single, with a pointer: the private of the seq_file.',
    withShow(true),
  ),
  creating(
    `struct proc_dir_entry *proc_create_seq_private(const char *name, umode_t mode, ${PARENT}, const struct seq_operations *ops, unsigned int state_size, void *data)`,
    'A file of /proc of records; each open file has so many bytes of its own.',
    ({ k, kernel }, [, mode = 0, , ops = 0, size = 0, data = 0]) =>
      (name, parent, node) =>
        kernel.proc_create_seq_private(
          ...([k, name, Number(mode), parent, va(ops), Number(size), va(data), node] as const),
        ),
  ),
  row(
    `struct proc_dir_entry *proc_mkdir(const char *name, ${PARENT})`,
    'A folder of /proc, for files to be made in.',
    (call, name, parent) =>
      makeProcFile(call, name, parent, (text, above, node) =>
        call.kernel.proc_mkdir_data(call.k, text, 0, above, va(0), node),
      ),
  ),
  ...['remove_proc_entry', 'remove_proc_subtree'].map((name) =>
    row(
      `void ${name}(const char *name, ${PARENT})`,
      'A file of /proc goes, or a folder with all that is in it.',
      (call, entry, parent) => {
        removeNamed(call, entry, parent);
      },
    ),
  ),
  row(
    'void proc_remove(struct proc_dir_entry *de)',
    'A file of /proc goes, or a folder with all that is in it.',
    (call, entry) => {
      if (entry !== 0) removeProcEntry(call, call.cell(entry));
    },
  ),
  {
    signature: 'void *pde_data(const struct inode *inode)',
    doc: 'The pointer that a file of /proc was made with.',
    run: (call, inode) => call.kernel.pde_data(call.k, call.cell(inode)),
  },
];

// --- seq_file --------------------------------------------------------------------------------------------------------------

const print = (call: BuiltinCall, m: Value, format: Value, args: Iterable<Value>): void => {
  const text = vsprintf(printServices(call), call.string(format), args);
  call.kernel.seqPrint(call.k, call.cell(m), text);
};

const sequences: readonly BuiltinRow[] = [
  row(
    'int seq_open(struct file *file, const struct seq_operations *op)',
    'Of an open() of a module: the file is one of records. 0 or -ENOMEM.',
    (call, file, op) => call.kernel.seq_open(call.k, call.cell(file), va(op)),
  ),
  row(
    `int single_open(struct file *file, ${SHOW}, void *data)`,
    'Of an open() of a module: a function prints all of the file. 0 or -ENOMEM.',
    (call, file, show, data) =>
      call.kernel.single_open(call.k, call.cell(file), va(show), va(data)),
  ),
  row(
    'void *__seq_open_private(struct file *f, const struct seq_operations *ops, int psize)',
    'Like seq_open, with memory of its own in private, which is the result; NULL without memory.',
    (call, file, ops, size) =>
      call.kernel.__seq_open_private(call.k, call.cell(file), va(ops), Number(size)),
  ),
  ...(['single_release', 'seq_release', 'seq_release_private'] as const).map((name) =>
    row(
      `int ${name}(struct inode *inode, struct file *file)`,
      'For a table of operations: frees what the open() of the file has made.',
      (call, _inode, file) => call.kernel[name](call.k, call.cell(file)),
    ),
  ),
  row(
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
  row(
    'loff_t seq_lseek(struct file *file, loff_t offset, int whence)',
    'For a table of operations: moves in a file of records.',
    (call, file, offset, whence) =>
      call.kernel.seq_lseek(call.k, call.cell(file), Number(offset), Number(whence)),
  ),
  {
    ...row(
      'void seq_printf(struct seq_file *m, const char *f, ...)',
      'Prints to a file that is read. What does not fit in its buffer is printed again, to a larger one.',
      (call, m, format, ...args) => {
        print(call, m, format, args);
      },
    ),
    format: 1,
  },
  {
    ...row(
      'void seq_vprintf(struct seq_file *m, const char *f, va_list args)',
      'Like seq_printf, with the arguments of a function with "...".',
      (call, m, format, list) => {
        print(call, m, format, call.variableArguments(list));
      },
    ),
    format: 1,
    list: true,
  },
  row(
    'void seq_puts(struct seq_file *m, const char *s)',
    'Prints a text as it is.',
    (call, m, s) => {
      call.kernel.seqPrint(call.k, call.cell(m), bytesOf(call, s));
    },
  ),
  row('void seq_putc(struct seq_file *m, char c)', 'Prints a character.', (call, m, c) => {
    call.kernel.seq_putc(call.k, call.cell(m), Number(c) & 0xff);
  }),
  row(
    'int seq_write(struct seq_file *seq, const void *data, size_t len)',
    'Prints bytes; -1 if they do not fit.',
    (call, m, data, length) => {
      const bytes = call.memory.readBytes(data, Math.min(Number(length), MOST_BYTES));
      return call.kernel.seq_write(call.k, call.cell(m), [...bytes]);
    },
  ),
  row(
    'bool seq_has_overflowed(struct seq_file *m)',
    'Whether more was printed than the buffer has room for.',
    (call, m) => truth(call.kernel.seq_has_overflowed(call.k, call.cell(m))),
  ),
];

// --- debugfs ---------------------------------------------------------------------------------------------------------------

const ROOT = '/sys/kernel/debug/';

const isError = (pointer: Value): boolean => Number(pointer) < 0 && Number(pointer) >= -4095;

/** @param fops struct file_operations; 0: a folder */
function makeDebugEntry(
  call: BuiltinCall,
  name: Value,
  parent: Value,
  data: Value,
  fops: number,
): Value {
  const { k, kernel } = call;
  const { files } = call.process;
  // A parent that could not be made: neither can this.
  if (isError(parent)) return parent;
  const text = bytesOf(call, name);
  const above = entryAt(call, parent);
  const path = `${ROOT}${above === NULL ? '' : `${kernel.entryPath(k, above)}/`}${text}`;
  if (files.named(path) !== undefined) {
    call.printk(
      KERN_WARNING,
      `debugfs: File '${text}' in directory '${folderOf(path)}' already present!`,
    );
    return call.unsignedLong(-EEXIST);
  }
  const node = { value: NULL as File };
  const entry = kernel.createEntry(k, text, above, va(data), va(fops), node);
  if (entry === NULL) return call.unsignedLong(-ENOMEM);
  if (node.value !== NULL && !files.name(path, node.value)) {
    kernel.removeDevice(k, node.value);
    kernel.removeEntry(k, entry);
    return call.unsignedLong(-ENOMEM);
  }
  call.ledger.allocated({
    kind: 'object',
    address: call.pointer(entry),
    sizeBytes: k.sizeof.dentry,
  });
  return call.pointer(entry);
}

const folderOf = (path: string): string => path.split('/').at(-2) ?? '/';

/** An entry goes, and all that is in it: entries whose parent it is. */
function removeDebugEntry(call: BuiltinCall, pointer: Value): void {
  if (pointer === 0 || isError(pointer)) return;
  const { k, kernel } = call;
  const { files } = call.process;
  const entry = call.cell(pointer);
  const path = `${ROOT}${kernel.entryPath(k, entry)}`;
  const node = files.unname(path);
  if (node !== undefined) kernel.removeDevice(k, node);
  for (let child = kernel.entryIn(k, entry); child !== NULL; child = kernel.entryIn(k, entry))
    removeDebugEntry(call, call.pointer(child));
  call.ledger.freed('object', pointer);
  kernel.removeEntry(k, entry);
}

const debugRow = (
  signature: string,
  doc: string,
  make: (call: BuiltinCall, args: readonly Value[]) => Value,
): BuiltinRow => row(signature, doc, (call, ...args) => make(call, args));

const DENTRY = 'struct dentry *parent';

/** debugfs_create_u32() and its like: name, C type of the value, table of the kernel. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['u8', 'u8'],
  ['u16', 'u16'],
  ['u32', 'u32'],
  ['u64', 'u64'],
  ['ulong', 'unsigned long'],
  ['x8', 'u8'],
  ['x16', 'u16'],
  ['x32', 'u32'],
  ['x64', 'u64'],
  ['size_t', 'size_t'],
  ['atomic_t', 'atomic_t'],
  ['bool', 'bool'],
];

const debugEntries: readonly BuiltinRow[] = [
  debugRow(
    `struct dentry *debugfs_create_dir(const char *name, ${DENTRY})`,
    'A folder below /sys/kernel/debug, or an error pointer.',
    (call, [name = 0, parent = 0]) => makeDebugEntry(call, name, parent, 0, 0),
  ),
  debugRow(
    `struct dentry *debugfs_create_file(const char *name, umode_t mode, ${DENTRY}, void *data, const struct file_operations *fops)`,
    'A file below /sys/kernel/debug with functions of the module; data is in i_private of its inode. Or an error pointer.',
    (call, [name = 0, , parent = 0, data = 0, fops = 0]) =>
      makeDebugEntry(call, name, parent, data, va(fops)),
  ),
  ...NUMBERS.map(([kind, type]) =>
    debugRow(
      `void debugfs_create_${kind}(const char *name, umode_t mode, ${DENTRY}, ${type} *value)`,
      'A file below /sys/kernel/debug that shows a number, and sets it.',
      (call, [name = 0, , parent = 0, value = 0]) => {
        const table = call.profile.symbol(`fops_${kind}`)?.address;
        return table === undefined ? 0 : makeDebugEntry(call, name, parent, value, table);
      },
    ),
  ),
  ...['debugfs_remove', 'debugfs_remove_recursive'].map((name) =>
    row(
      `void ${name}(struct dentry *dentry)`,
      'A file of debugfs goes, or a folder with all that is in it.',
      (call, dentry) => {
        removeDebugEntry(call, dentry);
      },
    ),
  ),
];

export const procFiles: readonly Builtin[] = [
  ...group('process', 'fs/proc/generic.c', procEntries),
  ...group('process', 'fs/seq_file.c', sequences),
  ...group('process', 'fs/debugfs/inode.c', debugEntries),
];
