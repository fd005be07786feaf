/** The scenario's functions by their addresses: what a pointer to a function points to. */
import { asVirt } from '../../engine/memory/address.js';
import type { CompiledFunction } from '../compile/program.js';
import type { Value } from '../semantics/arithmetic.js';
import { FUNCTION_STRIDE } from '../semantics/window.js';
import type { Machine } from './machine.js';
import { TaskBug } from './signals.js';

/** The scenario's function at an address, if there is one. */
export function findFunction({ program }: Machine, address: Value): CompiledFunction | undefined {
  const index = (Number(address) - program.window.functions) / FUNCTION_STRIDE;
  const found = program.functions[index];
  return found?.kind === 'function' && index < program.declaredFunctions.length ? found : undefined;
}

/** Its place among the program's functions, which is also that of its address. */
export const numberOf = ({ program }: Machine, callee: CompiledFunction): number =>
  program.functions.indexOf(callee);

/** The function at an address; an address without a function faults as a jump there would. */
export function functionAt(m: Machine, address: Value): CompiledFunction {
  const found = findFunction(m, address);
  if (found !== undefined) return found;
  if (m.image.mm.cell_of(asVirt(Number(address))) !== 0)
    throw new TaskBug('BUG: a kernel function cannot be called through a pointer: call it by name');
  throw m.memory.fault(Number(address), 'fetch');
}
