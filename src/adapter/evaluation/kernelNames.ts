/**
 * The locals of a kernel function as C values. The engine's kernel holds pointers as cells; their C types come from the
 * instrumenter's tables.
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asCell } from '../../engine/memory/address.js';
import { parseCType } from '../../engine/types/declaration.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import type { ExtraName } from './evaluator.js';

/** Those of a function's locals that C can say. */
export function kernelNames(
  mm: Kernel,
  functionId: number,
  locals: Readonly<Record<string, unknown>>,
): readonly ExtraName[] {
  const types = tables.functions[functionId]?.locals ?? {};
  return Object.entries(locals).flatMap(([name, value]) => {
    const type = typeOf(mm, types[name]);
    const scalar = type && scalarOf(mm, type, value);
    return type === undefined || scalar === undefined ? [] : [{ name, type, value: scalar }];
  });
}

/** Those that C could say at some place of a function; the values do not matter. */
export function possibleNames(mm: Kernel, functionId: number): readonly ExtraName[] {
  const locals = tables.functions[functionId]?.locals ?? {};
  return kernelNames(
    mm,
    functionId,
    Object.fromEntries(Object.keys(locals).map((name) => [name, 0])),
  );
}

function typeOf(mm: Kernel, spelled: string | undefined): CType | undefined {
  if (spelled === undefined) return undefined;
  const known = parseCType(spelled, mm.profile.types);
  if (known !== undefined) return known;
  // `fpi_t` is a typedef of a .c file that profiles need not carry.
  return /^\w+_t$/.test(spelled) ? mm.profile.types.base('int') : undefined;
}

function scalarOf(mm: Kernel, type: CType, value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  const bare = stripTypedefs(type);
  if (bare.kind === 'pointer') return value === 0 ? 0 : mm.va_of(asCell(value));
  if (bare.kind === 'int' && !bare.signed && bare.sizeBytes === 4) return value >>> 0;
  return bare.kind === 'int' || bare.kind === 'enum' ? value : undefined;
}
