/**
 * Statements to code: control flow, scopes, and the boundaries at which the debugger may stop.
 *
 * Each statement that does something begins with a boundary; so does each condition and each step of a loop, so no run of the
 * machine is longer than one turn. A function's closing brace is one too: its locals can still be seen there.
 */
import type { CType } from '../../engine/types/model.js';
import type { Checker } from '../semantics/checker.js';
import { condition, convertTo } from '../semantics/conversions.js';
import { isInteger, isVoid } from '../semantics/cTypes.js';
import { errorTerm, isError } from '../semantics/errors.js';
import { pureStatements } from '../semantics/pureStatements.js';
import { framePlace, pointedPlace } from '../semantics/fold.js';
import type { Term } from '../semantics/ir.js';
import { Scope } from '../semantics/scope.js';
import type { Unit } from '../semantics/unit.js';
import type {
  Block,
  DeclarationStatement,
  Expr,
  ForStatement,
  Statement,
  StatementsExpr,
  TaskStatement,
} from '../syntax/ast.js';
import { spanOf, type Span } from '../syntax/span.js';
import { Assembler } from './assembler.js';
import { Breakables, type BreakableLabels } from './breakables.js';
import { DeclarationCompiler } from './declarations.js';
import { hasEffect } from './effects.js';
import type { FunctionContext, TopLevel } from './functionContext.js';
import { Labels } from './labels.js';
import { staticAssert } from './staticAssert.js';
import { Switches } from './switches.js';
import type { TermCompiler } from './terms.js';

export class StatementCompiler {
  private readonly breakables: Breakables;
  private readonly switches: Switches;
  /** Where the open `cpu` blocks keep the CPU before. */
  private readonly cpuSlots: number[] = [];
  private readonly declarations: DeclarationCompiler;
  private readonly labels: Labels;
  /** Inside statements that a macro put into an expression: stops there would all be at the macro's use. */
  private quiet = false;

  constructor(
    private readonly unit: Unit,
    readonly checker: Checker,
    private asm: Assembler,
    private terms: TermCompiler,
    private readonly context: FunctionContext,
    private readonly globalScope: Scope,
    private readonly top: TopLevel,
  ) {
    this.declarations = new DeclarationCompiler(unit, checker, globalScope);
    this.labels = new Labels(unit.diagnostics);
    this.breakables = new Breakables(unit.diagnostics);
    this.switches = new Switches(unit, checker);
    checker.compileStatements = (expr) => this.inExpression(expr);
  }

  private get scope(): Scope {
    return this.checker.scope;
  }

  private boundary(span: Span, visible = this.scope.visible): void {
    if (!this.quiet) this.pass(span, visible);
  }

  /** A boundary that must be there: without it a loop would have none. */
  private pass(span: Span, visible = this.scope.visible, more: { isMade?: true } = {}): void {
    const { scope, context } = this;
    this.asm.boundary({ span, function: context.index, visible, scope, ...more });
  }

  private inScope(compile: () => void): void {
    const outer = this.checker.scope;
    this.checker.scope = new Scope(outer);
    compile();
    this.checker.scope = outer;
  }

  statements(list: readonly Statement[]): void {
    for (const statement of list) this.statement(statement);
  }

  /** The body of a function or task, and its end at the closing brace. */
  body(block: Block): void {
    this.labels.inBlock(block, () => {
      this.statements(block.statements);
    });
    this.boundary(spanOf(block.span.end - 1, block.span.end));
    this.finish(undefined);
    this.labels.finish();
  }

  /** The end of the scenario itself. */
  end(): void {
    this.finish(undefined);
    this.labels.finish();
  }

  /** `({ ... })`: its statements in code of their own, and the value of the last one. */
  private inExpression({ block, span }: StatementsExpr): Term {
    if (!this.unit.effects) return pureStatements(this.checker, block, span);
    const { asm, terms, quiet, scope } = this;
    const { statements } = block;
    const last = statements.at(-1);
    this.asm = new Assembler();
    this.terms = this.terms.into(this.asm);
    // All tokens of a macro have the place of its use: even a parenthesis is longer than one character.
    this.quiet = quiet || span.start === block.span.start;
    this.checker.scope = new Scope(scope);
    let type: CType = this.unit.types.void;
    this.labels.inBlock(block, () => {
      this.statements(last?.kind === 'expression' ? statements.slice(0, -1) : statements);
      if (last?.kind !== 'expression') return;
      const value = this.checker.term(last.value);
      ({ type } = value);
      if (isError(type)) return;
      this.boundary(last.span);
      if (isVoid(type)) this.terms.effect(value);
      else this.terms.value(value);
    });
    const code = this.asm;
    this.asm = asm;
    this.terms = terms;
    this.quiet = quiet;
    this.checker.scope = scope;
    if (isError(type)) return errorTerm;
    return { kind: 'statements', type, code };
  }

  /** Leaves the function, with a value where it has one: that is worked out on the CPU where it stands. */
  finish(value: Term | undefined): void {
    const { asm, context } = this;
    const { result } = context;
    const hasResult = context.kind === 'function' && !isVoid(result);
    if (hasResult) this.returnValue(result, value);
    else if (value !== undefined) this.terms.effect(value);
    for (const slot of this.cpuSlots.toReversed()) asm.emit('LEAVE_CPU', slot);
    if (context.kind !== 'function') asm.emit('END');
    else asm.emitCounted('RETURN', [hasResult ? 1 : 0], hasResult ? 1 : 0, 0);
  }

  /** Leaves what a function returns on the stack; running off its end returns 0. */
  private returnValue(result: CType, value: Term | undefined): void {
    const { resultSlot } = this.context;
    if (resultSlot === undefined) {
      if (value === undefined) this.asm.emit('INT', 0);
      else this.terms.value(value);
      return;
    }
    const pointer = this.unit.types.pointerTo(result);
    const slot: Term = { kind: 'load', type: pointer, place: framePlace(pointer, resultSlot) };
    const to = pointedPlace(result, slot);
    const sizeBytes = this.unit.types.size(result);
    this.terms.value(
      value === undefined ? slot : { kind: 'copy', type: result, to, from: value, sizeBytes },
    );
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case 'expression':
        this.expression(statement.value, statement.span);
        break;
      case 'declaration':
        this.declaration(statement);
        break;
      case 'function':
        if (this.isTopLevel) this.top.function(statement);
        else this.top.nested(statement, this.scope);
        break;
      case 'task':
        if (this.isTopLevel) this.task(statement);
        else {
          const message = 'tasks can only be defined at the top level';
          this.unit.diagnostics.error('bad-control', statement.nameSpan, message);
        }
        break;
      case 'cpu':
        this.cpu(statement.cpu, statement.body);
        break;
      case 'if':
        this.if(statement.test, statement.then, statement.otherwise);
        break;
      case 'while':
        this.while(statement.test, statement.body);
        break;
      case 'do':
        this.do(statement.body, statement.test);
        break;
      case 'for':
        this.inScope(() => this.for(statement));
        break;
      case 'switch':
        this.switch(statement.value, statement.body);
        break;
      case 'case':
        this.switches.case(statement, this.asm);
        break;
      case 'default':
        this.switches.default(statement.span, this.asm);
        break;
      case 'break':
      case 'continue':
        this.leaveLoop(statement.kind, statement.span);
        break;
      case 'return':
        this.return(statement.value, statement.span);
        break;
      case 'empty':
        break;
      case 'block':
        this.inScope(() => {
          this.labels.inBlock(statement, () => {
            this.statements(statement.statements);
          });
        });
        break;
      case 'label': {
        const label = this.labels.place(statement.name, statement.span, this.cpuSlots);
        if (label !== undefined) this.asm.place(label);
        break;
      }
      case 'goto':
        this.goto(statement.name, statement.nameSpan, statement.span);
        break;
      case 'static-assert':
        staticAssert(this.checker, statement);
        break;
    }
  }

  private goto(name: string, nameSpan: Span, span: Span): void {
    this.pass(span);
    const { label, leaves } = this.labels.use(name, nameSpan, this.cpuSlots);
    if (this.cpuSlots.length > 0) this.asm.emitLater('LEAVE_CPU', leaves);
    this.asm.jump('JUMP', label);
  }

  private get isTopLevel(): boolean {
    return this.scope === this.globalScope && this.context.kind === 'main';
  }

  private expression(expr: Expr, span: Span): void {
    if (this.scope === this.globalScope && this.top.moduleCall(expr, span, this)) return;
    const term = this.checker.term(expr);
    if (isError(term.type)) return;
    if (!hasEffect(term))
      this.unit.diagnostics.warning('no-effect', expr.span, 'this statement has no effect');
    this.boundary(span);
    this.terms.effect(term);
  }

  private task(statement: TaskStatement): void {
    const number = this.top.task(statement);
    if (number === undefined) return;
    this.boundary(spanOf(statement.span.start, statement.nameSpan.end));
    this.asm.emit('TASK', number);
  }

  private cpu(cpu: Expr, body: Block): void {
    const term = this.checker.term(cpu);
    const { types, diagnostics } = this.unit;
    if (isError(term.type)) return;
    if (!isInteger(term.type)) {
      diagnostics.error(
        'type-mismatch',
        cpu.span,
        `the number of a CPU must be an integer, not '${types.name(term.type)}'`,
      );
      return;
    }
    this.boundary(cpu.span);
    const slot = this.terms.shadow.allocate(1, 1);
    this.terms.value(convertTo(this.checker, term, types.int, cpu.span, 'assignment'));
    this.asm.emit('ENTER_CPU', slot);
    this.cpuSlots.push(slot);
    this.inScope(() => this.statements(body.statements));
    this.cpuSlots.pop();
    this.asm.emit('LEAVE_CPU', slot);
  }

  /** A statement that the compiler makes itself. */
  made(term: Term, span: Span): void {
    if (!this.quiet) this.pass(span, this.scope.visible, { isMade: true });
    this.terms.effect(term);
  }

  // --- choices -----------------------------------------------------------------------------------------------------------

  private condition(test: Expr, loops = false): void {
    if (loops) this.pass(test.span);
    else this.boundary(test.span);
    const term = condition(this.checker, test);
    if (isError(term.type)) this.asm.emit('INT', 0);
    else this.terms.value(term);
  }

  private if(test: Expr, then: Statement, otherwise: Statement | undefined): void {
    const { asm } = this;
    const done = asm.label();
    let arm: { readonly test: Expr; readonly then: Statement } = { test, then };
    let rest = otherwise;
    // A chain of `else if` is longer than a stack is deep.
    for (;;) {
      const no = asm.label();
      this.condition(arm.test);
      asm.jump('JUMP_UNLESS', no);
      const { then: body } = arm;
      this.inScope(() => {
        this.statement(body);
      });
      if (rest !== undefined) asm.jump('JUMP', done);
      asm.place(no);
      if (rest?.kind !== 'if') break;
      arm = rest;
      rest = rest.otherwise;
    }
    const last = rest;
    if (last !== undefined)
      this.inScope(() => {
        this.statement(last);
      });
    asm.place(done);
  }

  private switch(valueExpr: Expr, body: Statement): void {
    this.boundary(valueExpr.span);
    const done = this.asm.label();
    this.switches.inside(valueExpr, this.terms, this.asm, () => {
      this.loop({ onBreak: done, onContinue: undefined }, () => {
        this.inScope(() => {
          this.statement(body);
        });
      });
    });
    this.asm.place(done);
  }

  // --- loops ---------------------------------------------------------------------------------------------------------------

  private loop(labels: BreakableLabels, compile: () => void): void {
    this.breakables.inside(labels, this.cpuSlots.length, compile);
  }

  private while(test: Expr, body: Statement): void {
    const { asm } = this;
    const [start, check, done] = [asm.label(), asm.label(), asm.label()];
    asm.jump('JUMP', check);
    asm.place(start);
    this.loop({ onBreak: done, onContinue: check }, () => this.inScope(() => this.statement(body)));
    asm.place(check);
    this.condition(test, true);
    asm.jump('JUMP_IF', start);
    asm.place(done);
  }

  private do(body: Statement, test: Expr): void {
    const { asm } = this;
    const [start, check, done] = [asm.label(), asm.label(), asm.label()];
    asm.place(start);
    this.loop({ onBreak: done, onContinue: check }, () => this.inScope(() => this.statement(body)));
    asm.place(check);
    // `do { ... } while (0)` of a macro runs once, and there is nothing to stop at.
    const once = test.kind === 'integer' && test.value === 0n;
    if (!once) {
      this.condition(test, true);
      asm.jump('JUMP_IF', start);
    }
    asm.place(done);
  }

  private for({ init, test, step, body, span }: ForStatement): void {
    const { asm } = this;
    const [start, next, check, done] = [asm.label(), asm.label(), asm.label(), asm.label()];
    if (init !== undefined) this.statement(init);
    asm.jump('JUMP', check);
    asm.place(start);
    this.loop({ onBreak: done, onContinue: next }, () => this.inScope(() => this.statement(body)));
    asm.place(next);
    if (step !== undefined) this.expression(step, step.span);
    asm.place(check);
    if (test === undefined) {
      this.pass(spanOf(span.start, body.span.start));
      asm.jump('JUMP', start);
    } else {
      this.condition(test, true);
      asm.jump('JUMP_IF', start);
    }
    asm.place(done);
  }

  private leaveLoop(kind: 'break' | 'continue', span: Span): void {
    const target = this.breakables.target(kind, span);
    if (target === undefined) return;
    this.pass(span);
    for (const slot of this.cpuSlots.slice(target.cpuDepth).toReversed())
      this.asm.emit('LEAVE_CPU', slot);
    this.asm.jump('JUMP', target.label);
  }

  private return(expr: Expr | undefined, span: Span): void {
    const { result, kind } = this.context;
    const { diagnostics, types } = this.unit;
    this.pass(span);
    if (expr === undefined) {
      if (kind === 'function' && !isVoid(result))
        diagnostics.error(
          'bad-control',
          span,
          `this function must return a value of type '${types.name(result)}'`,
        );
      this.finish(undefined);
      return;
    }
    const value = this.checker.term(expr);
    if (isError(value.type)) return;
    if (kind !== 'function' || (isVoid(result) && isVoid(value.type))) {
      this.finish(value);
    } else if (isVoid(result)) {
      diagnostics.error('bad-control', expr.span, 'this function returns void: remove the value');
    } else {
      this.finish(convertTo(this.checker, value, result, expr.span, 'returned value'));
    }
  }

  private declaration(statement: DeclarationStatement): void {
    // Where the debugger stops before a declaration, its variables are not there yet.
    const { visible } = this.scope;
    const stores = this.declarations.declare(statement);
    if (stores.length === 0) return;
    this.boundary(statement.span, visible);
    for (const store of stores) this.terms.effect(store);
  }
}
