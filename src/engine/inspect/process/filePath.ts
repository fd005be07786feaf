/**
 * The path of an open file, as /proc/PID/maps prints it: from its dentry up to the root that its process sees, over mounts.
 *
 *     file->f_path   dentry -> d_parent ... a mount's mnt_root -> its mnt_mountpoint in mnt_parent ... fs->root
 *
 * Source: Linux 6.1 fs/d_path.c: d_path(), prepend_path(), simple_dname(); fs/seq_file.c: mangle_path().
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';

/** `struct path`. */
export interface PathView {
  readonly mnt: VirtAddr;
  readonly dentry: VirtAddr;
}

const NAME_MAX = 255;
/** Deeper than any path that fits PATH_MAX; damaged parents may go in a circle. */
const MAX_STEPS = 4096;

const pathAt = (k: Inspected, at: VirtAddr, tag: string, member: string): PathView => ({
  mnt: k.pointer(at, tag, `${member}.mnt`),
  dentry: k.pointer(at, tag, `${member}.dentry`),
});

/** What a task's paths begin at; undefined where it has no files. @param task a struct task_struct */
export function rootOf(k: Inspected, task: VirtAddr): PathView | undefined {
  if (!k.has('task_struct', 'fs') || !k.has('fs_struct', 'root')) return undefined;
  const fs = k.pointer(task, 'task_struct', 'fs');
  return fs === 0 ? undefined : pathAt(k, fs, 'fs_struct', 'root');
}

/** `/bin/prog`, `/memfd:name (deleted)`; '' of a file that has no dentry. @throws NotInDump, NotKnown */
export function filePath(k: Inspected, file: VirtAddr, root: PathView | undefined): string {
  const { mnt, dentry } = pathAt(k, file, 'file', 'f_path');
  return dentry === 0 ? '' : pathText(k, { mnt, dentry }, root);
}

/** The same of a dentry, up to the root of its file system. @throws NotInDump, NotKnown */
export const dentryPath = (k: Inspected, dentry: VirtAddr): string =>
  pathText(k, { mnt: asVirt(0), dentry }, undefined);

function pathText(k: Inspected, { mnt, dentry }: PathView, root: PathView | undefined): string {
  const special = nameByOperation(k, { mnt, dentry });
  if (special !== undefined) return mangled(special);
  const path = prefixed(k, { mnt, dentry }, root);
  return mangled(isUnlinked(k, dentry) ? `${path} (deleted)` : path);
}

/** Files without a place in a tree of directories: of anonymous shared memory, of memfd_create(), of huge pages. */
function nameByOperation(k: Inspected, { mnt, dentry }: PathView): string | undefined {
  const ops = k.pointer(dentry, 'dentry', 'd_op');
  if (ops === 0) return undefined;
  // alloc_file_pseudo()'s table, whose function is simple_dname(): a dump need not have the kernel's constants.
  const isMemory = ops === k.findGlobal('anon_ops');
  const d_dname = isMemory ? 0 : k.pointer(asVirt(ops), 'dentry_operations', 'd_dname');
  if (d_dname === 0 && !isMemory) return undefined;
  const isRoot = k.pointer(dentry, 'dentry', 'd_parent') === dentry;
  if (isRoot && mnt !== 0 && k.pointer(mnt, 'vfsmount', 'mnt_root') === dentry) return undefined;
  const name = nameOf(k, dentry);
  const by = isMemory ? 'simple_dname' : k.dump.symbols.at(asVirt(d_dname))?.name;
  return by === 'anon_inodefs_dname' ? `anon_inode:${name}` : `/${name} (deleted)`;
}

function prefixed(k: Inspected, from: PathView, root: PathView | undefined): string {
  const names: string[] = [];
  let { mnt, dentry } = from;
  for (let i = 0; i < MAX_STEPS; i++) {
    if (dentry === root?.dentry && mnt === root.mnt) break;
    const parent = k.pointer(dentry, 'dentry', 'd_parent');
    if (mnt !== 0 && dentry === k.pointer(mnt, 'vfsmount', 'mnt_root')) {
      const mount = asVirt(mnt - k.offset('mount', 'mnt'));
      const above = k.pointer(mount, 'mount', 'mnt_parent');
      // The root of all mounts.
      if (above === mount) break;
      dentry = k.pointer(mount, 'mount', 'mnt_mountpoint');
      mnt = asVirt(above + k.offset('mount', 'mnt'));
    } else {
      if (parent === dentry) break;
      names.unshift(nameOf(k, dentry));
      dentry = parent;
    }
  }
  return `/${names.join('/')}`;
}

const nameOf = (k: Inspected, dentry: VirtAddr): string =>
  k.space.text(k.pointer(dentry, 'dentry', 'd_name.name'), 0, NAME_MAX + 1);

/** d_unlinked(): in no hash, and not a root. */
const isUnlinked = (k: Inspected, dentry: VirtAddr): boolean =>
  k.pointer(dentry, 'dentry', 'd_hash.pprev') === 0 &&
  k.pointer(dentry, 'dentry', 'd_parent') !== dentry;

/** A name is bytes, UTF-8 as a rule. Newlines would end the line. */
function mangled(name: string): string {
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  return utf8(bytes).replaceAll('\n', '\\012');
}

/** Without the decoder of a host: what is not UTF-8 stays one character a byte. */
function utf8(bytes: Uint8Array): string {
  const latin = String.fromCharCode(...bytes);
  if (bytes.every((byte) => byte < 0x80)) return latin;
  try {
    return decodeURIComponent(
      Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    );
  } catch {
    return latin;
  }
}

/** Where a file lies: major and minor number of its device, and its inode. */
export function fileDevice(
  k: Inspected,
  file: VirtAddr,
): { readonly major: number; readonly minor: number; readonly ino: number } {
  const inode = k.pointer(file, 'file', 'f_inode');
  if (inode === 0) return { major: 0, minor: 0, ino: 0 };
  const sb = k.pointer(inode, 'inode', 'i_sb');
  const dev = sb === 0 ? 0 : k.number(sb, 'super_block', 's_dev');
  // MINORBITS
  return { major: dev >>> 20, minor: dev & 0xfffff, ino: k.number(inode, 'inode', 'i_ino') };
}
