/**
 * What a number came from, by the text of its expression: `va` that was declared as `(unsigned long)page_address(page)` is an
 * address, `page_to_pfn(page) + 1` a frame number, `flags & (1UL << PG_locked)` neither. Only how a number is written depends on it.
 *
 * A variable's value in a tree and the same variable as an expression are asked about with the same text, and so read alike.
 */
import { roleOfName, type NumberRole } from '../../engine/types/numberRole.js';
import type { Profile } from '../../engine/types/profile.js';
import {
  allBuiltins,
  parseExpression,
  parseScript,
  type Expr,
  type Initializer,
  type Statement,
} from '../../scenario/index.js';
import { QUALIFIER } from './qualifiedNames.js';

/** How an expression's number is to be read. */
export interface Reading {
  /** What the number is called: the name of the variable, member or function. '' where there is none. */
  readonly name: string;
  readonly isMember: boolean;
  readonly role: NumberRole | undefined;
}

/** Members are by far the most frequent, and need no parser. */
const MEMBER = /^\S*(?:->|\.)([A-Za-z_]\w*)$/;
const NAME = /^[A-Za-z_]\w*$/;
const CACHE_LIMIT = 2000;

const POINTER_FUNCTIONS: ReadonlySet<string> = new Set(
  allBuiltins.filter(({ name, signature }) => isPointerOf(signature, name)).map(({ name }) => name),
);

function isPointerOf(signature: string, name: string): boolean {
  const at = signature.indexOf(`${name}(`);
  return at > 0 && signature.slice(0, at).trimEnd().endsWith('*');
}

export class NumberOrigins {
  private readonly declared = new Map<string, NumberRole>();
  private readonly pointers = new Set<string>();
  private readonly cache = new Map<string, Reading>();
  private readonly isTypeName: (name: string) => boolean;

  /** @param text of the scenario, whose declarations and assignments say what its variables hold */
  constructor(profile: Profile, text: string | undefined) {
    this.isTypeName = (name) => profile.types.typedef(name) !== undefined;
    if (text === undefined) return;
    const { isTypeName } = this;
    for (const statement of parseScript(text, { isTypeName }).script.statements)
      this.statement(statement);
  }

  /** @param text may be qualified: `main::address` */
  of(text: string): Reading {
    const expression = text.startsWith(QUALIFIER) ? text.slice(QUALIFIER.length) : text;
    const member = MEMBER.exec(expression)?.[1];
    if (member !== undefined) return { name: member, isMember: true, role: roleOfName(member) };
    if (NAME.test(expression))
      return { name: expression, isMember: false, role: this.roleOfVariable(expression) };
    let known = this.cache.get(expression);
    if (known === undefined) {
      known = this.read(expression);
      if (this.cache.size >= CACHE_LIMIT) this.cache.clear();
      this.cache.set(expression, known);
    }
    return known;
  }

  private read(text: string): Reading {
    const { isTypeName } = this;
    const { expression, diagnostics } = parseExpression(text, { isTypeName });
    if (diagnostics.some(({ severity }) => severity === 'error'))
      return { name: '', isMember: false, role: undefined };
    return { ...nameOf(expression), role: this.role(expression) };
  }

  private readonly roleOfVariable = (name: string): NumberRole | undefined =>
    this.declared.get(name) ?? roleOfName(name);

  private role(e: Expr): NumberRole | undefined {
    switch (e.kind) {
      case 'name':
        return this.roleOfVariable(e.name);
      case 'member':
        return roleOfName(e.name);
      case 'index':
        return this.role(e.object);
      case 'call':
        return e.callee.kind === 'name' ? roleOfName(e.callee.name) : undefined;
      case 'cast':
        return this.isPointer(e.operand) ? 'location' : this.role(e.operand);
      case 'increment':
        return this.role(e.operand);
      case 'prefix':
        return e.operator === '~' || e.operator === '+' ? this.role(e.operand) : undefined;
      case 'binary':
        return this.roleOfBinary(e);
      case 'conditional':
        return this.role(e.then ?? e.test) ?? this.role(e.otherwise);
      case 'comma':
        return this.role(e.right);
      case 'assign':
        return this.role(e.target) ?? this.role(e.value);
      default:
        return undefined;
    }
  }

  private roleOfBinary(e: Extract<Expr, { kind: 'binary' }>): NumberRole | undefined {
    const [left, right] = [this.role(e.left), this.role(e.right)];
    switch (e.operator) {
      case '+':
        return left ?? right;
      case '-':
        // The distance of two locations is a count.
        return left === right ? undefined : left;
      case '|':
      case '^':
        return left ?? right;
      case '&':
        // To test bits of a mask gives zero or not; to clear the low bits of an address leaves one.
        return left === 'location' ? left : undefined;
      case '<<':
      case '>>':
        return left === 'location' ? left : undefined;
      default:
        return undefined;
    }
  }

  private isPointer(e: Expr): boolean {
    switch (e.kind) {
      case 'name':
        return this.pointers.has(e.name);
      case 'prefix':
        return e.operator === '&';
      case 'call':
        return e.callee.kind === 'name' && POINTER_FUNCTIONS.has(e.callee.name);
      case 'cast':
        return e.type.kind === 'pointer' || this.isPointer(e.operand);
      case 'binary':
        return (e.operator === '+' || e.operator === '-') && this.isPointer(e.left);
      default:
        return false;
    }
  }

  // --- what the scenario says ------------------------------------------------------------------------------------------

  private statement(s: Statement): void {
    switch (s.kind) {
      case 'declaration':
        for (const { name, type, initializer } of s.declarators) {
          if (type.kind === 'pointer') this.pointers.add(name);
          this.initializer(name, initializer);
        }
        return;
      case 'expression':
        if (s.value.kind === 'assign' && s.value.target.kind === 'name')
          this.declare(s.value.target.name, this.role(s.value.value));
        return;
      case 'function':
        for (const { name, type } of s.type.parameters)
          if (type.kind === 'pointer') this.pointers.add(name);
        this.statement(s.body);
        return;
      case 'if':
        this.statement(s.then);
        if (s.otherwise !== undefined) this.statement(s.otherwise);
        return;
      case 'for':
        if (s.init !== undefined) this.statement(s.init);
        this.statement(s.body);
        return;
      case 'task':
      case 'cpu':
      case 'while':
      case 'do':
      case 'switch':
        this.statement(s.body);
        return;
      case 'block':
        for (const inner of s.statements) this.statement(inner);
        return;
      default:
    }
  }

  private initializer(name: string, initializer: Initializer | undefined): void {
    if (initializer?.kind === 'value') this.declare(name, this.role(initializer.value));
    // An array of addresses.
    for (const { value } of initializer?.kind === 'list' ? initializer.items : [])
      this.initializer(name, value);
  }

  private declare(name: string, role: NumberRole | undefined): void {
    if (role !== undefined && !this.declared.has(name)) this.declared.set(name, role);
  }
}

function nameOf(e: Expr): Pick<Reading, 'name' | 'isMember'> {
  switch (e.kind) {
    case 'name':
      return { name: e.name, isMember: false };
    case 'member':
      return { name: e.name, isMember: true };
    case 'index':
      return nameOf(e.object);
    case 'call':
      return nameOf(e.callee);
    default:
      return { name: '', isMember: false };
  }
}
