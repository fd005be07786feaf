/** The custom request of "Go to" and of the linked selection (src/engine/view/locate.ts). */
import type { LocateArguments, LocateBody } from '../../engine/view/locate.js';
import { locateThing } from '../../engine/view/locateThing.js';
import { askedAddress } from '../evaluation/askedAddress.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const locateHandlers = (session: Session): Handlers<'mmscope/locate'> => ({
  'mmscope/locate'(args) {
    const { surveyor, image } = session.current.target.context;
    const { pfn } = args;
    if (pfn === undefined) return locateText(session, args);
    if (pfn < 0 || pfn >= image.maxPfn) throw errors.noSuchPage(pfn);
    return locateThing(surveyor, pfn, 'pfn');
  },
});

/** A small number is a frame number: nobody looks for the address of a byte in the first pages of user memory. */
function locateText(session: Session, args: LocateArguments): LocateBody {
  const { target } = session.current;
  const { surveyor, image } = target.context;
  const text = (args.address ?? args.text ?? '').trim();
  if (text === '') throw errors.badArguments("'mmscope/locate' needs 'text', 'pfn' or 'address'.");
  const [, named] = /^pfn[\s:=]+(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const number = named ?? (/^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? text : undefined);
  if (args.address === undefined && number !== undefined) {
    const pfn = Number(number);
    if (pfn < image.maxPfn) return locateThing(surveyor, pfn, 'pfn');
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
  return locateThing(surveyor, value, isPhysical ? 'physical' : meant);
}
