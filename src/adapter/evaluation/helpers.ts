/**
 * Helpers of watches and of the debug console that are not functions of C: `where(x)`, `walk(x)`. A function of the
 * scenario that has the name goes first.
 */
import { asVirt } from '../../engine/memory/address.js';
import {
  ADDRESS_KINDS,
  kindOf,
  pfnMeant,
  textOf,
  type AddressWorld,
  type Meant,
} from '../../engine/view/addressKind.js';
import { walkReport, type AskedAddress } from '../../engine/view/addressReport.js';
import { spaceFor } from '../../engine/view/surveyor.js';
import type { MachineContext } from '../present/context.js';
import { showWalk } from '../present/pageTables.js';
import type { Shown } from '../present/shown.js';
import { showPlaceOf, showWhere } from '../present/where.js';
import { errors } from '../protocol/errors.js';
import { askedAddress } from './askedAddress.js';
import type { Evaluator, Viewpoint } from './evaluator.js';

interface Helper {
  readonly signature: string;
  readonly run: (context: MachineContext, asked: AskedAddress, name: string) => Shown;
}

const NULL_POINTER = 'It is NULL: a pointer that leads nowhere.';

/** Small numbers are frame numbers here, for no kernel address is that small; small pointers are what they are. */
const meantHere = (world: AddressWorld, { value, meant, isPointer }: AskedAddress): Meant =>
  meant === 'virtual' && isPointer !== true && value >= 0 && value < world.maxPfn ? 'pfn' : meant;

export const HELPERS: Readonly<Record<string, Helper>> = {
  where: {
    signature: 'where(x): what the page of a struct page pointer, pfn or address is used for now',
    run: (context, asked, name) => {
      const { world } = context.surveyor;
      const { value, isPointer } = asked;
      if (isPointer === true && value === 0) throw errors.cannotEvaluate(NULL_POINTER);
      const taken = meantHere(world, asked);
      const pfn = pfnMeant(world, value, taken);
      const place = taken === 'virtual' ? showPlaceOf(context, name, asked, pfn) : undefined;
      if (place !== undefined) return place;
      const kind = kindOf(world, value, taken);
      if (kind === 'scenario' || kind === 'unplaced') {
        const { title, meaning } = ADDRESS_KINDS[kind];
        throw errors.cannotEvaluate(`${textOf(world, value, taken)} is ${title}. ${meaning}`);
      }
      if (pfn === undefined)
        throw errors.cannotEvaluate(`No page is mapped at ${textOf(world, value, taken)}.`);
      const within = taken === 'virtual' ? world.space.virtToPhysLinear(asVirt(value)) : undefined;
      return showWhere(context, name, pfn, within === undefined ? undefined : asVirt(value));
    },
  },
  walk: {
    signature: 'walk(va): the page-table entries that translate an address',
    run: (context, { value }, name) => {
      const { spaces, world } = context.surveyor;
      const va = asVirt(value);
      const space = spaceFor(spaces, world.space, va);
      const walk = space && spaces.walk(space, va);
      const report = walkReport(context.surveyor, va);
      if (space === undefined || walk === undefined || report === undefined)
        throw errors.cannotEvaluate(
          'This machine has no page tables; only linear addresses can be translated.',
        );
      return {
        name,
        value: `${report.space}: ${report.end}`,
        kind: 'virtual',
        readOnly: true,
        children: showWalk(context, space.paging, walk, report.end),
      };
    },
  },
};

/** The answer of a helper; undefined when the expression calls none. */
export function runHelper(
  context: MachineContext,
  evaluator: Evaluator,
  expression: string,
  at: Viewpoint,
): Shown | undefined {
  const call = /^\s*([a-z]+)\s*\(([\s\S]*)\)\s*;?\s*$/.exec(expression);
  const [, name = '', argument = ''] = call ?? [];
  const helper = Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  if (helper === undefined || isFunction(evaluator, name) || !balanced(argument)) return undefined;
  const asked = askedAddress(context.profile, evaluator, { expression: argument }, at);
  return helper.run(context, asked, expression);
}

const isFunction = (evaluator: Evaluator, name: string): boolean =>
  [...evaluator.names(name)].some((known) => known.name === name);

/** `where(a) + (b)` is not a call of where. */
function balanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth++;
    else if (character === ')' && --depth < 0) return false;
  }
  return depth === 0;
}
