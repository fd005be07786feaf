/**
 * Settings of memory management that a running machine takes, by their names below /proc/sys, with dots.
 *
 * Source: Linux 6.1 kernel/sysctl.c: vm_table.
 */
import { drop_caches_sysctl_handler } from '../kernel/fs/drop_caches.js';
import { hugetlb_overcommit_handler, hugetlb_sysctl_handler } from '../kernel/mm/hugetlb/pool.js';
import type { Kernel } from '../machine/kernel.js';

/** What a setting is, and (a number) what it becomes; or an error. */
type Handler = (k: Kernel, value: number | undefined) => number;

const SETTINGS: Readonly<Record<string, Handler>> = {
  'vm.drop_caches': drop_caches_sysctl_handler,
  'vm.nr_hugepages': hugetlb_sysctl_handler,
  'vm.nr_overcommit_hugepages': hugetlb_overcommit_handler,
};

export const sysctl_names: readonly string[] = Object.keys(SETTINGS);

/** Whether the machine knows what a setting is about: its pools of huge pages, if it is one of those. */
export const knows_setting = (k: Kernel, name: string): boolean =>
  !name.endsWith('hugepages') ||
  (k.globals.hugetlb_max_hstate !== 0 && k.words[k.globals.hugetlb_max_hstate] !== 0);

/** What a setting is, or becomes; undefined: there is none of the name. */
export function sysctl_value(k: Kernel, name: string, value?: number): number | undefined {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name]?.(k, value) : undefined;
}
