/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { PteVal } from '../../kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { VmFault } from '../../kernel/include/linux/mm_types.h.js';
import type { SwpEntry } from '../../kernel/include/linux/swapops.h.js';
import type { SplitEntry } from '../../kernel/mm/huge_memory/split_pmd.js';
import type { ScanResult } from '../../kernel/mm/khugepaged/collapse.js';
import type { VmOperations } from '../../kernel/mm/memory/vm_ops.js';
import type {
  AnonVma,
  Int,
  ListHead,
  MmStruct,
  Page,
  Pmd,
  Pte,
  VmAreaStruct,
  VmFault_t,
  VmFlags,
} from '../../machine/ctypes.js';
import type { Cell, VirtAddr } from '../../memory/address.js';

export interface ProcessesLocals {
  readonly __do_huge_pmd_anonymous_page: {
    readonly vmf: VmFault;
    readonly page: Page;
    readonly mm?: MmStruct;
    readonly haddr?: VirtAddr;
    readonly pgtable?: Page;
    readonly entry?: PteVal;
  };
  readonly __split_huge_pmd_locked: {
    readonly vma: VmAreaStruct;
    readonly pmd: Pmd;
    readonly haddr: VirtAddr;
    readonly freeze: boolean;
    readonly mm?: MmStruct;
    readonly nr?: Int;
    readonly pmd_migration?: boolean;
    readonly of?: SplitEntry;
    readonly entry?: SwpEntry;
    readonly old_pmd?: PteVal;
    readonly page?: Page;
    readonly dirty?: boolean;
    readonly anon_exclusive?: boolean;
    readonly write?: boolean;
    readonly pgtable?: Page;
    readonly pte?: Pte;
    readonly i?: number;
    readonly waits?: boolean;
    readonly at?: Cell;
  };
  readonly collapse_huge_page: {
    readonly vma: VmAreaStruct;
    readonly address: VirtAddr;
    readonly mm?: MmStruct;
    readonly compound_pagelist?: ListHead;
    readonly hpage?: Page;
    readonly pmd?: Pmd;
    readonly pte?: Pte;
    readonly table?: PteVal;
    readonly pgtable?: Page;
    readonly result?: ScanResult;
    readonly prot?: PteVal;
    readonly _pmd?: PteVal;
  };
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
  readonly do_huge_pmd_anonymous_page: {
    readonly vmf: VmFault;
    readonly mm?: MmStruct;
    readonly pgtable?: Page;
    readonly zero_page?: Page;
    readonly folio?: Page;
  };
  readonly do_huge_pmd_wp_page: {
    readonly vmf: VmFault;
    readonly unshare?: boolean;
    readonly page?: Page;
    readonly isOnlyOurs?: boolean;
    readonly entry?: PteVal;
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
  readonly set_huge_zero_page: {
    readonly pgtable: Page;
    readonly mm: MmStruct;
    readonly vma: VmAreaStruct;
    readonly pmd: Pmd;
    readonly zero_page: Page;
    readonly prot?: PteVal;
    readonly entry?: PteVal;
  };
  readonly split_huge_page_to_list: {
    readonly page: Page;
    readonly list: ListHead;
    readonly folio?: Page;
    readonly ret?: Int;
    readonly anon_vma?: AnonVma;
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
