/**
 * `main::page`: the scenario's own variable, also where a local of a kernel function or of the scenario's functions hides the name. As
 * gdb writes `function::variable`; C has no form for it.
 */
import { formatAddress } from '../../engine/memory/address.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';
import { typeName } from '../../engine/types/typeName.js';
import { errors } from '../protocol/errors.js';

export const QUALIFIER = 'main::';
const QUALIFIED = /"(?:[^"\\]|\\.)*"|\bmain::([A-Za-z_]\w*)/g;

export const qualified = (name: string): string => `${QUALIFIER}${name}`;

interface Global {
  readonly name: string;
  readonly type: CType;
  readonly address: number;
}

/** The expression with addresses in place of qualified names, as the scenario's compiler reads it. */
export function withoutQualifiers(
  expression: string,
  globals: () => readonly Global[],
  profile: Profile,
): string {
  if (!expression.includes(QUALIFIER)) return expression;
  const known = globals();
  return expression.replace(QUALIFIED, (whole, name: string | undefined) => {
    if (name === undefined) return whole;
    const found = known.find((global) => global.name === name);
    if (found === undefined)
      throw errors.cannotEvaluate(
        `The scenario has no variable '${name}' outside of its functions.`,
      );
    const pointer = typeName({ kind: 'pointer', target: found.type });
    return `(*(${pointer})${formatAddress(found.address, profile.pointerSize)})`;
  });
}
