/** The custom request of hovers and of "Where Is This Page?" (src/engine/view/address.ts). */
import { addressMarkdown } from '../../engine/view/addressMarkdown.js';
import { addressReport } from '../../engine/view/addressReport.js';
import { askedAddress } from '../evaluation/askedAddress.js';
import { dumpAddressReport } from '../dump/address.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';
import { viewpointOf } from './viewpoint.js';

export const addressHandlers = (session: Session): Handlers<'mmscope/address'> => ({
  'mmscope/address'(args) {
    const { target } = session.current;
    const at = viewpointOf(session, args.frameId);
    const { dumped } = target.image;
    if (dumped !== undefined) {
      const report = dumpAddressReport(target, dumped, args.expression);
      return { report, markdown: addressMarkdown(report) };
    }
    const asked = askedAddress(target.image.profile, target.evaluator, args, at);
    const report = addressReport(target.context.surveyor, asked);
    return { report, markdown: addressMarkdown(report) };
  },
});
