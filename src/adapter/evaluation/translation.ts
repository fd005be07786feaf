/**
 * What an address is, in one line for the debugger's own hovers: its kind, what is behind it, and of a page what its value
 * does not say already.
 */
import { formatAddress, pfn_to_phys, type VirtAddr } from '../../engine/memory/address.js';
import { ADDRESS_KINDS, kindOf, pfnOfStructPage } from '../../engine/view/addressKind.js';
import { layoutReport } from '../../engine/view/addressReport.js';
import { pageFacts } from '../../engine/view/pageFacts.js';
import type { MachineContext } from '../present/context.js';

/** @param named the value that stands before it says what page it is */
export function translate(context: MachineContext, va: VirtAddr, named: boolean): string {
  const { world } = context.surveyor;
  const { image, states, peek, profile } = context;
  const title = ADDRESS_KINDS[kindOf(world, va, 'virtual')].title.replace(/^(?:an?|the) /, '');
  const described = pfnOfStructPage(world, va);
  if (described !== undefined && peek.exists(described)) {
    const phys = formatAddress(pfn_to_phys(described), profile.pointerSize);
    const logical = world.space.virtOf(pfn_to_phys(described));
    const mapped =
      logical === undefined
        ? 'highmem: not in the direct map'
        : `mapped at ${formatAddress(logical, profile.pointerSize)}`;
    const which = named ? '' : ` of pfn 0x${described.toString(16)}`;
    return `[${title}${which}, physical ${phys}, ${mapped}]`;
  }
  const { symbol, phys, pfn, page } = layoutReport(world, { value: va, meant: 'virtual' });
  const facts = pfn === undefined ? undefined : pageFacts(image, states, pfn);
  const parts = [
    title,
    symbol,
    phys === undefined ? undefined : `physical ${phys}`,
    pfn === undefined ? undefined : `pfn 0x${pfn.toString(16)}`,
    page === undefined ? undefined : `page ${page}`,
    facts?.summary,
  ];
  return `[${parts.filter((part) => part !== undefined).join(', ')}]`;
}
