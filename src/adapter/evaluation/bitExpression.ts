/**
 * `(page->flags >> PG_locked & 1)`: how a single bit is written in C, which has no name for it. As an expression it is a
 * value; to a person setting or watching it, it is the bit.
 */
import { asVirt } from '../../engine/memory/address.js';
import type { Place } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { Evaluator, Viewpoint } from './evaluator.js';

const BIT = /^\s*\((?<object>.+) >> (?<bit>\w+) & 1\)\s*$/;

export const bitExpression = (object: string, bit: string | number): string =>
  `(${object} >> ${bit} & 1)`;

/** Whether an expression denotes a single bit. */
export const isBit = (expression: string): boolean => BIT.test(expression);

/** One bit of an object. */
export const bitPlace = ({ type, address, bitOffset }: Place, bit: number): Place => ({
  type,
  address: asVirt(address + ((bitOffset + bit) >> 3)),
  bitOffset: (bitOffset + bit) & 7,
  widthBits: 1,
});

/** The bit that an expression denotes; undefined when it is another expression. */
export function bitDenoted(
  evaluator: Evaluator,
  pointerSize: 4 | 8,
  expression: string,
  at: Viewpoint,
): Place | undefined {
  const { object, bit } = BIT.exec(expression)?.groups ?? {};
  if (object === undefined || bit === undefined) return undefined;
  const { place } = evaluator.evaluate(object, at);
  const number = Number(evaluator.evaluate(bit, at).value);
  if (place === undefined || place.widthBits !== 0) return undefined;
  const bare = stripTypedefs(place.type);
  const isThere = bare.kind === 'int' && number >= 0 && number < sizeOf(bare, pointerSize) * 8;
  return isThere ? bitPlace(place, number) : undefined;
}
