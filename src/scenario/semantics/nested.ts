/**
 * Functions inside of functions: how one reaches the variables of those around it.
 *
 * A frame of such a function begins with the address of the frame of the function around it, which its caller passes; so a chain leads
 * from each to all around it. gcc does the same with a register, and makes a trampoline on the stack for a pointer to such a function;
 * here no pointer to one that uses variables of the others can be had.
 *
 * Source: gcc manual, 6.4 Nested Functions.
 */
import type { CType } from '../../engine/types/model.js';
import type { Block } from '../syntax/ast.js';
import type { Checker } from './checker.js';
import { addressOf, fixedPlace, framePlace, pointedPlace } from './fold.js';
import type { Place, Term } from './ir.js';
import type { Scope, ScriptFunction } from './scope.js';

/** A variable of a function at some level, seen from where the checker is. */
export function placeAtLevel(c: Checker, type: CType, offsetBytes: number, level: number): Place {
  if (level === c.scope.level) return framePlace(type, offsetBytes);
  return { ...pointedPlace(type, frameAtLevel(c, level)), offsetBytes };
}

/** The address of the frame of the active function at some level. */
function frameAtLevel(c: Checker, level: number): Term {
  const type = c.types.voidPointer;
  const own = (of: CType): Place =>
    c.ownFrame === undefined ? framePlace(of, 0) : fixedPlace(of, c.ownFrame);
  if (level === c.scope.level) return addressOf(type, own(c.types.char));
  let frame: Term = { kind: 'load', type, place: own(type) };
  for (let at = c.scope.level - 1; at > level; at--)
    frame = { kind: 'load', type, place: pointedPlace(type, frame) };
  return frame;
}

/** What is passed to a function besides its arguments, before them. */
export const linkTo = (c: Checker, { nested }: ScriptFunction): readonly Term[] =>
  nested?.linked === true ? [frameAtLevel(c, nested.level - 1)] : [];

/**
 * Whether a function uses what lies in the frames of those around it: a name in it means such a variable, or a function that does.
 * One that it declares itself is taken for the other's: then it is linked in vain.
 */
export function usesFrames(body: Block, scope: Scope): boolean {
  const seen = new Set<string>();
  const visit = (node: unknown): boolean => {
    if (Array.isArray(node)) return node.some(visit);
    if (typeof node !== 'object' || node === null) return false;
    const { kind, name } = node as { readonly kind?: unknown; readonly name?: unknown };
    if (kind === 'name' && typeof name === 'string' && !seen.has(name)) {
      seen.add(name);
      const meaning = scope.lookup(name);
      if (meaning?.kind === 'variable' && meaning.storage === 'frame') return true;
      if (meaning?.kind === 'function' && meaning.nested?.linked === true) return true;
    }
    return Object.values(node).some(visit);
  };
  return visit(body);
}
