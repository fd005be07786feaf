/**
 * What stands for something that could not be made sense of. It has been reported where it was found; everything is allowed
 * of it, silently.
 */
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType, StructType } from '../../engine/types/model.js';
import { constant } from './fold.js';
import type { Term } from './ir.js';

export const errorType: StructType = {
  kind: 'struct',
  name: '<error>',
  sizeBytes: 4,
  complete: true,
  members: [],
};

export const errorTerm: Term = constant(errorType, 0);

/** Whether the type could not be worked out, or is made of one that could not. */
export function isError(type: CType): boolean {
  const bare = stripTypedefs(type);
  if (bare.kind === 'pointer') return isError(bare.target);
  if (bare.kind === 'array') return isError(bare.element);
  return bare === errorType;
}
