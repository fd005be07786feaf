/**
 * A driver as a scenario has it: a device below /dev with functions of the scenario, and what its mmap() and its fault handlers call to
 * put pages into an area.
 */
import type { PteVal } from '../../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import { NULL, type Page, type VmAreaStruct } from '../../../engine/machine/ctypes.js';
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { entryBits } from '../entryValues.js';
import { needsProcess } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { libc } from './libc.js';

const changes = true;
const EBADF = 9;
const EBUSY = 16;
const ENOMEM = 12;

const row = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs: needsProcess,
  run,
});

const vmaAt = (call: BuiltinCall, vma: Value): VmAreaStruct => call.cell(vma);

// --- devices ---------------------------------------------------------------------------------------------------------------

/** `/dev/NAME` of a struct miscdevice. */
function deviceName(call: BuiltinCall, misc: Value): string {
  const { k } = call;
  const at = call.offset(misc, k.miscdevice.name * 4);
  return `/dev/${call.string(call.memory.load(at, k.wide ? 8 : 4))}`;
}

function register(call: BuiltinCall, misc: Value): number {
  const { k, kernel } = call;
  const { files } = call.process;
  const name = deviceName(call, misc);
  if (files.named(name) !== undefined) return -EBUSY;
  const node = { value: NULL };
  const error = kernel.registerDevice(k, call.cell(misc), files.nrNames, node);
  if (error !== 0) return error;
  if (!files.name(name, node.value)) {
    kernel.removeDevice(k, node.value);
    return -ENOMEM;
  }
  // device_create_with_groups(): what devm_kzalloc() and dev_info() of the driver are given. Its node is there already.
  const made = { value: NULL };
  const text = name.slice('/dev/'.length);
  const device = kernel.device_create(k, NULL, NULL, 0, va(misc), text, made);
  if (device < 0) {
    files.unname(name);
    kernel.removeDevice(k, node.value);
    return -ENOMEM;
  }
  k.write_ptr(k.plus(call.cell(misc), k.miscdevice.this_device), device);
  return 0;
}

/** misc_deregister(): what the driver has got for its device goes with it. */
function deregister(call: BuiltinCall, misc: Value): undefined {
  const { k, kernel } = call;
  const node = call.process.files.unname(deviceName(call, misc));
  if (node === undefined) return undefined;
  kernel.device_unregister(k, k.read_ptr(k.plus(call.cell(misc), k.miscdevice.this_device)));
  kernel.removeDevice(k, node);
  return undefined;
}

const devices: readonly Builtin[] = [
  ...group('process', 'drivers/char/misc.c', [
    row(
      'int misc_register(struct miscdevice *misc)',
      'Makes a device /dev/NAME, whose functions are those of misc->fops: open() finds it then. 0 or an error.',
      register,
    ),
    row(
      'void misc_deregister(struct miscdevice *misc)',
      'The device has no name any more; who has it open keeps it.',
      deregister,
    ),
  ]),
  ...group('process', 'fs/ioctl.c', [
    row(
      'int ioctl(int fd, unsigned int cmd, ...)',
      "Calls the driver's unlocked_ioctl with a command and a number or an address; -1 and errno if that is refused.",
      (call, fd, cmd, arg = 0) => {
        const file = call.process.files.find(Number(fd));
        const done =
          file === undefined ? -EBADF : call.kernel.ioctlFile(call.k, file, Number(cmd), va(arg));
        return libc(call, done);
      },
    ),
  ]),
];

// --- what a driver maps ------------------------------------------------------------------------------------------------------

function pagesOf(call: BuiltinCall, array: Value, count: number): Page[] {
  const size = call.profile.pointerSize;
  const known = Math.min(count, call.k.memmap.endPfn);
  return Array.from({ length: known }, (_, i) =>
    call.page(call.memory.load(call.offset(array, i * size), size)),
  );
}

const allPages =
  (name: 'vm_map_pages' | 'vm_map_pages_zero'): BuiltinRow['run'] =>
  (call, vma, pages, num) => {
    const nr = Number(num);
    return call.kernel[name](call.k, vmaAt(call, vma), pagesOf(call, pages, nr), nr);
  };

function remapPfns(call: BuiltinCall, [vma, addr, pfn, size, prot]: readonly Value[]): number {
  const bits: PteVal = entryBits(call, prot ?? 0);
  const bytes = sizeOf(call, size ?? 0);
  const args = [va(addr ?? 0), Number(pfn), bytes, bits] as const;
  return call.kernel.remap_pfn_range(call.k, vmaAt(call, vma ?? 0), ...args);
}

const mapping: readonly Builtin[] = [
  ...group('process', 'mm/memory.c', [
    row(
      'int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page)',
      "Maps a driver's page into an area, with a reference to it; the area becomes VM_MIXEDMAP. 0 or an error: -EINVAL for a page of a slab, an anonymous one or a free one, -EBUSY where something is mapped.",
      (call, vma, addr, page) =>
        call.kernel.vm_insert_page(call.k, vmaAt(call, vma), va(addr), call.page(page)),
    ),
    row(
      'int vm_insert_pages(struct vm_area_struct *vma, unsigned long addr, struct page **pages, unsigned long *num)',
      'Like vm_insert_page, for *num pages side by side; *num becomes how many are left.',
      (call, vma, addr, pages, num) => {
        const size = call.profile.pointerSize;
        const left = { value: Number(call.memory.load(num, size)) };
        const all = pagesOf(call, pages, left.value);
        const error = call.kernel.vm_insert_pages(call.k, vmaAt(call, vma), va(addr), all, left);
        call.memory.store(num, size, left.value);
        return error;
      },
    ),
    row(
      'int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long num)',
      'Maps pages into a whole area, from page vma->vm_pgoff on; -ENXIO if there are not enough.',
      allPages('vm_map_pages'),
    ),
    row(
      'int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long num)',
      'Like vm_map_pages, from the first page on.',
      allPages('vm_map_pages_zero'),
    ),
    row(
      'int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size, pgprotval_t prot)',
      'Maps frames side by side into an area, which becomes VM_IO and VM_PFNMAP: nobody counts them, nobody can pin them. 0 or an error.',
      (call, ...args) => remapPfns(call, args),
    ),
    row(
      'int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start, unsigned long len)',
      'Maps what of a range of physical addresses the area asks for, by its offset and length; -EINVAL if that is more than there is.',
      (call, vma, start, len) =>
        call.kernel.vm_iomap_memory(call.k, vmaAt(call, vma), Number(start), sizeOf(call, len)),
    ),
    row(
      'void zap_vma_ptes(struct vm_area_struct *vma, unsigned long address, unsigned long size)',
      'Takes frames of remap_pfn_range() out of an area again: the next access faults.',
      (call, vma, address, size) => {
        call.kernel.zap_vma_ptes(call.k, vmaAt(call, vma), va(address), sizeOf(call, size));
      },
    ),
    row(
      'vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)',
      'Of a fault handler: maps a frame into an area that is VM_PFNMAP. VM_FAULT_NOPAGE if it is mapped.',
      (call, vma, addr, pfn) =>
        call.kernel.vmf_insert_pfn(call.k, vmaAt(call, vma), va(addr), Number(pfn)),
    ),
    row(
      'vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, pgprotval_t pgprot)',
      'Like vmf_insert_pfn, with a protection of its own.',
      (call, vma, addr, pfn, prot) => {
        const args = [vmaAt(call, vma), va(addr), Number(pfn), entryBits(call, prot)] as const;
        return call.kernel.vmf_insert_pfn_prot(call.k, ...args);
      },
    ),
  ]),
  ...group('process', 'mm/vmalloc.c', [
    row(
      'int remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff)',
      'Maps memory of vmalloc_user() into a whole area, from page pgoff on. 0 or an error: -EINVAL for memory of plain vmalloc(), or too little of it.',
      (call, vma, addr, pgoff) =>
        call.kernel.remap_vmalloc_range(call.k, vmaAt(call, vma), va(addr), Number(pgoff)),
    ),
    row(
      'int remap_vmalloc_range_partial(struct vm_area_struct *vma, unsigned long uaddr, void *kaddr, unsigned long pgoff, unsigned long size)',
      'Like remap_vmalloc_range, for a part of the area.',
      (call, vma, uaddr, kaddr, pgoff, size) => {
        const bytes = sizeOf(call, size);
        const args = [va(uaddr), va(kaddr), Number(pgoff), bytes] as const;
        return call.kernel.remap_vmalloc_range_partial(call.k, vmaAt(call, vma), ...args);
      },
    ),
  ]),
];

export const drivers: readonly Builtin[] = [...devices, ...mapping];
