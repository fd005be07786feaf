/**
 * What is in the files of the kernel that programs open: the same as `proc()`, `sysctl()` and `sysfs()` tell, as bytes.
 *
 *     /proc/meminfo, /proc/self/maps, ...       text
 *     /proc/self/pagemap                        64 bits a page, from address 0 on
 *     /proc/sys/vm/nr_hugepages, /sys/...       a number, which may be written
 *     /dev/zero, /dev/null                      zeros, and nothing
 */
import { inspectedMachine } from '../image/dump/inspectedOf.js';
import { hasPidFile, pagemapOf } from '../inspect/proc/pid/files.js';
import { EINVAL, EIO } from '../kernel/include/linux/errno.h.js';
import { currentPid } from '../kernel/arch/x86/include/asm/current.h.js';
import { linkShown } from '../kernel/fs/file_table/shownFiles.js';
import type { Kernel } from '../machine/kernel.js';
import { numberIn } from '../machine/numberText.js';
import { proc_lines, proc_names } from './files.js';
import { knows_setting, sysctl_value } from './sysctl.js';
import { sysfs_has, sysfs_store } from './sysfs.js';

const TABLES_OF_PID: Readonly<Record<string, string>> = {
  maps: 'proc_pid_maps_operations',
  smaps: 'proc_pid_smaps_operations',
  pagemap: 'proc_pagemap_operations',
  status: 'proc_single_file_operations',
};

const SYSCTL = '/proc/sys/';
const PAGEMAP = /^\/proc\/(self|\d+)\/pagemap$/;
const BYTES_OF_WORD = 8;
/** More than anybody reads at a time. */
const MOST_ZEROS = 1 << 20;
const MOST_WORDS = 1 << 16;

/** `vm.nr_hugepages` */
const settingOf = (path: string): string => path.slice(SYSCTL.length).replaceAll('/', '.');

/** The table of operations of a file that the kernel shows; undefined: it has none of that name. */
export function shown_table(k: Kernel, path: string): string | undefined {
  if (path === '/dev/zero') return 'zero_fops';
  if (path === '/dev/null') return 'null_fops';
  if (path.startsWith(SYSCTL))
    return knows_setting(k, settingOf(path)) && sysctl_value(k, settingOf(path)) !== undefined
      ? 'proc_sys_file_operations'
      : undefined;
  if (path.startsWith('/sys/')) return sysfs_has(k, path) ? 'kernfs_file_fops' : undefined;
  const [, name = ''] = /^\/proc\/(.+)$/.exec(path) ?? [];
  if (proc_names.includes(name)) return 'proc_iter_file_ops';
  if (!hasPidFile(inspectedMachine(k), name, currentPid(k))) return undefined;
  return TABLES_OF_PID[name.split('/').at(-1) ?? ''];
}

function textOf(k: Kernel, path: string): string {
  if (path.startsWith(SYSCTL)) return `${sysctl_value(k, settingOf(path))}\n`;
  const name = path.startsWith('/proc/') ? path.slice('/proc/'.length) : path;
  const lines = proc_lines(k, name) ?? [];
  return lines.map((line) => `${line}\n`).join('');
}

/** Whole words alone can be read. */
function pagemapPart(k: Kernel, who: string, pos: number, count: number): string {
  const words = pagemapOf(
    inspectedMachine(k),
    who === 'self' ? currentPid(k) : Number(who),
    Math.floor(pos / BYTES_OF_WORD),
    Math.min(Math.floor(count / BYTES_OF_WORD), MOST_WORDS),
  );
  const bytes = new Uint8Array(BigUint64Array.from(words).buffer);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function read(k: Kernel, path: string, pos: number, count: number): string {
  if (path === '/dev/null') return '';
  if (path === '/dev/zero') return '\0'.repeat(Math.min(count, MOST_ZEROS));
  const who = PAGEMAP.exec(path)?.[1];
  if (who !== undefined) return pagemapPart(k, who, pos, count);
  return textOf(k, path).slice(pos, pos + count);
}

function write(k: Kernel, path: string, text: string): number {
  if (path.startsWith('/dev/')) return 0;
  if (path.startsWith('/sys/')) return sysfs_store(k, path, text);
  const value = numberIn(text);
  if (value === undefined) return -EINVAL;
  if (!path.startsWith(SYSCTL)) return -EIO;
  const set = sysctl_value(k, settingOf(path), Number(value)) ?? -EIO;
  return Math.min(set, 0);
}

linkShown({ read, write });
