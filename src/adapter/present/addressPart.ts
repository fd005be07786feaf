/**
 * What a hover says about a value that is an address, apart from the value itself: a child `[address]`, opened by its facts. A
 * frame number has a child `[page]`. Plain numbers have none.
 */
import {
  asPfn,
  asVirt,
  formatAddress,
  pfn_to_phys,
  phys_to_pfn,
} from '../../engine/memory/address.js';
import { toAddress, type ScalarValue } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import { inKernelHalf } from '../../engine/types/numberRole.js';
import { kindOf, pfnOfStructPage, type Meant } from '../../engine/view/addressKind.js';
import { addressReport, layoutReport, placeOf } from '../../engine/view/addressReport.js';
import { fileFacts } from '../../engine/view/rmapText.js';
import { spaceFor } from '../../engine/view/surveyor.js';
import { whereIs, type Whereabouts } from '../../engine/view/whereIs.js';
import { meantBy } from '../evaluation/askedAddress.js';
import type { MachineContext } from './context.js';
import { showWalk } from './pageTables.js';
import { fact, group, type Container, type Shown } from './shown.js';
import { showWhere } from './where.js';

/** @param shown the value as text: what it says already is not said again */
export function addressPart(
  context: MachineContext,
  expression: string,
  type: CType,
  value: ScalarValue,
  shown: string,
): Shown | undefined {
  const { profile, surveyor, origins } = context;
  const bare = stripTypedefs(type);
  const address = toAddress(
    value,
    bare.kind === 'int' && bare.sizeBytes === 8 ? 8 : profile.pointerSize,
  );
  if (address === undefined || address === 0) return undefined;
  if (bare.kind === 'pointer') return partOf(context, address, 'virtual', shown);
  if (bare.kind !== 'int' || bare.sizeBytes < 4) return undefined;
  const meant = meantBy(type, expression);
  if (meant === 'pfn')
    return address > 0 && address < surveyor.world.maxPfn
      ? showWhere(context, '[page]', address)
      : undefined;
  // On 32 bits, the literal of an address is an unsigned int.
  const isLiteral =
    /^0x[\da-f]{8,}u?l*$/i.test(expression) &&
    kindOf(surveyor.world, address, 'virtual') !== 'user';
  const isLocation = isLiteral || origins.of(expression).role === 'location';
  if (meant === 'virtual' && !isLocation && !inKernelHalf(profile, type, value)) return undefined;
  return partOf(context, address, meant, shown);
}

function partOf(context: MachineContext, value: number, meant: Meant, shown: string): Shown {
  const text =
    meant === 'virtual' ? virtualText(context, value, shown) : reportText(context, value, meant);
  return group('[address]', text, { named: () => factsOf(context, value, meant) });
}

/**
 * `object 3 of kmalloc-64, at 0xffff888001800180, allocated; kernel logical address, physical 0x1800180, ...`: what the kernel knows the
 * address as comes first, for a hover shows the beginning of a line.
 */
function reportText(context: MachineContext, value: number, meant: Meant): string {
  const { surveyor } = context;
  const { title, symbol, phys, page, pfn } = layoutReport(surveyor.world, { value, meant });
  const frame = pfn ?? (meant === 'virtual' ? frameBehind(context, value) : undefined);
  const within = meant === 'virtual' ? asVirt(value) : undefined;
  const where = frame === undefined ? undefined : whereIs(surveyor, asPfn(frame), within);
  const known = meant === 'virtual' ? knownAs(context, value, where) : undefined;
  const text = [
    withoutArticle(title),
    symbol,
    phys === undefined || meant === 'physical' ? undefined : `physical ${phys}`,
    frame === undefined ? undefined : `pfn 0x${frame.toString(16)}`,
    page === undefined ? undefined : `page ${page}`,
    where?.page?.summary,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  return known === undefined ? text : `${known}; ${text}`;
}

/** The frame that the tables lead to, of an address that arithmetic does not lead to one. */
function frameBehind({ surveyor }: MachineContext, value: number): number | undefined {
  const { spaces, world } = surveyor;
  const space = spaceFor(spaces, world.space, asVirt(value));
  const phys = space && spaces.walk(space, asVirt(value))?.page?.phys;
  return phys === undefined ? undefined : phys_to_pfn(phys);
}

/** An object of a cache, an area, a slot of kmap(), a page of a file. */
function knownAs(
  { surveyor }: MachineContext,
  value: number,
  where: Whereabouts | undefined,
): string | undefined {
  const told = (name: string): string | undefined =>
    where?.facts.find((each) => each.name === name)?.value;
  const object = told('object');
  if (object !== undefined) {
    const [index = '', ...rest] = object.split(' ');
    return `object ${index} of ${told('slab')?.split(':')[0] ?? '?'}, ${rest.join(' ')}`;
  }
  const [place] = placeOf(surveyor, { value, meant: 'virtual' });
  return place === undefined ? told('file') : `${place.name}: ${place.value}`;
}

function virtualText(context: MachineContext, value: number, shown: string): string {
  const { profile, peek, surveyor } = context;
  const { world } = surveyor;
  const described = pfnOfStructPage(world, asVirt(value));
  if (described === undefined || !peek.exists(described))
    return reportText(context, value, 'virtual');
  const physical = pfn_to_phys(described);
  const logical = world.space.virtOf(physical);
  const [file] = fileFacts(surveyor.image, { pfn: asPfn(described), kind: 'pageCache' });
  return [
    `${file === undefined ? '' : `${file.value}; `}address of a struct page${shown.includes('pfn 0x') ? '' : ` of pfn 0x${described.toString(16)}`}`,
    `physical ${formatAddress(physical, profile.pointerSize)}`,
    logical === undefined
      ? 'highmem: not in the direct map'
      : `mapped at ${formatAddress(logical, profile.pointerSize)}`,
  ].join(', ');
}

function factsOf(context: MachineContext, value: number, meant: Meant): readonly Shown[] {
  const { surveyor } = context;
  const report = addressReport(surveyor, { value, meant });
  const ofWhere = (wanted: string): string | undefined =>
    report.place?.some(({ name }) => name === wanted) === true
      ? undefined
      : report.where?.facts.find(({ name }) => name === wanted)?.value;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['kind', withoutArticle(report.title)],
    ['meaning', report.meaning],
    ['symbol', report.symbol],
    ['area', report.area],
    ['physical', report.phys],
    ['pfn', report.pfn === undefined ? undefined : `0x${report.pfn.toString(16)}`],
    ['struct page', report.page],
    ['logical', report.logical],
    ['now', report.where?.sentence],
    ['allocated', ofWhere('allocated')],
    ['freed', ofWhere('freed')],
  ];
  const walk = meant === 'virtual' ? walkPart(context, value, report.walk?.end) : undefined;
  return [
    ...rows.flatMap(([name, text]) => (text === undefined ? [] : [fact(name, text)])),
    ...(report.place ?? []).map(({ name, value: text }) => fact(name, text)),
    ...report.verdicts.map(({ expression, value: result, right, sentence }) =>
      fact(expression, right ? result : `${result}: wrong. ${sentence}`),
    ),
    ...(walk === undefined ? [] : [group('walk', report.walk?.end ?? '', walk)]),
  ];
}

function walkPart(
  context: MachineContext,
  value: number,
  end: string | undefined,
): Container | undefined {
  const { spaces, world } = context.surveyor;
  const space = spaceFor(spaces, world.space, asVirt(value));
  const walk = space && spaces.walk(space, asVirt(value));
  return space === undefined || walk === undefined
    ? undefined
    : showWalk(context, space.paging, walk, end ?? '');
}

const withoutArticle = (title: string): string => title.replace(/^(?:an?|the) /, '');
