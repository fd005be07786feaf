/** Where a page is now, as a tree: the sentence, and below it each fact. In the variables of a page, and as `where(x)`. */
import { asPfn, asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { kindOf, type AddressKind } from '../../engine/view/addressKind.js';
import { placeOf, type AskedAddress } from '../../engine/view/addressReport.js';
import { formatPointer } from '../../engine/types/format.js';
import type { Surveyor, WhereFact, Whereabouts } from '../../engine/view/whereIs.js';
import { whereIs } from '../../engine/view/whereIs.js';
import type { MachineContext } from './context.js';
import { fact, type Container, type Shown } from './shown.js';

export function showWhere(
  { surveyor }: MachineContext,
  name: string,
  pfn: number,
  within?: VirtAddr,
): Shown {
  const found = whereIs(surveyor, asPfn(pfn), within);
  return {
    name,
    value: `${found.sentence}${allocatedText(found)}`,
    kind: 'virtual',
    readOnly: true,
    children: factsOf(found),
  };
}

/** `; allocated at line 9 by kmalloc()` */
function allocatedText({ facts }: Pick<Whereabouts, 'facts'>): string {
  const by = facts.find(({ name }) => name === 'allocated');
  return by === undefined ? '' : `; allocated ${by.value}`;
}

/** `symbol: mem_map`, `symbol: contig_page_data+0x40` */
function symbolFact({ world }: Surveyor, value: number): WhereFact[] {
  const symbol = /<(.*)>$/.exec(formatPointer(world.profile, asVirt(value)))?.[1];
  return symbol === undefined ? [] : [{ name: 'symbol', value: symbol }];
}

/** What is said where no page can be told of. */
const NO_PAGE: Readonly<Partial<Record<AddressKind, string>>> = {
  // Of the copies that a per-CPU pointer stands for each has its own.
  user: 'a per-CPU pointer, not an address',
  unplaced: 'which page that is the recording does not tell',
};

/** `vmalloc area: ...`, `allocated at line 8 by vmalloc()` */
const factText = ({ name, value }: WhereFact): string =>
  name === 'allocated' ? `${name} ${value}` : `${name}: ${value}`;

/** An address by what it belongs to, whether a page is mapped there or not; undefined where nothing is known of it. */
export function showPlaceOf(
  { surveyor }: MachineContext,
  name: string,
  asked: AskedAddress,
  pfn: number | undefined,
): Shown | undefined {
  const symbol = symbolFact(surveyor, asked.value);
  const place = [...symbol, ...placeOf(surveyor, asked)];
  if (place.length === 0) return undefined;
  const found = pfn === undefined ? undefined : whereIs(surveyor, asPfn(pfn));
  const told = place.map(factText);
  const page =
    found?.sentence ??
    NO_PAGE[kindOf(surveyor.world, asked.value, 'virtual')] ??
    'no page is mapped there';
  return {
    name,
    value: [...told, page].join('; '),
    kind: 'virtual',
    readOnly: true,
    children: factsOf({ facts: [...place, ...(found?.facts ?? [])] }),
  };
}

/** Below a page that says its state already: the list, the slab or the address that it is found by. */
export function showWhereOfPage({ surveyor }: MachineContext, pfn: number): Shown {
  const found = whereIs(surveyor, asPfn(pfn));
  const told = ['list', 'slab', 'page table', 'compound page', 'mapped at', 'references'];
  const first = told
    .map((name) => found.facts.find((each) => each.name === name))
    .find((each) => each !== undefined);
  return {
    name: 'where',
    value: first === undefined ? found.sentence : `${first.name}: ${first.value}`,
    kind: 'virtual',
    readOnly: true,
    children: factsOf(found),
  };
}

/** Names are what clients tell rows apart by: the second of a kind gets a number. */
const factsOf = ({ facts }: Pick<Whereabouts, 'facts'>): Container => ({
  named: () => {
    const seen = new Map<string, number>();
    return facts.map(({ name, value }) => {
      const nr = (seen.get(name) ?? 0) + 1;
      seen.set(name, nr);
      return fact(nr === 1 ? name : `${name} ${nr}`, value);
    });
  },
});
