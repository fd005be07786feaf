/**
 * The custom request `mmscope/numberFormat`: hexadecimal, decimal, or as kernel developers read them. The client is told to
 * ask again for what it shows. Without `format` it only answers which one holds.
 */
import { numberFormatOf } from '../present/numberFormat.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const numberFormatHandlers = (session: Session): Handlers<'mmscope/numberFormat'> => ({
  'mmscope/numberFormat'(args, { afterResponse }) {
    const format = numberFormatOf(args?.format);
    const before = session.numberFormat ?? 'auto';
    if (format !== undefined) session.numberFormat = format;
    const now = session.numberFormat ?? 'auto';
    if (now !== before && session.traits?.supportsInvalidatedEvent === true)
      afterResponse(() =>
        session.connection.event('invalidated', { areas: ['variables', 'stacks'] }),
      );
    return { format: now };
  },
});
