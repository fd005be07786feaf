/**
 * The pages that the kernel gives every process to run: the vDSO, mapped as a special mapping, which has no file.
 *
 * Left out: vvar (clocks), whose pages have no struct page that is counted.
 * Source: Linux 6.1 arch/x86/entry/vdso/vma.c: vdsoFault(); mm/mmap.c: special_mapping_fault().
 */
import { type MmStruct, type Page, type VmFault_t } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { VM_PFNMAP, type VmFault } from '../../include/linux/mm_types.h.js';
import { lock_page } from '../filemap/folio_wait.js';
import { linkVmOperations } from '../memory/vm_ops.js';
import { get_page } from '../swap/swap.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';

function vdsoFault(k: Kernel, vmf: VmFault): VmFault_t {
  const mm: MmStruct = k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_mm));
  const image = k.read_ptr(k.plus(mm, k.mm_struct.context_vdso_image));
  // vdso_image->data: its first member.
  const data: VirtAddr = k.read_va(image);
  const page: Page = virt_to_page(k, asVirt(data + vmf.pgoff * PAGE_SIZE));
  get_page(k, page);
  vmf.page = page;
  // __do_fault():
  lock_page(k, page);
  return k.VM_FAULT_LOCKED;
}

function special_mapping_fault(k: Kernel, vmf: VmFault): VmFault_t {
  const vm_flags = k.read_int(k.plus(vmf.vma, k.vm_area_struct.vm_flags));
  return (vm_flags & VM_PFNMAP) !== 0 ? k.VM_FAULT_SIGBUS : vdsoFault(k, vmf);
}
linkVmOperations('special_mapping_vmops', { fault: special_mapping_fault });
