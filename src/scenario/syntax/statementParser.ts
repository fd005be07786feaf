/**
 * Statements: a script is a sequence of statements, declarations, functions and tasks, in the order in which they run.
 *
 * `task` and `cpu` are no keywords: `task NAME {` and `cpu (...) {` are statements, anything else uses them as names.
 * Source: ISO C11 6.8.
 */
import type { Block, Declarator, DeclarationStatement, Script, Statement, Expr } from './ast.js';
import { DeclarationParser } from './declarationParser.js';
import { spanOf } from './span.js';
import { typeKeywords } from './token.js';

export class StatementParser extends DeclarationParser {
  /** The whole text as a script. */
  script(): Script {
    const statements: Statement[] = [];
    while (!this.atEnd) {
      if (this.is('}')) {
        this.report('expected', this.token, "this '}' closes nothing");
        this.next();
        continue;
      }
      statements.push(this.progress());
    }
    return { statements };
  }

  /** The whole text as one expression. */
  wholeExpression(): Expr {
    const value = this.expression();
    if (!this.atEnd)
      this.report('expected', this.token, `expected the end of the expression${this.found()}`);
    return value;
  }

  /** The whole text as one type name. */
  wholeTypeName(): ReturnType<DeclarationParser['typeName']> {
    const type = this.typeName();
    if (!this.atEnd)
      this.report('expected', this.token, `expected the end of the type${this.found()}`);
    return type;
  }

  /** A statement; takes at least one token. */
  private progress(): Statement {
    const before = this.at;
    const statement = this.statement();
    if (this.at === before) this.next();
    return statement;
  }

  private statement(): Statement {
    if (!this.descend()) return { kind: 'empty', span: this.token };
    const result = this.statementHere();
    this.ascend();
    return result;
  }

  private statementHere(): Statement {
    const start = this.token;
    switch (start.kind === 'string' || start.kind === 'character' ? '' : start.text) {
      case '{':
        return this.block();
      case ';':
        this.next();
        return { kind: 'empty', span: this.from(start) };
      case 'if':
        return this.ifStatement();
      case 'while':
        return this.whileStatement();
      case 'do':
        return this.doStatement();
      case 'for':
        return this.forStatement();
      case 'switch':
        return this.switchStatement();
      case 'case':
        return this.caseLabel();
      case 'default':
        this.next();
        this.expect(':', "after 'default'");
        return { kind: 'default', span: this.from(start) };
      case 'break':
      case 'continue':
        return this.jump(start.text as 'break' | 'continue');
      case 'return': {
        this.next();
        const value = this.is(';') ? undefined : this.expression();
        this.semicolon('after the value returned');
        return { kind: 'return', value, span: this.from(start) };
      }
      case 'goto':
        this.report('unsupported', start, 'goto is not supported');
        this.next();
        this.recover();
        return { kind: 'empty', span: this.from(start) };
      case 'else':
        this.report('expected', start, "this 'else' has no 'if'");
        this.next();
        return this.statement();
      case 'task':
        if (this.ahead(1).kind === 'identifier' && this.ahead(2).text === '{') return this.task();
        break;
      case 'cpu':
        if (this.ahead(1).text === '(' && this.tokens[this.closing(this.at + 1) + 1]?.text === '{')
          return this.cpuStatement();
        break;
    }
    if (this.startsDeclaration()) return this.declaration();
    return this.expressionStatement();
  }

  protected block(): Block {
    const open = this.token;
    this.expect('{', 'before the body');
    const statements = this.inScope(() => {
      const list: Statement[] = [];
      while (!this.is('}') && !this.atEnd) list.push(this.progress());
      return list;
    });
    if (this.atEnd) this.report('expected', open, "this '{' is never closed");
    else this.next();
    return { kind: 'block', statements, span: this.from(open) };
  }

  private expressionStatement(): Statement {
    const start = this.token;
    const value = this.expression();
    this.semicolon(value.kind === 'missing' ? '' : 'after the expression');
    return { kind: 'expression', value, span: this.from(start) };
  }

  /** Takes `;`. What follows on the same line in its place is skipped: it belongs to the same mistake. */
  private semicolon(context: string): void {
    if (this.accept(';')) return;
    this.expect(';', context);
    if (!this.atLineBreak && !this.is('}')) this.recover();
  }

  private condition(word: string): Expr {
    this.expect('(', `after '${word}'`);
    const test = this.expression();
    this.expect(')', 'after the condition');
    return test;
  }

  private ifStatement(): Statement {
    const start = this.next();
    const test = this.condition('if');
    const then = this.statement();
    const otherwise = this.accept('else') ? this.statement() : undefined;
    return { kind: 'if', test, then, otherwise, span: this.from(start) };
  }

  private whileStatement(): Statement {
    const start = this.next();
    const test = this.condition('while');
    return { kind: 'while', test, body: this.statement(), span: this.from(start) };
  }

  private doStatement(): Statement {
    const start = this.next();
    const body = this.statement();
    this.expect('while', "after the body of 'do'");
    const test = this.condition('while');
    this.semicolon("after 'do ... while (...)'");
    return { kind: 'do', body, test, span: this.from(start) };
  }

  private forStatement(): Statement {
    const start = this.next();
    return this.inScope(() => {
      this.expect('(', "after 'for'");
      const init = this.forInit();
      const test = this.is(';') ? undefined : this.expression();
      this.expect(';', "after the condition of 'for'");
      const step = this.is(')') ? undefined : this.expression();
      if (!this.expect(')', "after the step of 'for'")) {
        while (!this.is(')') && !this.is('{') && !this.is('}') && !this.atEnd) this.next();
        this.accept(')');
      }
      const body = this.statement();
      return { kind: 'for', init, test, step, body, span: this.from(start) };
    });
  }

  private forInit(): Statement | undefined {
    if (this.accept(';')) return undefined;
    if (this.startsDeclaration()) return this.declaration();
    const value = this.expression();
    this.expect(';', "after the start of 'for'");
    return { kind: 'expression', value, span: value.span };
  }

  private switchStatement(): Statement {
    const start = this.next();
    const value = this.condition('switch');
    return { kind: 'switch', value, body: this.statement(), span: this.from(start) };
  }

  private caseLabel(): Statement {
    const start = this.next();
    const value = this.conditionalExpression();
    const high = this.accept('...') ? this.conditionalExpression() : undefined;
    this.expect(':', 'after the value of the case');
    return { kind: 'case', value, high, span: this.from(start) };
  }

  private jump(kind: 'break' | 'continue'): Statement {
    const start = this.next();
    this.semicolon(`after '${kind}'`);
    return { kind, span: this.from(start) };
  }

  private task(): Statement {
    const start = this.next();
    const name = this.next();
    const body = this.block();
    const nameSpan = spanOf(name.start, name.end);
    return { kind: 'task', name: name.text, nameSpan, body, span: this.from(start) };
  }

  private cpuStatement(): Statement {
    const start = this.next();
    const cpu = this.condition('cpu');
    return { kind: 'cpu', cpu, body: this.block(), span: this.from(start) };
  }

  /** Whether a declaration begins here. A name nobody knows counts when what follows can only make sense as one. */
  private startsDeclaration(): boolean {
    const token = this.token;
    if (token.kind !== 'identifier') return false;
    if (typeKeywords.has(token.text)) return true;
    const next = this.ahead(1);
    if (this.startsTypeName(0))
      return next.kind === 'identifier' || next.text === '*' || next.text === '(';
    if (!this.atName) return false;
    if (next.kind === 'identifier') return !this.isDeclaredValue(token.text);
    // `foo *p = ...;` with foo unknown: a product as a statement would be useless, so a type was meant.
    if (next.text !== '*' || this.ahead(2).kind !== 'identifier') return false;
    const after = this.ahead(3).text;
    return (after === '=' || after === ';' || after === ',') && !this.isDeclaredValue(token.text);
  }

  private declaration(): Statement {
    const start = this.token;
    const { storage, type } = this.specifiers();
    const declarators: Declarator[] = [];
    if (!this.is(';')) {
      const first = this.declarator(type, storage);
      if (first.type.kind === 'function' && this.is('{')) {
        const functionType = first.type;
        const body = this.inScope(() => {
          for (const parameter of functionType.parameters) this.note(parameter.name, false);
          return this.block();
        });
        const { name, nameSpan } = first;
        return {
          kind: 'function',
          name,
          nameSpan,
          type: functionType,
          body,
          span: this.from(start),
        };
      }
      declarators.push(first);
      while (this.accept(',')) declarators.push(this.declarator(type, storage));
    }
    this.semicolon('after the declaration');
    const result: DeclarationStatement = {
      kind: 'declaration',
      storage,
      base: type,
      declarators,
      span: this.from(start),
    };
    return result;
  }
}
