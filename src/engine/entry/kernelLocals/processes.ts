/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { PteVal } from '../../kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { VmFault } from '../../kernel/include/linux/mm_types.h.js';
import type { VmOperations } from '../../kernel/mm/memory/vm_ops.js';
import type { Int, MmStruct, Page, Pte, VmFault_t, VmFlags } from '../../machine/ctypes.js';

export interface ProcessesLocals {
  readonly do_anonymous_page: {
    readonly vmf: VmFault;
    readonly mm?: MmStruct;
    readonly vm_flags?: VmFlags;
    readonly vm_page_prot?: PteVal;
    readonly entry?: PteVal;
    readonly page?: Page;
  };
  readonly do_cow_fault: {
    readonly vmf: VmFault;
    readonly ops: VmOperations;
    readonly ret?: VmFault_t;
  };
  readonly do_read_fault: {
    readonly vmf: VmFault;
    readonly ops: VmOperations;
    readonly around?: VmFault_t;
    readonly ret?: VmFault_t;
  };
  readonly do_shared_fault: {
    readonly vmf: VmFault;
    readonly ops: VmOperations;
    readonly ret?: VmFault_t;
  };
  readonly do_wp_page: {
    readonly vmf: VmFault;
    readonly unshare?: boolean;
    readonly vm_flags?: VmFlags;
    readonly isShared?: boolean;
    readonly folio?: Page;
  };
  readonly gup_put_folio: {
    readonly folio: Page;
    readonly refs: Int;
    readonly flags: Int;
  };
  readonly handle_pte_fault: {
    readonly vmf: VmFault;
    readonly entry?: PteVal;
    readonly isWrite?: boolean;
  };
  readonly ptep_set_access_flags: {
    readonly ptep: Pte;
    readonly entry: PteVal;
    readonly dirty: boolean;
    readonly changed?: boolean;
  };
  readonly try_grab_page: {
    readonly page: Page;
    readonly flags: Int;
    readonly folio?: Page;
  };
  readonly wp_page_copy: {
    readonly vmf: VmFault;
    readonly unshare?: boolean;
    readonly mm?: MmStruct;
    readonly old_page?: Page;
    readonly new_page?: Page;
    readonly entry?: PteVal;
  };
  readonly wp_page_reuse: {
    readonly vmf: VmFault;
    readonly entry?: PteVal;
  };
}
