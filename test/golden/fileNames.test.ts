/**
 * Names of files on the memory of real kernels: a name that the kernel has put into its table is found there by ours, with the hash that
 * the kernel gave it; and a file that a scenario's function makes has its name beside the real ones.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { openStart } from '../../src/cli/replay/replay.js';
import {
  d_lookup,
  fput,
  full_name_hash,
  shmemFileOf,
  shmemFileSetup,
  stringAt,
  unlinkFile,
} from '../../src/engine/entry/functions.js';
import { inspectedOf } from '../../src/engine/image/dump/inspectedOf.js';
import { Problems } from '../../src/engine/inspect/inspected.js';
import { filePath, rootOf } from '../../src/engine/inspect/process/filePath.js';
import { tasksOf, vmasOf } from '../../src/engine/inspect/tasks.js';
import { NULL, type File } from '../../src/engine/machine/ctypes.js';

const FOLDER = 'test/golden/data/user';

describe('names of files', () => {
  // Each build once or twice.
  const machines = readdirSync(FOLDER).filter((name) => /-(160|192)M$/.test(name));
  for (const machine of machines.filter((name) =>
    existsSync(path.join(FOLDER, name, 'before.vmcore.gz')),
  )) {
    it(`${machine}: are found where the kernel has put them`, () => {
      const image = openStart(path.join(FOLDER, machine, 'before.vmcore.gz'));
      const { mm: k } = image;
      const inspected = inspectedOf(image);
      const init = tasksOf(inspected, new Problems()).find(({ pid }) => pid === 1);
      assert.ok(init !== undefined && init.mm !== 0);
      const file = vmasOf(inspected, init.mm, new Problems()).find((vma) => vma.file !== 0)?.file;
      assert.ok(file !== undefined);
      const dentry = k.read_ptr(k.plus(k.cell_of(file), k.file.f_path_dentry));
      const parent = k.read_ptr(k.plus(dentry, k.dentry.d_parent));
      const name = stringAt(k, k.read_va(k.plus(dentry, k.dentry.d_name_name)));
      const hash = k.read_int(k.plus(dentry, k.dentry.d_name_hash)) >>> 0;
      assert.equal(full_name_hash(k, k.va_of(parent), name), hash, name);
      assert.equal(d_lookup(k, parent, name), dentry);
      assert.equal(d_lookup(k, parent, `${name}x`), NULL);

      const root = rootOf(inspected, init.at);
      const pathOf = (of: File): string => filePath(inspectedOf(image), k.va_of(of), root);
      const deep = '/a/directory/in-a-directory/a-name-of-31-bytes-that-just-fi';
      const made = shmemFileOf(k, deep);
      assert.equal(pathOf(made), deep);
      unlinkFile(k, made);
      assert.equal(pathOf(made), `${deep} (deleted)`);
      const memory = shmemFileSetup(k, 'memfd:mine', 0);
      assert.equal(pathOf(memory), '/memfd:mine (deleted)');
      for (const each of [made, memory]) fput(k, each);
      assert.equal(d_lookup(k, parent, name), dentry);
    });
  }
});
