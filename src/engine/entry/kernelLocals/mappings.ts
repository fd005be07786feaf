/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { PteVal } from '../../kernel/arch/x86/include/asm/pgtable_types.h.js';
import type {
  Gfp,
  Int,
  ListHead,
  Order,
  Page,
  Pte,
  UInt,
  ULong,
  VmStruct,
  VmapArea,
} from '../../machine/ctypes.js';
import type { VirtAddr } from '../../memory/address.js';

export interface MappingsLocals {
  readonly __purge_vmap_area_lazy: {
    readonly start: VirtAddr;
    readonly end: VirtAddr;
    readonly local_purge_list?: ListHead;
    readonly first?: VmapArea;
    readonly last?: VmapArea;
    readonly rounds?: number;
    readonly va?: VmapArea;
    readonly n_va?: VmapArea;
    readonly nr?: ULong;
    readonly merged?: VmapArea;
  };
  readonly __vmalloc_area_node: {
    readonly area: VmStruct;
    readonly gfp_mask: Gfp;
    readonly prot: PteVal;
    readonly page_shift: Int;
    readonly nested_gfp?: Gfp;
    readonly addr?: VirtAddr;
    readonly size?: ULong;
    readonly nr_small_pages?: Int;
    readonly array_size?: ULong;
    readonly text?: string;
    readonly page_order?: Order;
    readonly pages?: Page[];
    readonly nr_pages?: Int;
    readonly i?: number;
    readonly flags?: UInt;
    readonly ret?: Int;
  };
  readonly __vmalloc_node_range: {
    readonly size: ULong;
    readonly align: ULong;
    readonly start: VirtAddr;
    readonly end: VirtAddr;
    readonly gfp_mask: Gfp;
    readonly prot: PteVal;
    readonly vm_flags: ULong;
    readonly caller: VirtAddr;
    readonly real_align?: ULong;
    readonly shift?: Int;
    readonly area?: VmStruct;
    readonly ret?: VirtAddr;
  };
  readonly flush_all_zero_pkmaps: {
    readonly need_flush?: Int;
    readonly i?: Int;
    readonly ptep?: Pte;
    readonly page?: Page;
  };
  readonly map_new_virtual: {
    readonly page: Page;
    readonly count?: Int;
    readonly last_pkmap_nr?: Int;
    readonly vaddr?: VirtAddr;
  };
  readonly no_more_pkmaps: {
    readonly pkmap_nr: Int;
  };
}
