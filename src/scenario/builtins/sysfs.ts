/** Files below /sys that a scenario reads and writes: the pools of huge pages, each of its own size, and the caches of SLUB. */
import { ENOENT } from '../../engine/kernel/include/linux/errno.h.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { libc } from './user/libc.js';

const LEVEL_ERR = 3;

/** `PATH`, or `PATH=VALUE` with spaces where one likes. */
function sysfs(call: BuiltinCall, setting: string): number {
  const { k, kernel } = call;
  const [, path = '', text] = /^\s*([^=\s]*)\s*(?:=\s*(.*?)\s*)?$/.exec(setting) ?? [];
  const before = kernel.sysfs_text(k, path);
  if (before === undefined) {
    const pools = kernel.sysfsHasPools(k) ? 'pools are below /sys/kernel/mm/hugepages' : '';
    const caches = k.CONFIG_SLAB === 0 ? 'caches below /sys/kernel/slab' : '';
    const known = [pools, caches].filter((each) => each !== '').join(', ');
    call.printk(
      LEVEL_ERR,
      `cat: ${path}: No such file or directory (${known || 'this machine has none'})`,
    );
    return -ENOENT;
  }
  if (text === undefined) return numberOf(before);
  const error = kernel.sysfs_store(k, path, text);
  return error !== 0 ? error : numberOf(kernel.sysfs_text(k, path) ?? '');
}

/** What a text begins with; 0 of one without a number. */
const numberOf = (text: string): number => Number(/^-?\d+/.exec(text)?.[0] ?? 0);

export const sysfsFiles: readonly Builtin[] = group('task', 'fs/sysfs/file.c', [
  {
    signature: 'long sysfs(const char *setting)',
    doc: 'As `cat FILE` or `echo VALUE > FILE` below /sys: "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages=8" makes the pool of that size as large as that, as far as there is memory; nr_overcommit_hugepages can be set, too; free_, resv_ and surplus_hugepages are read. Each cache of SLUB has its files, too: "/sys/kernel/slab/dentry/objects" is read, "/sys/kernel/slab/dentry/shrink=1" and, of a debug cache, validate=1 do something. What the file says then; -1 and errno if there is none of the name, or it is only read.',
    changes: true,
    sleeps: 'always',
    needs: needsCaches,
    run: (call, setting) => libc(call, sysfs(call, call.string(setting))),
  },
]);
