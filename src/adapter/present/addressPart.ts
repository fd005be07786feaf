/**
 * What a hover says about a value that is an address, apart from the value itself: a child `[address]`, opened by its facts. A
 * frame number has a child `[page]`. Plain numbers have none.
 */
import { asVirt, formatAddress, pfn_to_phys } from '../../engine/memory/address.js';
import { toAddress, type ScalarValue } from '../../engine/types/access.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import { inKernelHalf } from '../../engine/types/numberRole.js';
import { kindOf, pfnOfStructPage, type Meant } from '../../engine/view/addressKind.js';
import { addressReport, layoutReport } from '../../engine/view/addressReport.js';
import { pageFacts } from '../../engine/view/pageFacts.js';
import { spaceFor } from '../../engine/view/surveyor.js';
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

/** `kernel logical address, physical 0x1800000, pfn 0x1800, page 0xffffea0000060000, allocated page ...` */
function reportText(context: MachineContext, value: number, meant: Meant): string {
  const { image, states, surveyor } = context;
  const { title, symbol, phys, pfn, page } = layoutReport(surveyor.world, { value, meant });
  const facts = pfn === undefined ? undefined : pageFacts(image, states, pfn);
  return [
    withoutArticle(title),
    symbol,
    phys === undefined || meant === 'physical' ? undefined : `physical ${phys}`,
    pfn === undefined ? undefined : `pfn 0x${pfn.toString(16)}`,
    page === undefined ? undefined : `page ${page}`,
    facts?.summary,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function virtualText(context: MachineContext, value: number, shown: string): string {
  const { profile, peek, surveyor } = context;
  const { world } = surveyor;
  const described = pfnOfStructPage(world, asVirt(value));
  if (described === undefined || !peek.exists(described))
    return reportText(context, value, 'virtual');
  const physical = pfn_to_phys(described);
  const logical = world.space.virtOf(physical);
  return [
    `address of a struct page${shown.includes('pfn 0x') ? '' : ` of pfn 0x${described.toString(16)}`}`,
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
