/**
 * A scenario that is a module: `module_init(f)` calls f where it stands, as loading the module would, and `module_exit(g)` has g
 * called at the end, unless f failed. A scenario of functions alone, one of which is main(), is a program: main is called; beside a
 * module it is the program that uses it, and runs between the two.
 *
 * Source: Linux 6.1 kernel/module/main.c: do_init_module(); ISO C11 5.1.2.2.
 */
import { isInteger, isVoid } from '../semantics/cTypes.js';
import { callTerm } from '../semantics/calls.js';
import type { Checker } from '../semantics/checker.js';
import { isError } from '../semantics/errors.js';
import { constant, fixedPlace, retyped } from '../semantics/fold.js';
import type { Term } from '../semantics/ir.js';
import type { Unit } from '../semantics/unit.js';
import type { CallExpr, Expr, FunctionDefinition, NameExpr, Statement } from '../syntax/ast.js';
import { parseExpression } from '../syntax/parse.js';
import { spanOf, type Span } from '../syntax/span.js';
import { encodeUtf8 } from '../syntax/utf8.js';
import type { StatementCompiler } from './statements.js';

/** What has a module, or the kernel at boot, call a function. */
const INITCALLS: ReadonlySet<string> = new Set(
  [
    'module',
    'early',
    'pure',
    'core',
    'postcore',
    'arch',
    'subsys',
    'fs',
    'rootfs',
    'device',
    'late',
  ]
    .map((when) => (when === 'module' ? 'module_init' : `${when}_initcall`))
    .concat('console_initcall'),
);

/** Whether a text is a module, and no program that uses one. */
export const isModule = (statements: readonly Statement[]): boolean =>
  statements.some(
    (each) =>
      each.kind === 'expression' &&
      each.value.kind === 'call' &&
      each.value.callee.kind === 'name' &&
      INITCALLS.has(each.value.callee.name),
  ) && !statements.some((each) => each.kind === 'function' && each.name === 'main');

export class ModuleCalls {
  private readonly exits: { readonly call: CallExpr; readonly span: Span }[] = [];
  /** The address of what the init function returned. */
  private result: number | undefined;
  private nrCalls = 0;

  constructor(private readonly unit: Unit) {}

  /** Whether a statement of the top level is `module_init(f);` or `module_exit(g);`: then it is compiled, or kept for the end. */
  statement(c: Checker, expr: Expr, span: Span, compiler: StatementCompiler): boolean {
    if (expr.kind !== 'call' || expr.callee.kind !== 'name') return false;
    const { name } = expr.callee;
    const isInit = INITCALLS.has(name);
    if (!isInit && name !== 'module_exit') return false;
    if (c.scope.lookup(name) !== undefined) return false;
    const [fn] = expr.args;
    if (fn?.kind !== 'name' || expr.args.length !== 1) {
      c.error('bad-call', expr.span, `write ${name}(f), where f is a function of the scenario`);
      return true;
    }
    this.nrCalls++;
    if (isInit) this.init(c, fn, span, compiler);
    else this.exits.push({ call: callOf(fn), span });
    return true;
  }

  private init(c: Checker, fn: NameExpr, span: Span, compiler: StatementCompiler): void {
    const value = callTerm(c, callOf(fn));
    if (isError(value.type)) return;
    if (isVoid(value.type)) {
      compiler.made(value, span);
      return;
    }
    const { int } = c.types;
    this.result ??= this.unit.data.allocate(4, 4);
    const place = fixedPlace(int, this.result);
    const store: Term = { kind: 'store', type: int, place, value: retyped(c.types, value, int) };
    compiler.made(this.reported(fn.name, store, span), span);
  }

  /** What is called when the statements of the top level have run. */
  atEnd(c: Checker, statements: readonly Statement[], compiler: StatementCompiler): void {
    const definitions = statements.filter((statement) => statement.kind === 'function');
    const main = definitions.find(({ name }) => name === 'main');
    const isIdle = statements.filter(({ kind }) => !IDLE.has(kind)).length === this.nrCalls;
    if (main !== undefined && isIdle) this.main(c, main, compiler);
    else if (isIdle && this.nrCalls === 0 && definitions.length > 0 && !this.isCalled(definitions))
      this.suggest(definitions);
    for (const { call, span } of this.exits.reverse()) this.exit(c, call, span, compiler);
  }

  /** The call of a builtin that says so if a function has failed. */
  private reported(name: string, result: Term, span: Span): Term {
    const { strings, types } = this.unit;
    const text = constant(types.charPointer, strings.intern(encodeUtf8(name)));
    const args = [text, result];
    return {
      kind: 'builtin',
      type: types.void,
      name: '__returned',
      args,
      resultPlace: undefined,
      span,
    };
  }

  private exit(c: Checker, call: CallExpr, span: Span, compiler: StatementCompiler): void {
    const value = callTerm(c, call);
    if (isError(value.type)) return;
    const { int, void: none } = c.types;
    const effect: Term = { kind: 'discard', type: none, operand: value };
    if (this.result === undefined) {
      compiler.made(effect, span);
      return;
    }
    const test: Term = { kind: 'load', type: int, place: fixedPlace(int, this.result) };
    const nothing: Term = { kind: 'discard', type: none, operand: constant(int, 0) };
    compiler.made({ kind: 'choose', type: none, test, then: nothing, otherwise: effect }, span);
  }

  private main(c: Checker, main: FunctionDefinition, compiler: StatementCompiler): void {
    const { nameSpan } = main;
    const callee: NameExpr = { kind: 'name', name: 'main', span: nameSpan };
    const { int } = c.types;
    // `int main(int argc, char **argv, char **envp)`: there are no arguments but the name, and no environment.
    const given = ['1', '(char *[]){ "scenario", 0 }', '(char *[]){ 0 }'];
    const args: Expr[] = main.type.parameters.map(
      (_, i) => parseExpression(given[i] ?? '0').expression,
    );
    const value = callTerm(c, { kind: 'call', callee, args, span: nameSpan });
    if (isError(value.type)) return;
    if (isInteger(value.type)) {
      const result = retyped(c.types, value, int);
      compiler.made(this.reported('main', result, nameSpan), nameSpan);
    } else compiler.made(value, nameSpan);
  }

  /** A first value of a variable at the top level may call a function. */
  private isCalled(definitions: readonly FunctionDefinition[]): boolean {
    return definitions.some(({ name }) => {
      const meaning = this.unit.functions.declared.find((fn) => fn.name === name);
      return meaning !== undefined && this.unit.functions.topLevelUses.has(meaning);
    });
  }

  private suggest(definitions: readonly FunctionDefinition[]): void {
    const [first] = definitions;
    const last = definitions.at(-1);
    if (first === undefined || last === undefined) return;
    const callable = definitions.findLast(({ type }) => type.parameters.length === 0) ?? last;
    const call = `${callable.name}();`;
    const { end } = last.span;
    this.unit.diagnostics.warning(
      'no-effect',
      first.nameSpan,
      `nothing is called: a scenario runs its top-level statements, or main() if it has none; write ${call}`,
      { title: `Insert '${call}'`, span: spanOf(end, end), replacement: `\n${call}` },
    );
  }
}

/** What a top level may have besides functions and still leave it to main() to do something. */
const IDLE: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  ...(['function', 'declaration', 'empty', 'static-assert'] as const),
]);

const callOf = (callee: NameExpr): CallExpr => ({
  ...{ kind: 'call', callee, args: [], span: callee.span },
});
