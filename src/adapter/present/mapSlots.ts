/** The slots of kmap() and of the fixmap as lists: what each maps, and for whom. */
import { formatAddress } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import {
  fixmapSlot,
  nrFixmapSlots,
  nrPkmapSlots,
  pkmapCount,
  pkmapSlot,
  type MapSlot,
} from '../../engine/view/mapSlots.js';
import type { MachineContext } from './context.js';
import { showPage } from './page.js';
import { fact, group, type Shown } from './shown.js';

export function persistentKernelMaps(context: MachineContext): Shown {
  const { surveyor } = context;
  const name = 'Persistent kernel maps';
  const nrSlots = nrPkmapSlots(surveyor);
  if (nrSlots === 0)
    return fact(name, 'none: this kernel has no highmem, kmap() gives the address that a page has');
  const counts = Array.from({ length: nrSlots }, (_, nr) => pkmapCount(surveyor, nr));
  const used = counts.filter((count) => count > 1).length;
  const unused = counts.filter((count) => count === 1).length;
  const last = context.image.mm.words[context.image.mm.globals.last_pkmap_nr] ?? 0;
  return group(
    name,
    `${used} of ${counted(nrSlots, 'slot')} used, ${unused} mapped without a user`,
    {
      named: () => [fact('last_pkmap_nr', `${last}`)],
      nrIndexed: nrSlots,
      indexed: (start, count) =>
        Array.from({ length: count }, (_, i) => showSlot(context, pkmapSlot(surveyor, start + i))),
    },
  );
}

export function fixmap(context: MachineContext): Shown {
  const { surveyor } = context;
  const nrSlots = nrFixmapSlots(surveyor);
  if (nrSlots === 0) return fact('Fixmap', 'none: the profile has no enum fixed_addresses');
  return group('Fixmap', `${counted(nrSlots, 'slot')}, the first one highest`, {
    nrIndexed: nrSlots,
    indexed: (start, count) =>
      Array.from({ length: count }, (_, i) => showSlot(context, fixmapSlot(surveyor, start + i))),
  });
}

function showSlot(context: MachineContext, { nr, address, text, pfn }: MapSlot): Shown {
  const at = formatAddress(address, context.profile.pointerSize);
  const page = pfn === undefined ? '' : ` to pfn 0x${pfn.toString(16)}`;
  const row = { ...fact(`[${nr}]`, `${at}: ${text}${page}`), memory: address };
  if (pfn === undefined || pfn >= context.image.maxPfn) return row;
  return { ...row, children: { named: (format) => [showPage(context, 'page', pfn, format)] } };
}
