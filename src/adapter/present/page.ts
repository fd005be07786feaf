/**
 * `struct page` as a page: flags by name, each a bit that can be watched and set, the fields that its use gives a meaning,
 * where it is; all members as the struct has them last.
 *
 * Source: Linux 6.1 include/linux/mm_types.h, include/linux/page-flags.h.
 */
import { memberPlace, placeAt, readScalar, type Place } from '../../engine/types/access.js';
import { pageFlagBits, pageFlagNames } from '../../engine/types/flagText.js';
import { formatScalar } from '../../engine/types/format.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { findMember } from '../../engine/types/members.js';
import { pageFacts, type PageFacts } from '../../engine/view/pageFacts.js';
import { pageFields } from '../../engine/view/pageFields.js';
import { bitExpression, bitPlace } from '../evaluation/bitExpression.js';
import type { MachineContext } from './context.js';
import { fact, group, type Container, type Format, type Shown } from './shown.js';
import { showWhereOfPage } from './where.js';
import { membersOf, showMember, showPlace, type Special, type SpecialPlace } from './typedValue.js';
import { typeName } from '../../engine/types/typeName.js';

export function pageSpecial(context: MachineContext): Special {
  return (place, expression) => {
    const pfn = context.peek.pfnOf(place.address);
    // A copy of a struct page that is not in mem_map: only its members mean something.
    if (pfn === undefined || context.peek.addressOf(pfn) !== place.address) return undefined;
    const facts = pageFacts(context.image, context.states, pfn);
    if (facts === undefined) return undefined;
    return {
      value: `pfn 0x${pfn.toString(16)}: ${facts.summary}`,
      children: { named: (format) => pageChildren(context, place, expression, facts, format) },
      menu: 'mmscopePage',
    };
  };
}

/** The page of a pfn, as an element of mem_map. */
export function showPage(
  context: MachineContext,
  name: string,
  pfn: number,
  format: Format,
): Shown {
  const { image, peek } = context;
  if (!peek.exists(pfn)) return fact(name, 'no struct page');
  const type = image.profile.types.struct('page');
  if (type === undefined) return fact(name, 'the profile has no struct page');
  const place = placeAt(peek.addressOf(pfn), type);
  return showPlace(context, name, place, `(*pfn_to_page(0x${pfn.toString(16)}))`, format);
}

function pageChildren(
  context: MachineContext,
  place: Place,
  expression: string,
  facts: PageFacts,
  format: Format,
): readonly Shown[] {
  const member = (path: string): Shown | undefined => {
    const inner = memberPlace(place, path);
    return inner && showMember(context, place.type, path, inner, expression, format);
  };
  const known = [
    ...pageFields(facts).map((name) =>
      member(
        name === 'compound_head' && context.image.mm.encoding.first_page ? 'first_page' : name,
      ),
    ),
    ...compoundFact(facts),
    fact('pfn', `0x${facts.pfn.toString(16)}`),
    fact('order', `${facts.order}`),
    fact('zone', facts.zone),
    fact('migratetype', facts.migratetype ?? 'none'),
    showWhereOfPage(context, facts.pfn),
  ].filter((child) => child !== undefined);
  const all = membersOf(context, place, expression);
  return all === undefined ? known : [...known, group('struct page', 'all members', all)];
}

function compoundFact(facts: PageFacts): readonly Shown[] {
  switch (facts.compound) {
    case 'no':
      return [];
    case 'head':
      return [fact('compound', `head, order ${facts.order}`)];
    case 'tail':
      return [
        fact(
          'compound',
          `tail ${facts.pfn - facts.headPfn} of pfn 0x${facts.headPfn.toString(16)}`,
        ),
      ];
  }
}

/** `flags` of a struct page in mem_map, wherever it is met: names of bits, and the bits as children. */
export function pageFlagsSpecial(context: MachineContext): SpecialPlace {
  const { profile, memory, peek } = context;
  const struct = profile.types.struct('page');
  const member = struct && findMember(struct, 'flags');
  return (place, expression, { numbers, names }) => {
    const pfn = member === undefined ? undefined : peek.pfnOf(place.address);
    if (pfn === undefined || member === undefined || place.widthBits !== 0) return undefined;
    const isFlags =
      place.address - peek.addressOf(pfn) === member.offsetBits / 8 &&
      sizeOf(place.type, profile.pointerSize) === sizeOf(member.type, profile.pointerSize);
    const value = isFlags ? readScalar(memory, place) : undefined;
    if (value === undefined) return undefined;
    const number = formatScalar(profile, place.type, value, { name: 'flags', numbers });
    return {
      value: names ? `${number} (${pageFlagNames(profile, value)})` : number,
      children: flagChildren(context, place, expression),
    };
  };
}

function flagChildren(context: MachineContext, flags: Place, expression: string): Container {
  const { profile, memory } = context;
  return {
    named: () =>
      pageFlagBits(profile).map(({ name, bit }) => {
        const place = bitPlace(flags, bit);
        return {
          name: `PG_${name}`,
          value: `${readScalar(memory, place) ?? '?'}`,
          type: typeName(stripTypedefs(flags.type)),
          evaluateName: bitExpression(expression, `PG_${name}`),
          place,
          kind: 'property' as const,
        };
      }),
  };
}
