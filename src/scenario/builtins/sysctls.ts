/** sysctl: settings of memory management that a running machine takes, by the names that /proc/sys has for them. */
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { libc } from './user/libc.js';

const EINVAL = 22;
const ENOENT = 2;
const LEVEL_ERR = 3;

/** `NAME`, or `NAME=VALUE` with spaces where one likes. */
function sysctl(call: BuiltinCall, setting: string): number {
  const [, path = '', text] = /^\s*([^=\s]*)\s*(?:=\s*(.*?)\s*)?$/.exec(setting) ?? [];
  const name = path.replaceAll('/', '.');
  const { k, kernel } = call;
  if (!kernel.sysctl_names.includes(name)) {
    const known = kernel.sysctl_names.join(', ');
    call.printk(
      LEVEL_ERR,
      `sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory (use one of ${known})`,
    );
    return -ENOENT;
  }
  if (text !== undefined && !/^\d+$/.test(text)) return -EINVAL;
  if (!kernel.knows_setting(k, name))
    call.bug(
      'BUG: sysctl() cannot be performed: this machine does not know its pools of huge pages; boot one, or start from a core',
    );
  return kernel.sysctl_value(k, name, text === undefined ? undefined : Number(text)) ?? -ENOENT;
}

export const sysctls: readonly Builtin[] = group('task', 'kernel/sysctl.c', [
  {
    signature: 'long sysctl(const char *setting)',
    doc: 'As `sysctl NAME` or `sysctl NAME=VALUE`: "vm.nr_hugepages=8" makes the pool of huge pages as large as that, as far as there is memory, "vm.nr_overcommit_hugepages=2" lets it grow, "vm.drop_caches=2" has shrinkers free all they can. What the setting is then; -1 and errno if there is none of the name.',
    changes: true,
    sleeps: 'always',
    needs: needsCaches,
    run: (call, setting) => libc(call, sysctl(call, call.string(setting))),
  },
]);
