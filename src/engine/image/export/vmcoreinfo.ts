/**
 * VMCOREINFO of an image: the dump's own, or of a machine that has none what its build and layout say, in the kernel's words.
 *
 * Source: Linux 6.1 kernel/crash_core.c: crash_save_vmcoreinfo_init(), arch/x86/kernel/crash_core_64.c, crash_core_32.c.
 */
import type { VirtAddr } from '../../memory/address.js';
import { findByteOffset, findConstant } from '../../types/named.js';
import type { Profile } from '../../types/profile.js';
import { inspectedOf } from '../dump/inspectedOf.js';
import type { KernelImage } from '../kernelImage.js';

const SYMBOLS =
  'init_uts_ns node_online_map _stext vmap_area_list mem_map contig_page_data mem_section';
const SIZES = 'page pglist_data zone free_area list_head mem_section';
const OFFSETS =
  'page.flags page._refcount page.mapping page.lru page._mapcount page.private page.compound_dtor page.compound_order ' +
  'page.compound_head pglist_data.node_zones pglist_data.nr_zones pglist_data.node_start_pfn ' +
  'pglist_data.node_spanned_pages pglist_data.node_id zone.free_area zone.vm_stat zone.spanned_pages ' +
  'free_area.free_list list_head.next list_head.prev vmap_area.va_start vmap_area.list mem_section.section_mem_map';
const NUMBERS = 'NR_FREE_PAGES PG_lru PG_private PG_swapcache PG_swapbacked PG_slab PG_hwpoison';

export function vmcoreinfoOf(image: KernelImage): string {
  const own = image.dumped?.dump.vmcoreinfoText;
  if (own !== undefined) return own;
  const { profile } = image;
  const { dump } = inspectedOf(image);
  const symbol = (name: string, at = profile.symbol(name)?.address): string[] =>
    at === undefined ? [] : [`SYMBOL(${name})=${hexOf(profile, at)}`];
  const is64 = profile.arch === 'x86_64';
  const root = profile.symbol(is64 ? 'init_top_pgt' : 'swapper_pg_dir')?.address;
  return [
    `OSRELEASE=${profile.release}`,
    'PAGESIZE=4096',
    ...symbol('swapper_pg_dir', root),
    ...SYMBOLS.split(' ').flatMap((name) => symbol(name)),
    ...SIZES.split(' ').flatMap((tag) => {
      const size = profile.types.struct(tag)?.sizeBytes;
      return size === undefined ? [] : [`SIZE(${tag})=${size}`];
    }),
    ...OFFSETS.split(' ').flatMap((path) => {
      const [tag = '', member = ''] = path.split('.');
      const offset = findByteOffset(profile, tag, member);
      return offset === undefined ? [] : [`OFFSET(${path})=${offset}`];
    }),
    ...NUMBERS.split(' ').flatMap((name) => {
      const value = findConstant(profile, name);
      return value === undefined ? [] : [`NUMBER(${name})=${value}`];
    }),
    ...(is64
      ? [
          `NUMBER(phys_base)=${dump.physBase}`,
          ...symbol('init_top_pgt'),
          'NUMBER(pgtable_l5_enabled)=0',
          'KERNELOFFSET=0',
          `NUMBER(KERNEL_IMAGE_SIZE)=${2 ** 30}`,
        ]
      : profile.arch === 'i386-pae'
        ? ['CONFIG_X86_PAE=y']
        : []),
    '',
  ].join('\n');
}

const hexOf = ({ pointerSize }: Profile, va: VirtAddr): string =>
  BigInt.asUintN(pointerSize * 8, BigInt(va)).toString(16);
