/** The parameters of a function that is compiled: declared in its scope, with a place in its frame. */
import type { FunctionType } from '../../engine/types/model.js';
import { isStruct } from '../semantics/cTypes.js';
import type { Scope, Variable } from '../semantics/scope.js';
import type { Allocator, Unit } from '../semantics/unit.js';
import type { FunctionSyntax } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import type { ParameterSlot } from './program.js';

interface Definition {
  readonly nameSpan: Span;
  readonly syntax: FunctionSyntax;
  readonly own: FunctionType;
}

export function parameterSlots(
  { types, diagnostics }: Unit,
  { nameSpan, syntax, own }: Definition,
  scope: Scope,
  frame: Allocator,
): ParameterSlot[] {
  return own.parameters.map(({ name, type }, i) => {
    const span = syntax.parameters[i]?.span ?? nameSpan;
    const sizeBytes = types.size(type);
    if (sizeBytes === 0 && !isStruct(type))
      diagnostics.error(
        'incomplete-type',
        span,
        `a parameter cannot have type '${types.name(type)}'`,
      );
    if (name !== '' && scope.own(name) !== undefined)
      diagnostics.error('redefined', span, `the parameter '${name}' is declared twice`);
    const offset = frame.allocate(sizeBytes, Math.max(1, types.align(type)));
    const variable: Variable = {
      kind: 'variable',
      name,
      type,
      storage: 'frame',
      location: offset,
      parameter: true,
      span,
    };
    // C23: a parameter that is not used may have no name.
    if (name !== '') scope.declare(name, variable);
    return { offset, repr: types.repr(type), sizeBytes };
  });
}
