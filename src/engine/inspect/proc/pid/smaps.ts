/**
 * /proc/PID/smaps: the areas of a process, and how much of each is there.
 *
 * Differs: THPeligible of files is 0 (huge pages of tmpfs and of read-only files are off by default).
 * Source: Linux 6.1 fs/proc/task_mmu.c: show_smap(), __show_smap(); mm/huge_memory.c: hugepage_vma_check(),
 * transhuge_vma_suitable(). 6.6 has KSM as well, and THPeligible in a column.
 */
import type { VirtAddr } from '../../../memory/address.js';
import type { Inspected, Problems } from '../../inspected.js';
import { areaFlagLetters, hasAreaFlag, protectionKey } from '../../process/areaFlags.js';
import { areaUse, type AreaUse } from '../../process/areaUse.js';
import { rootOf } from '../../process/filePath.js';
import { CountedPages } from '../../process/pageCounts.js';
import { isSince } from '../../process/release.js';
import { vmasOf, type TaskView, type VmaView } from '../../tasks.js';
import { mapLine } from './maps.js';

export function smaps(k: Inspected, task: TaskView, problems: Problems): string[] {
  if (task.mm === 0) return [];
  const root = problems.tried('the root of the file system', () => rootOf(k, task.at), undefined);
  const counted = new CountedPages(k);
  return vmasOf(k, task.mm, problems).flatMap((vma) => [
    mapLine(k, task.mm, vma, root, problems),
    ...areaLines(
      k,
      task.mm,
      vma,
      areaUse(k, task.mm, vma, problems, counted),
      pageBytes(k, vma, problems),
    ),
  ]);
}

/** vma_kernel_pagesize(): of a pool the pool's, which the area's file knows, where the kernel's types tell how; else the usual one. */
function pageBytes(k: Inspected, vma: VmaView, problems: Problems): number {
  if (!hasAreaFlag(vma.flags, 'VM_HUGETLB')) return 4096;
  const usual = hugePageBytes(k);
  return k.has('hugetlbfs_sb_info', 'hstate')
    ? problems.tried('its pool', () => poolPageBytes(k, vma), usual)
    : usual;
}

function poolPageBytes(k: Inspected, vma: VmaView): number {
  const inode = k.pointer(vma.file, 'file', 'f_inode');
  const info = k.pointer(k.pointer(inode, 'inode', 'i_sb'), 'super_block', 's_fs_info');
  const pool = k.pointer(info, 'hugetlbfs_sb_info', 'hstate');
  return 4096 * 2 ** k.number(pool, 'hstate', 'order');
}

function areaLines(
  k: Inspected,
  mm: VirtAddr,
  vma: VmaView,
  use: AreaUse,
  pageSize: number,
): string[] {
  const isNew = isSince(k, 6, 6);
  const eligible = isHugeEligible(k, mm, vma) ? '1' : '0';
  return [
    row('Size', vma.end - vma.start),
    row('KernelPageSize', pageSize),
    row('MMUPageSize', pageSize),
    row('Rss', use.resident),
    row('Pss', use.pss),
    ...(isSince(k, 6, 0) ? [row('Pss_Dirty', use.pssDirty)] : []),
    row('Shared_Clean', use.sharedClean),
    row('Shared_Dirty', use.sharedDirty),
    row('Private_Clean', use.privateClean),
    row('Private_Dirty', use.privateDirty),
    row('Referenced', use.referenced),
    row('Anonymous', use.anonymous),
    ...(isNew ? [row('KSM', use.ksm)] : []),
    row('LazyFree', use.lazyFree),
    row('AnonHugePages', use.anonymousThp),
    row('ShmemPmdMapped', use.shmemThp),
    row('FilePmdMapped', use.fileThp),
    row('Shared_Hugetlb', use.sharedHugetlb),
    row('Private_Hugetlb', use.privateHugetlb),
    row('Swap', use.swap),
    row('SwapPss', use.swapPss),
    row('Locked', use.pssLocked),
    `THPeligible:    ${isNew ? eligible.padStart(8) : eligible}`,
    ...(hasProtectionKeys(k)
      ? [`ProtectionKey:  ${String(protectionKey(k, vma.flags)).padStart(8)}`]
      : []),
    `VmFlags: ${areaFlagLetters(vma.flags)}`,
  ];
}

/** `Rss:                   4 kB`: the number ends at one column, whatever the name. */
const row = (name: string, bytes: number): string =>
  `${`${name}: `.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(name.length > 14 ? 7 : 8)} kB`;

const hugePageBytes = (k: Inspected): number => (k.dump.paging === '2-level' ? 2 ** 22 : 2 ** 21);

/** boot_cpu_has(X86_FEATURE_OSPKE): word 16, bit 4. */
function hasProtectionKeys(k: Inspected): boolean {
  const at = k.findGlobal('boot_cpu_data');
  if (at === undefined || !k.has('cpuinfo_x86', 'x86_capability')) return false;
  const words = k.lengthOf('cpuinfo_x86', 'x86_capability');
  return words > 16 && (k.number(at, 'cpuinfo_x86', 'x86_capability[16]') & 0x10) !== 0;
}

/** Whether khugepaged or a fault may give the area huge pages. */
function isHugeEligible(k: Inspected, mm: VirtAddr, vma: VmaView): boolean {
  const has = (name: string): boolean => hasAreaFlag(vma.flags, name);
  const at = k.findGlobal('transparent_hugepage_flags');
  if (at === undefined || has('VM_NOHUGEPAGE') || isThpDisabled(k, mm)) return false;
  if (NEVER_HUGE.some(has)) return false;
  const size = hugePageBytes(k);
  const last = vma.end - size;
  const first = last - (last % size);
  if (first < vma.start || first + size > vma.end) return false;
  const switched = (name: string): boolean => {
    const bit = k.findEnumerator(name);
    return bit !== undefined && ((k.space.u32(at) >>> bit) & 1) !== 0;
  };
  const always = switched('TRANSPARENT_HUGEPAGE_FLAG');
  const asked = switched('TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG') && has('VM_HUGEPAGE');
  if (!always && !asked) return false;
  const isAnonymous = k.pointer(vma.at, 'vm_area_struct', 'vm_ops') === 0;
  const isTemporaryStack = has('VM_GROWSDOWN') && has('VM_SEQ_READ') && has('VM_RAND_READ');
  return isAnonymous && !isTemporaryStack;
}

/** VM_NO_KHUGEPAGED */
const NEVER_HUGE = ['VM_IO', 'VM_DONTEXPAND', 'VM_PFNMAP', 'VM_MIXEDMAP', 'VM_HUGETLB'];

/** MMF_DISABLE_THP */
const isThpDisabled = (k: Inspected, mm: VirtAddr): boolean =>
  ((k.space.ulongBits(mm, k.offset('mm_struct', 'flags')) >> 24n) & 1n) !== 0n;
