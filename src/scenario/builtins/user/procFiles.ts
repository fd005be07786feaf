/**
 * Files that a module makes in /proc, by whose names programs find them, and what is printed in them (seqFiles.ts).
 *
 *     proc_create_single("demo", 0, NULL, show);                  a function prints all of it: cat /proc/demo
 */
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import type { Cell } from '../../../engine/memory/address.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { withCaches } from '../needs.js';
import { va } from '../pointers.js';

const entryAt = (call: BuiltinCall, parent: Value): Cell =>
  parent === 0 ? NULL : call.cell(parent);

type Make = (name: string, parent: Cell, node: { value: File }) => Cell;

/** `driver/demo` is `demo` in `driver`: folders of the kernel's own are not kept. */
function makeProcFile(call: BuiltinCall, name: Value, parent: Value, make: Make): Value {
  const { k, kernel } = call;
  const { files } = call.process;
  const text = call.string(name);
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
  const path = `${above === NULL ? '' : `${kernel.procPath(k, above)}/`}${call.string(name)}`;
  const node = call.process.files.named(`/proc/${path}`);
  return node === undefined ? undefined : kernel.PDE(k, k.read_ptr(k.plus(node, k.file.f_inode)));
}

function removeNamed(call: BuiltinCall, name: Value, parent: Value): void {
  const entry = entryNamed(call, name, parent);
  if (entry === undefined) call.warn(`name '${call.string(name)}'`);
  else removeProcEntry(call, entry);
}

const creating = (
  signature: string,
  doc: string,
  make: (call: BuiltinCall, args: readonly Value[]) => Make,
): BuiltinRow =>
  withCaches(signature, doc, (call, ...args) =>
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
  withCaches(
    `struct proc_dir_entry *proc_mkdir(const char *name, ${PARENT})`,
    'A folder of /proc, for files to be made in.',
    (call, name, parent) =>
      makeProcFile(call, name, parent, (text, above, node) =>
        call.kernel.proc_mkdir_data(call.k, text, 0, above, va(0), node),
      ),
  ),
  ...['remove_proc_entry', 'remove_proc_subtree'].map((name) =>
    withCaches(
      `void ${name}(const char *name, ${PARENT})`,
      'A file of /proc goes, or a folder with all that is in it.',
      (call, entry, parent) => {
        removeNamed(call, entry, parent);
      },
    ),
  ),
  withCaches(
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

export const procFiles: readonly Builtin[] = group('process', 'fs/proc/generic.c', procEntries);
