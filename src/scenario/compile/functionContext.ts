/** What the compiler of statements is told of the function around them, and hands to the compiler of the whole script. */
import type { CType } from '../../engine/types/model.js';
import type { Expr, FunctionDefinition, TaskStatement } from '../syntax/ast.js';
import type { Scope } from '../semantics/scope.js';
import type { Span } from '../syntax/span.js';
import type { StatementCompiler } from './statements.js';

/** The function whose body is compiled. */
export interface FunctionContext {
  readonly kind: 'main' | 'task' | 'function';
  /** Its index among the scenario's functions; of a task's body, -1 less the task's number. */
  readonly index: number;
  readonly result: CType;
  /** Where the frame keeps the address for a struct result. */
  readonly resultSlot: number | undefined;
}

/** What statements at the top level hand to the compiler of the whole script. */
export interface TopLevel {
  function(definition: FunctionDefinition): void;
  /** One inside of another function, in a block of which it is declared. */
  nested(definition: FunctionDefinition, scope: Scope): void;
  /** The number of a new task with this body; undefined, with a finding, if there can be none. */
  task(statement: TaskStatement): number | undefined;
  /** Whether a statement is `module_init(f);` or its like, which has then been compiled or kept for the end. */
  moduleCall(expr: Expr, span: Span, compiler: StatementCompiler): boolean;
}
