/**
 * What a name alone means that has no value in C: a kernel function, a struct. In a watch or in the console it is answered with its
 * declaration, and leads to where it is written.
 */
import { structText } from '../../engine/types/pahole.js';
import type { StructType } from '../../engine/types/model.js';
import { allBuiltins } from '../../scenario/index.js';
import { kernelFunctionsNamed, kernelPlace } from '../debuggee/kernelSources.js';
import type { MachineContext } from './context.js';
import type { Shown } from './shown.js';

export function showDeclaration(context: MachineContext, text: string): Shown | undefined {
  const name = text.trim().replace(/;$/, '');
  return /^[A-Za-z_]\w*$/.test(name) ? showFunction(name) : showStruct(context, name);
}

function showFunction(name: string): Shown | undefined {
  const [functionId] = kernelFunctionsNamed(name);
  const builtin = allBuiltins.find((each) => each.name === name);
  const place = functionId === undefined ? undefined : kernelPlace(functionId, 'c');
  if (place === undefined && builtin === undefined) return undefined;
  const where = place === undefined ? '' : `  [${place.file}:${place.startLine}]`;
  return {
    name,
    value: `${builtin?.signature ?? `${name}()`}${where}`,
    readOnly: true,
    ...(functionId !== undefined && { valueDeclaration: { kind: 'function', functionId } }),
  };
}

/** As pahole prints it. */
function showStruct({ profile }: MachineContext, name: string): Shown | undefined {
  const [, kind, tag = ''] = /^(struct|union)\s+(\w+)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const type: StructType | undefined =
    kind === 'struct' ? profile.types.struct(tag) : profile.types.union(tag);
  if (type?.complete !== true) return undefined;
  return {
    name,
    value: structText(type, profile.pointerSize).text.trimEnd(),
    readOnly: true,
    valueDeclaration: { kind: 'struct', type },
  };
}
