/** The custom request of "Go to" and of the linked selection (src/engine/view/locate.ts). */
import type { LocateArguments, LocateBody } from '../../engine/view/locate.js';
import type { Meant } from '../../engine/view/addressKind.js';
import { dumpLocate } from '../../engine/view/dumpLocate.js';
import { locateThing } from '../../engine/view/locateThing.js';
import { askedAddress } from '../evaluation/askedAddress.js';
import type { MachineContext } from '../present/context.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const locateHandlers = (session: Session): Handlers<'mmscope/locate'> => ({
  'mmscope/locate'(args) {
    const { context } = session.current.target;
    const { pfn } = args;
    if (pfn === undefined) return locateText(session, args);
    if (pfn < 0 || pfn >= context.image.maxPfn) throw errors.noSuchPage(pfn);
    return located(context, pfn, 'pfn');
  },
});

function located(context: MachineContext, value: number, meant: Meant): LocateBody {
  const { dumped } = context.image;
  if (dumped !== undefined) return dumpLocate(context.atlas, dumped, value, meant);
  return locateThing(context.surveyor, value, meant);
}

/** A small number is a frame number: nobody looks for the address of a byte in the first pages of user memory. */
function locateText(session: Session, args: LocateArguments): LocateBody {
  const { target } = session.current;
  const { context } = target;
  const { image } = context;
  const text = (args.address ?? args.text ?? '').trim();
  if (text === '') throw errors.badArguments("'mmscope/locate' needs 'text', 'pfn' or 'address'.");
  const [, named] = /^pfn[\s:=]+(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const number = named ?? (/^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? text : undefined);
  if (args.address === undefined && number !== undefined) {
    const pfn = Number(number);
    if (pfn < image.maxPfn) return located(context, pfn, 'pfn');
    if (named !== undefined) throw errors.noSuchPage(pfn);
  }
  const at = viewpointOf(session, args.frameId);
  const asked = askedAddress(image.profile, target.evaluator, { expression: text }, at);
  const { value, meant } = asked;
  const isPhysical =
    meant === 'virtual' &&
    args.address === undefined &&
    number !== undefined &&
    image.profile.pointerSize === 8 &&
    value >= 0 &&
    value < image.maxPfn * 4096;
  return located(context, value, isPhysical ? 'physical' : meant);
}
