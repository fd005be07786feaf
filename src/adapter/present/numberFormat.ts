/** The words in which a client says how it wants integers written: launch attribute and request `numberFormat`. */
import type { NumberFormat } from '../../engine/types/format.js';
import { errors } from '../protocol/errors.js';

const FORMATS: readonly NumberFormat[] = ['auto', 'hex', 'decimal'];

/** @throws AdapterError for another word */
export function numberFormatOf(text: string | undefined): NumberFormat | undefined {
  if (text === undefined || text === '') return undefined;
  const format = FORMATS.find((each) => each === text);
  if (format === undefined)
    throw errors.badArguments(
      `'${text}' is not a format of numbers: write one of ${FORMATS.join(', ')}.`,
    );
  return format;
}
