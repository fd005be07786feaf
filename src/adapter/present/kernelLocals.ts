/**
 * Locals of a kernel function, which are in no memory: scalars, and structures that the engine keeps as objects, such as the struct vm_fault
 * that the handlers of a fault pass on. A structure is a row that opens to its members; these are not set.
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { ExtraName } from '../evaluation/evaluator.js';
import { memberParts } from '../evaluation/memberNames.js';
import { group, type Format, type Shown } from './shown.js';
import { showValue, type ValueContext } from './typedValue.js';

/** Of what a structure's row says. */
const MOST_CHARACTERS = 120;

interface OfFunction {
  readonly functionId: number;
  /** Of the active functions, 0 is the innermost. */
  readonly index: number;
}

/** @param names in the order of the function's locals, the members of a structure in a row */
export function showKernelLocals(
  context: ValueContext,
  { functionId, index }: OfFunction,
  names: readonly ExtraName[],
  format: Format,
): readonly Shown[] {
  const declaration = { kind: 'function', functionId } as const;
  const rows = new Map<string, Shown[]>();
  const shown: (Shown | string)[] = [];
  for (const { name, type, value } of names) {
    const [owner, member = name] = memberParts(name) ?? [];
    const row = showValue(context, member, type, value, name, format);
    if (owner === undefined) shown.push({ ...row, declaration, kernelLocal: { index, type } });
    else {
      const members = rows.get(owner);
      if (members === undefined) shown.push(owner);
      rows.set(owner, [...(members ?? []), { ...row, readOnly: true }]);
    }
  }
  const types = tables.functions[functionId]?.locals ?? {};
  return shown.map((row) => {
    if (typeof row !== 'string') return row;
    const members = rows.get(row) ?? [];
    return {
      ...group(row, summary(members), { named: () => members }),
      type: types[row] ?? '',
      declaration,
    };
  });
}

function summary(members: readonly Shown[]): string {
  const text = members.map(({ name, value }) => `${name} = ${value}`).join(', ');
  return `{${text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text}}`;
}
