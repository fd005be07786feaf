/** sysctl: settings of memory management that a running machine takes, by the names that /proc/sys has for them. */
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { libc } from './user/libc.js';

const EINVAL = 22;
const ENOENT = 2;
const LEVEL_ERR = 3;

/** What a setting is, and (a number) what it becomes; or an error. */
type Handler = (call: BuiltinCall, value: number | undefined) => number;

function needsPools(call: BuiltinCall): void {
  if (call.k.words[call.k.globals.hugetlb_max_hstate] === 0)
    call.bug(
      'BUG: sysctl() cannot be performed: this machine does not know its pools of huge pages; boot one, or start from a core',
    );
}

const SETTINGS: Readonly<Record<string, Handler>> = {
  'vm.nr_hugepages': (call, value) => {
    needsPools(call);
    return call.kernel.hugetlb_sysctl_handler(call.k, value);
  },
  'vm.nr_overcommit_hugepages': (call, value) => {
    needsPools(call);
    return call.kernel.hugetlb_overcommit_handler(call.k, value);
  },
};

/** `NAME`, or `NAME=VALUE` with spaces where one likes. */
function sysctl(call: BuiltinCall, setting: string): number {
  const [, path = '', text] = /^\s*([^=\s]*)\s*(?:=\s*(.*?)\s*)?$/.exec(setting) ?? [];
  const name = path.replaceAll('/', '.');
  const handler = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (handler === undefined) {
    const known = Object.keys(SETTINGS).join(', ');
    call.printk(
      LEVEL_ERR,
      `sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory (use one of ${known})`,
    );
    return -ENOENT;
  }
  if (text !== undefined && !/^\d+$/.test(text)) return -EINVAL;
  return handler(call, text === undefined ? undefined : Number(text));
}

export const sysctls: readonly Builtin[] = group('task', 'kernel/sysctl.c', [
  {
    signature: 'long sysctl(const char *setting)',
    doc: 'As `sysctl NAME` or `sysctl NAME=VALUE`: "vm.nr_hugepages=8" makes the pool of huge pages as large as that, as far as there is memory, "vm.nr_overcommit_hugepages=2" lets it grow. What the setting is then; -1 and errno if there is none of the name.',
    changes: true,
    sleeps: 'always',
    needs: needsCaches,
    run: (call, setting) => libc(call, sysctl(call, call.string(setting))),
  },
]);
