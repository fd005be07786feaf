/**
 * `%pkmap` dumps: the slots of kmap() and the hash table of page addresses, read from a machine, printed, and loaded into one.
 *
 *     %pkmap base=ff400000 n=1024 last=2 pte=c1600000       last = last_pkmap_nr, pte = the pte of slot 0
 *     pk 1 count=2 pte=3f903163                             slots with a count or a pte
 *     pah 55 3f903=ff401000                                 chains of page_address_htable: PFN=VADDR, first to last
 *
 * What free entries of page_address_maps keep is not in a dump: a loaded machine has zeros there.
 */
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
  PA_HASH_ORDER,
  page_address_init,
  pte_none,
  ptep_get,
  set_page_address,
  set_pte,
} from '../../entry/functions.js';
import type { Kernel } from '../../machine/kernel.js';
import type { PageAddressMap } from '../../kernel/mm/highmem/page_address.js';
import { NULL, type Pte } from '../../machine/ctypes.js';
import { fromPteWords, toPteWords } from '../../machine/pteWords.js';
import { asCell, asVirt } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';

const hasPkmap = (mm: Kernel): boolean => mm.profile.constant('CONFIG_HIGHMEM') === 1;

/** What stands behind `%pkmap`. */
export function pkmapHead(mm: Kernel): string {
  if (!hasPkmap(mm)) return 'none';
  const last = mm.words[mm.symbol('last_pkmap_nr')] ?? 0;
  const pte = mm.hex(mm.read_va(mm.symbol('pkmap_page_table')));
  const base = mm.hex(asVirt(mm.PKMAP_BASE));
  return `base=${base} n=${mm.LAST_PKMAP} last=${last} pte=${pte}`;
}

export function pkmapLines(mm: Kernel): string[] {
  if (!hasPkmap(mm)) return [];
  const lines: string[] = [];
  for (let nr = 0; nr < mm.LAST_PKMAP; nr++) {
    const count = mm.read_int(mm.globals.pkmap_count + nr);
    const pte = ptep_get(mm, slotPte(mm, nr));
    if (count !== 0 || !pte_none(mm, pte))
      lines.push(`pk ${nr} count=${count} pte=${fromPteWords(pte).toString(16)}`);
  }
  for (let bucket = 0; bucket < 1 << PA_HASH_ORDER; bucket++) {
    const chain = mapsOf(mm, bucket)
      .map((map) => mapText(mm, map))
      .join(' ');
    if (chain !== '') lines.push(`pah ${bucket} ${chain}`);
  }
  return lines;
}

/** The pte of a slot. */
const slotPte = (mm: Kernel, nr: number): Pte =>
  asCell(mm.read_ptr(mm.globals.pkmap_page_table) + nr * mm.pte_words);

/** The maps of a bucket, first to last. One that nobody has initialised is empty. */
function mapsOf(mm: Kernel, bucket: number): PageAddressMap[] {
  const { page_address_htable } = mm.globals;
  const slot = page_address_htable + bucket * mm.stride.page_address_slot;
  const head = asCell(slot + mm.page_address_slot.lh);
  const maps: PageAddressMap[] = [];
  if (page_address_htable === NULL || mm.words[head] === 0) return maps;
  const { list } = mm.page_address_map;
  for (
    let map: PageAddressMap = list_first_entry(mm, head, list);
    !list_entry_is_head(mm, map, head, list);
    map = list_next_entry(mm, map, list)
  )
    maps.push(map);
  return maps;
}

function mapText(mm: Kernel, map: PageAddressMap): string {
  const page = mm.read_ptr(map + mm.page_address_map.page);
  const virtual = mm.read_va(map + mm.page_address_map.virtual);
  return `${mm.page_to_pfn(page).toString(16)}=${mm.hex(virtual)}`;
}

/** Puts a dump into a machine's memory. */
export function loadPkmap(
  { mm }: KernelImage,
  args: readonly string[],
  lines: readonly string[],
): void {
  if (!hasPkmap(mm)) return;
  const head = new Map(args.map((arg) => arg.split('=') as [string, string]));
  const table = parseInt(head.get('pte') ?? '', 16);
  const last = Number(head.get('last'));
  if (isNaN(table) || isNaN(last)) throw new ImageError(`'${args.join(' ')}' is not a %pkmap head`);
  mm.write_long(mm.symbol('pkmap_page_table'), table);
  mm.write(mm.symbol('last_pkmap_nr'), last);
  page_address_init(mm);
  for (const line of lines) {
    const [kind, number = '', ...fields] = line.split(' ');
    if (kind === 'pk') loadSlot(mm, Number(number), fields);
    else for (const field of fields) loadMap(mm, field);
  }
}

function loadSlot(mm: Kernel, nr: number, [count = '', pte = '']: readonly string[]): void {
  mm.write(mm.globals.pkmap_count + nr, Number(count.replace('count=', '')));
  set_pte(mm, slotPte(mm, nr), toPteWords(BigInt(`0x${pte.replace('pte=', '')}`)));
}

function loadMap(mm: Kernel, text: string): void {
  const [pfn = '', va = ''] = text.split('=');
  const virtual = asVirt(parseInt(va, 16));
  set_page_address(mm, mm.pfn_to_page(parseInt(pfn, 16)), virtual);
}
