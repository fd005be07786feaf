/**
 * Files that a module makes in debugfs.
 *
 *     debugfs_create_u32("hits", 0644, dir, &hits);               a number: /sys/kernel/debug/DIR/hits
 */
import { EEXIST, ENOMEM } from '../../../engine/kernel/include/linux/errno.h.js';
import { NULL, type File } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { withCaches } from '../needs.js';
import { va } from '../pointers.js';

const KERN_WARNING = 4;
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
  const text = call.string(name);
  const above = parent === 0 ? NULL : call.cell(parent);
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

const DENTRY = 'struct dentry *parent';

/** debugfs_create_u32() and its like: what its name ends in, as the kernel's table has it, and the C type of the value. */
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
  withCaches(
    `struct dentry *debugfs_create_dir(const char *name, ${DENTRY})`,
    'A folder below /sys/kernel/debug, or an error pointer.',
    (call, ...[name = 0, parent = 0]) => makeDebugEntry(call, name, parent, 0, 0),
  ),
  withCaches(
    `struct dentry *debugfs_create_file(const char *name, umode_t mode, ${DENTRY}, void *data, const struct file_operations *fops)`,
    'A file below /sys/kernel/debug with functions of the module; data is in i_private of its inode. Or an error pointer.',
    (call, ...[name = 0, , parent = 0, data = 0, fops = 0]) =>
      makeDebugEntry(call, name, parent, data, va(fops)),
  ),
  ...NUMBERS.map(([kind, type]) =>
    withCaches(
      `void debugfs_create_${kind}(const char *name, umode_t mode, ${DENTRY}, ${type} *value)`,
      'A file below /sys/kernel/debug that shows a number, and sets it.',
      (call, ...[name = 0, , parent = 0, value = 0]) => {
        const table = call.profile.symbol(`fops_${kind}`)?.address;
        return table === undefined ? 0 : makeDebugEntry(call, name, parent, value, table);
      },
    ),
  ),
  withCaches(
    `struct dentry *debugfs_create_blob(const char *name, umode_t mode, ${DENTRY}, struct debugfs_blob_wrapper *blob)`,
    'A file below /sys/kernel/debug that shows bytes, or an error pointer.',
    (call, ...[name = 0, , parent = 0, blob = 0]) => {
      const table = call.profile.symbol('fops_blob')?.address;
      return table === undefined ? 0 : makeDebugEntry(call, name, parent, blob, table);
    },
  ),
  ...['debugfs_remove', 'debugfs_remove_recursive'].map((name) =>
    withCaches(
      `void ${name}(struct dentry *dentry)`,
      'A file of debugfs goes, or a folder with all that is in it.',
      (call, dentry) => {
        removeDebugEntry(call, dentry);
      },
    ),
  ),
];

export const debugFiles: readonly Builtin[] = group('process', 'fs/debugfs/inode.c', debugEntries);
