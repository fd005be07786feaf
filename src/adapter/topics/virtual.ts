/** The custom requests of the views of virtual memory and of page walks (src/engine/view/atlas/). */
import { asVirt, parseAddress, type VirtAddr } from '../../engine/memory/address.js';
import { aliasesBody } from '../../engine/view/atlas/aliases.js';
import type { StepBody, WalkBody } from '../../engine/view/atlas/pageWalk.js';
import { MAX_PAGE_CELLS, MAX_PARTS, type PagesBody } from '../../engine/view/atlas/virtual.js';
import { pageCells } from '../../engine/view/atlas/virtualPages.js';
import { partsBody } from '../../engine/view/atlas/virtualParts.js';
import { placedRegions, virtualBody } from '../../engine/view/atlas/virtualRegions.js';
import { faultAddress, walkModel } from '../../engine/view/atlas/walkModel.js';
import type { StepPicture } from '../../engine/view/atlas/walkPicture.js';
import type { Space } from '../../engine/view/addressSpaces.js';
import { inspected } from '../../engine/x86/tableMemory.js';
import { askedAddress } from '../evaluation/askedAddress.js';
import { bitExpression } from '../evaluation/bitExpression.js';
import type { MachineContext } from '../present/context.js';
import { entryObject } from '../present/pageTableEntry.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { atTime } from './atTime.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const virtualHandlers = (
  session: Session,
): Handlers<
  | 'mmscope/virtual'
  | 'mmscope/virtualParts'
  | 'mmscope/virtualPages'
  | 'mmscope/aliases'
  | 'mmscope/walk'
> => ({
  'mmscope/virtual'(args = {}) {
    const { context } = session.current.target;
    return atTime(session, args, () => virtualBody(context.atlas, spaceNamed(context, args.space)));
  },

  'mmscope/virtualParts'(args) {
    const { context } = session.current.target;
    const { region: id, start, count } = args;
    atMost('count', count, MAX_PARTS);
    const holding = args.holding === undefined ? undefined : addressOf(context, args.holding);
    return atTime(session, args, () => {
      const space = spaceNamed(context, args.space);
      const region = placedRegions(context.atlas, space).find((each) => each.id === id);
      if (region === undefined) throw errors.badArguments(`There is no region '${id}'.`);
      return partsBody(context.atlas, space, region, start, count, holding);
    });
  },

  'mmscope/virtualPages'(args) {
    const { context } = session.current.target;
    const { first, pagesPerCell, cells } = args;
    const va = addressOf(context, first);
    atMost('cells', cells, MAX_PAGE_CELLS);
    if (pagesPerCell < 1 || !Number.isInteger(Math.log2(pagesPerCell)))
      throw errors.badArguments("'pagesPerCell' must be a power of two.");
    return atTime(session, args, () =>
      pagesBody(context, spaceNamed(context, args.space), va, pagesPerCell, cells),
    );
  },

  'mmscope/aliases'({ pfn }) {
    const { atlas, image } = session.current.target.context;
    if (pfn < 0 || pfn >= image.maxPfn) throw errors.noSuchPage(pfn);
    return aliasesBody(atlas, pfn);
  },

  'mmscope/walk'(args = {}) {
    const { expression, frameId, space: name, access, user } = args;
    const { target } = session.current;
    const { context } = target;
    const { atlas } = context;
    const at = viewpointOf(session, frameId);
    const va =
      expression === undefined
        ? faultAddress(atlas)
        : askedAddress(target.image.profile, target.evaluator, { expression }, at).value;
    if (va === undefined)
      throw errors.badArguments(
        "No access has faulted so far: say which address, as 'expression'.",
      );
    const asked = access && { kind: access, user: user ?? false };
    return atTime(session, args, () => {
      const space = name === undefined ? undefined : spaceNamed(context, name);
      const model = walkModel(atlas, asVirt(va), space, asked);
      if (model === undefined)
        throw errors.cannotEvaluate('This machine was recorded without its page tables.');
      const { body, fields, steps, page, fault } = model;
      return {
        ...body,
        fields,
        steps: steps.map((step) => stepBody(context, step)),
        ...(page && { page }),
        ...(fault && { fault }),
      } satisfies WalkBody;
    });
  },
});

function atMost(name: string, count: number, most: number): void {
  if (count > most) throw errors.badArguments(`'${name}' must be at most ${most}.`);
}

/** @throws AdapterError when there is none of that name */
function spaceNamed({ atlas: { spaces } }: MachineContext, name?: string): Space | undefined {
  if (name === undefined) return spaces.current ?? spaces.kernel;
  const found = spaces.all().find((space) => space.name === name);
  if (found === undefined) throw errors.badArguments(`There is no address space '${name}'.`);
  return found;
}

function addressOf({ profile }: MachineContext, text: string): VirtAddr {
  const va = parseAddress(text, profile.pointerSize);
  if (va === undefined) throw errors.badAddress(text);
  return va;
}

function pagesBody(
  { image }: MachineContext,
  space: Space | undefined,
  first: VirtAddr,
  pagesPerCell: number,
  cells: number,
): PagesBody {
  if (space === undefined) return { states: '' };
  const memory = inspected(image.memory);
  const found = pageCells(space.paging, memory, first, pagesPerCell, cells);
  const states = toBase64(found.states);
  if (found.pfns !== undefined) return { states, pfns: [...found.pfns] };
  const shares = Uint8Array.from(found.mapped, (pages) => shareOf(pages, pagesPerCell));
  return { states, shares: toBase64(shares) };
}

/** Some is never none, and not all is never all. */
function shareOf(pages: number, all: number): number {
  if (pages === 0 || pages >= all) return pages === 0 ? 0 : 255;
  return Math.min(254, Math.max(1, Math.round((pages / all) * 255)));
}

/** An entry and its bits are objects that can be set and watched, where the build has a type for it. */
function stepBody(context: MachineContext, picture: StepPicture): StepBody {
  const { step, entries, ...body } = picture;
  const object = entryObject(context, step.level, step.entryPhys);
  if (object === undefined) return { ...body, entries: toBase64(entries) };
  const { expression } = object;
  return {
    ...body,
    entries: toBase64(entries),
    bits: body.bits.map((bit) => ({ ...bit, expression: bitExpression(expression, bit.bit) })),
    expression,
  };
}
