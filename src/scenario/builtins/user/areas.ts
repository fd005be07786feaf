/** The areas of a process: mmap() and what changes them afterwards, by the names of the C library and by the kernel's own. */
import { VM_LOCKED, VM_LOCKONFAULT } from '../../../engine/kernel/include/linux/mm_types.h.js';
import { asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';
import { NULL, type File, type MmStruct } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { asLong, asReader, changing, currentMm, libc, libcAddress } from './libc.js';

const EBADF = 9;
const EINVAL = 22;
const ENOMEM = 12;
const MAP_ANONYMOUS = 0x20;
const MLOCK_ONFAULT = 1;

/** The area, and its pages where they are wanted at once. */
function mapAt(
  call: BuiltinCall,
  mm: MmStruct,
  file: File,
  [addr, length, prot, flags, offset]: readonly [Value, Value, Value, Value, Value],
): number {
  const { k, kernel } = call;
  const at = va(addr);
  const pgoff = Number(offset) / PAGE_SIZE;
  if (!Number.isInteger(pgoff) || pgoff < 0) return -EINVAL;
  const bytes = sizeOf(call, length);
  // On 32 bit the scenario's own objects lie there.
  if ((Number(flags) & 0x100010) !== 0)
    for (let page = 0; page < bytes; page += PAGE_SIZE)
      if (k.isOwnObject(asVirt(at + page)))
        call.bug(
          `BUG: the scenario itself lies at 0x${k.hex(asVirt(at + page))}: map something else there`,
        );
  return kernel.ksys_mmap_pgoff(k, mm, at, bytes, Number(prot), Number(flags), file, pgoff);
}

function fileOf(call: BuiltinCall, flags: Value, fd: Value): File | undefined {
  if ((Number(flags) & MAP_ANONYMOUS) !== 0) return NULL;
  return call.process.files.find(Number(fd));
}

const mapping: readonly Builtin[] = group('process', 'mm/mmap.c', [
  changing(
    'void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)',
    'A new area of the process; MAP_FAILED and errno if there can be none. Its pages come when they are first used. Anonymous with MAP_ANONYMOUS, else of an open file; with MAP_HUGETLB of huge pages, which their pool must have or promise.',
    (call, mm, addr, length, prot, flags, fd, offset) => {
      const file = fileOf(call, flags, fd);
      if (file === undefined) return libcAddress(call, -EBADF);
      const args = [addr, length, prot, flags, offset] as const;
      return libcAddress(call, mapAt(call, mm, file, args));
    },
  ),
  changing(
    'int munmap(void *addr, size_t length)',
    'Takes away what is mapped in a range, and the pages that only this process has; 0, or -1 and errno.',
    (call, mm, addr, length) =>
      libc(call, call.kernel.do_munmap(call.k, mm, va(addr), sizeOf(call, length))),
  ),
  changing(
    'int brk(void *addr)',
    'Moves the end of the heap; 0, or -1 and errno.',
    (call, mm, addr) => {
      const wanted = va(addr);
      return libc(call, call.kernel.setBrk(call.k, mm, wanted) === wanted ? 0 : -ENOMEM);
    },
  ),
  changing(
    'void *sbrk(long increment)',
    'Makes the heap larger, or smaller; where it ended before, or MAP_FAILED and errno. sbrk(0) tells where it ends.',
    (call, mm, increment) => {
      const { k } = call;
      const before = k.read_va(k.plus(mm, k.mm_struct.brk));
      const wanted = asVirt(before + Number(increment));
      const isSet = wanted === before || call.kernel.setBrk(k, mm, wanted) === wanted;
      return isSet ? before : libcAddress(call, -ENOMEM);
    },
  ),
  changing(
    'unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot, unsigned long flag, unsigned long offset)',
    'mmap() by the kernel for the running process: its address, or an error (IS_ERR_VALUE).',
    (call, mm, file, addr, len, prot, flag, offset) => {
      const of = file === 0 ? NULL : (call.cell(file) as File);
      const args = [addr, len, prot, flag, offset] as const;
      return asLong(call, mapAt(call, mm, of, args));
    },
  ),
  changing(
    'int vm_munmap(unsigned long start, size_t len)',
    'munmap() by the kernel: 0, or an error.',
    (call, mm, start, len) => call.kernel.do_munmap(call.k, mm, va(start), sizeOf(call, len)),
  ),
]);

const rights: readonly Builtin[] = [
  ...group('process', 'mm/mprotect.c', [
    changing(
      'int mprotect(void *addr, size_t len, int prot)',
      'Changes what a range allows; 0, or -1 and errno.',
      (call, mm, addr, len, prot) => {
        const at = va(addr);
        const bytes = sizeOf(call, len);
        return libc(call, call.kernel.mprotectRange(call.k, mm, at, bytes, Number(prot)));
      },
    ),
  ]),
  ...group('process', 'mm/madvise.c', [
    changing(
      'int madvise(void *addr, size_t length, int advice)',
      'Tells what a range will be used for: MADV_DONTNEED takes its pages, MADV_FREE gives them up until they are written again; 0, or -1 and errno.',
      (call, mm, addr, length, advice) => {
        const at = va(addr);
        const bytes = sizeOf(call, length);
        return libc(call, call.kernel.do_madvise(call.k, mm, at, bytes, Number(advice)));
      },
    ),
  ]),
  ...group('process', 'mm/mlock.c', [
    changing(
      'int mlock(const void *addr, size_t len)',
      'Faults in the pages of a range, which stay: they are unevictable; 0, or -1 and errno.',
      (call, mm, addr, len) =>
        libc(call, call.kernel.do_mlock(call.k, mm, va(addr), sizeOf(call, len), VM_LOCKED)),
    ),
    changing(
      'int mlock2(const void *addr, size_t len, unsigned int flags)',
      'Like mlock(); with MLOCK_ONFAULT pages are not faulted in, but stay from when they come.',
      (call, mm, addr, len, flags) => {
        if ((Number(flags) & ~MLOCK_ONFAULT) !== 0) return libc(call, -EINVAL);
        const locks = VM_LOCKED | (flags === 0 ? 0 : VM_LOCKONFAULT);
        return libc(call, call.kernel.do_mlock(call.k, mm, va(addr), sizeOf(call, len), locks));
      },
    ),
    changing(
      'int mlockall(int flags)',
      'As mlock() of all areas there are (MCL_CURRENT), of those that come (MCL_FUTURE), or both; 0, or -1 and errno.',
      (call, mm, flags) => libc(call, call.kernel.sys_mlockall(call.k, mm, Number(flags))),
    ),
    changing(
      'int munlockall(void)',
      'The pages of all areas may be evicted again; 0.',
      (call, mm) => libc(call, call.kernel.sys_munlockall(call.k, mm)),
    ),
    changing(
      'int munlock(const void *addr, size_t len)',
      'The pages of a range may be evicted again; 0, or -1 and errno.',
      (call, mm, addr, len) =>
        libc(call, call.kernel.munlockRange(call.k, mm, va(addr), sizeOf(call, len))),
    ),
  ]),
];

const syncing: readonly Builtin[] = group('process', 'mm/msync.c', [
  {
    signature: 'int msync(void *addr, size_t length, int flags)',
    doc: 'Would write what was changed back to a file: files here are in memory alone. 0; -1 and ENOMEM where nothing is mapped, EBUSY of locked areas with MS_INVALIDATE.',
    changes: true,
    needs: needsProcess,
    run: (call, addr, length, flags) => {
      const [start, bytes] = [va(addr), sizeOf(call, length)];
      const mm = currentMm(call);
      return libc(
        call,
        asReader(call, mm, () => call.kernel.sys_msync(call.k, mm, start, bytes, Number(flags))),
      );
    },
  },
]);

const moving: readonly Builtin[] = [
  ...group('process', 'mm/mremap.c', [
    changing(
      'void *mremap(void *old_address, size_t old_size, size_t new_size, int flags, ...)',
      'Makes a mapping larger or smaller; with MREMAP_MAYMOVE it may get another address, with MREMAP_FIXED the one that follows. Its pages go with it, none is copied. The address, or MAP_FAILED and errno.',
      (call, _mm, old, oldSize, newSize, flags, address = 0) => {
        const sizes = [sizeOf(call, oldSize), sizeOf(call, newSize)] as const;
        const { k, kernel } = call;
        return libcAddress(
          call,
          kernel.sys_mremap(k, va(old), ...sizes, Number(flags), va(address)),
        );
      },
    ),
  ]),
  ...group('process', 'mm/mincore.c', [
    {
      signature: 'int mincore(void *addr, size_t length, unsigned char *vec)',
      doc: 'Tells of each page of a range in a byte whether it is in memory: 1 or 0; 0, or -1 and errno.',
      changes: true,
      needs: needsProcess,
      run: (call, addr, length, vec) => {
        const found: number[] = [];
        const error = call.kernel.sys_mincore(call.k, va(addr), sizeOf(call, length), found);
        if (error === 0) call.memory.writeBytes(vec, Uint8Array.from(found));
        return libc(call, error);
      },
    },
  ]),
];

const looks: readonly Builtin[] = [
  ...group('process', 'mm/mmap.c', [
    {
      signature: 'struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)',
      doc: 'The area that an address lies in, or the next one above it; NULL if there is none.',
      needs: needsProcess,
      run: (call, mm, addr) => call.pointer(call.kernel.find_vma(call.k, call.cell(mm), va(addr))),
    },
    {
      signature: 'struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)',
      doc: 'The area that an address lies in; NULL if there is none.',
      needs: needsProcess,
      run: (call, mm, addr) =>
        call.pointer(call.kernel.vma_lookup(call.k, call.cell(mm), va(addr))),
    },
  ]),
  ...group('process', 'include/linux/mm.h', [
    {
      signature: 'unsigned long get_mm_counter(struct mm_struct *mm, int member)',
      doc: 'Pages of an address space: MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES. The last few of a task may not be counted yet on SMP.',
      needs: needsProcess,
      run: (call, mm, member) => call.kernel.get_mm_counter(call.k, call.cell(mm), Number(member)),
    },
    {
      signature: 'unsigned long get_mm_rss(struct mm_struct *mm)',
      doc: 'Pages of all kinds that an address space has.',
      needs: needsProcess,
      run: (call, mm) => {
        const { k, kernel } = call;
        const cell = call.cell(mm);
        return [k.MM_FILEPAGES, k.MM_ANONPAGES, k.MM_SHMEMPAGES].reduce(
          (sum, member) => sum + kernel.get_mm_counter(k, cell, member),
          0,
        );
      },
    },
  ]),
];

export const userAreas: readonly Builtin[] = [
  ...mapping,
  ...rights,
  ...syncing,
  ...moving,
  ...looks,
];
