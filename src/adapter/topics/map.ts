/** The custom requests of the map (src/engine/view/map.ts), and the tape's clock. */
import { formatAddress, asPfn, pfn_to_phys } from '../../engine/memory/address.js';
import { memberPlace, placeAt } from '../../engine/types/access.js';
import { pageFlagBits } from '../../engine/types/flagText.js';
import { typeName } from '../../engine/types/typeName.js';
import { holderFacts } from '../../engine/view/holderFacts.js';
import { pageFacts, type PageFacts } from '../../engine/view/pageFacts.js';
import { pageFields } from '../../engine/view/pageFields.js';
import { verdictLines, verdictSentence } from '../../engine/verdict/text.js';
import {
  MAX_CELLS,
  type FrameBody,
  type FrameField,
  type VerdictBody,
} from '../../engine/view/map.js';
import { populatedZones } from '../../engine/view/zones.js';
import { dumpFrame, dumpMap } from '../dump/frame.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';
import type { MachineContext } from '../present/context.js';
import { formatOf, type Format } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';
import type { Session } from '../session.js';
import type { Target } from '../debuggee/target.js';
import type { Handlers } from './table.js';

export const mapHandlers = (
  session: Session,
): Handlers<
  'mmscope/map' | 'mmscope/frame' | 'mmscope/verdict' | 'mmscope/clock' | 'mmscope/hash'
> => ({
  'mmscope/map'({ firstPfn, framesPerCell, cells }) {
    const { context, image } = session.current.target;
    const isPowerOfTwo = Number.isInteger(Math.log2(framesPerCell));
    if (!isPowerOfTwo || firstPfn < 0 || firstPfn % framesPerCell !== 0)
      throw errors.badArguments(
        "'framesPerCell' must be a power of two, and 'firstPfn' a multiple of it.",
      );
    if (cells < 0 || cells > MAX_CELLS)
      throw errors.badArguments(`'cells' must be at most ${MAX_CELLS}.`);
    if (image.dumped !== undefined) return dumpMap(image.dumped, firstPfn, framesPerCell, cells);
    const states = context.states.cells(firstPfn, framesPerCell, cells);
    const zones = populatedZones(image).map(({ name, startPfn, endPfn }) => ({
      name,
      startPfn,
      endPfn,
    }));
    return {
      maxPfn: image.maxPfn,
      zones,
      states: toBase64(states),
      machine: {
        arch: image.profile.arch,
        source: image.source,
        pageblockOrder: image.mm.pageblock_order,
        flags: pageFlagBits(image.profile).map(({ name }) => `PG_${name}`),
      },
      // Everything has been looked at for the overview anyway.
      ...(states.length * framesPerCell >= image.maxPfn && { totals: context.states.totals() }),
    };
  },

  'mmscope/frame'({ pfn }) {
    const { dumped } = session.current.target.image;
    if (dumped !== undefined) return dumpFrame(dumped, Math.trunc(pfn));
    const format = formatOf(undefined, session.numberFormat);
    return frameBody(session.current.target.context, Math.trunc(pfn), format);
  },

  'mmscope/verdict'() {
    return verdictBody(session.current.target);
  },

  'mmscope/clock'() {
    const { tape } = session.current.target.image;
    return { now: tape.cursor, start: tape.start, end: tape.end };
  },

  'mmscope/hash'() {
    const { tape } = session.current.target.image;
    return { hash: tape.hash(), position: tape.cursor };
  },
});

function verdictBody({ image, attempts }: Target): VerdictBody {
  const attempt = attempts.last()?.attempt;
  if (attempt === undefined) return { lines: [], failed: false };
  const { outcome } = attempt;
  return {
    sentence: verdictSentence(image.mm, attempt),
    lines: verdictLines(image.mm, attempt),
    failed: outcome.kind === 'failed',
    ...(outcome.kind === 'page' && { pfn: outcome.pfn }),
  };
}

function frameBody(context: MachineContext, pfn: number, format: Format): FrameBody {
  const { image, profile, states, peek } = context;
  const { pointerSize } = profile;
  if (pfn < 0 || pfn >= image.maxPfn) throw errors.noSuchPage(pfn);
  const physical = pfn_to_phys(asPfn(pfn));
  const phys = `0x${physical.toString(16).padStart(8, '0')}`;
  const inMap = pfn < image.mm.linear.directMapEndFrame;
  const virt = formatAddress(image.mm.linear.pageOffset + physical, pointerSize);
  const bare = {
    pfn,
    state: states.stateOf(pfn),
    phys,
    ...(inMap && { virt }),
    memoryReference: inMap ? virt : `phys:${phys}`,
  };
  const facts = pageFacts(image, states, pfn);
  if (facts === undefined) return { ...bare, flags: [], fields: [], summary: 'no struct page' };
  return {
    ...bare,
    page: formatAddress(peek.addressOf(pfn), pointerSize),
    zone: facts.zone,
    ...(facts.migratetype !== undefined && { migratetype: facts.migratetype }),
    flags: facts.flags,
    summary: facts.summary,
    fields: fieldsOf(context, facts, format),
    expression: `*pfn_to_page(0x${pfn.toString(16)})`,
    holders: holderFacts(context.surveyor, facts),
  };
}

/** The members that the page's use gives a meaning, as the variables have them. */
function fieldsOf(context: MachineContext, facts: PageFacts, format: Format): FrameField[] {
  const { profile, peek } = context;
  const type = profile.types.struct('page');
  if (type === undefined) return [];
  const page = placeAt(peek.addressOf(facts.pfn), type);
  return pageFields(facts).flatMap((name) => {
    const place = memberPlace(page, name);
    if (place === undefined) return [];
    const { value } = showPlace(context, name, place, `page->${name}`, format);
    return [{ name, value, type: typeName(place.type) }];
  });
}
