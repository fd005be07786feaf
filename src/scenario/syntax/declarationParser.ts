/**
 * Types and declarations: specifiers, declarators inside out, initialisers, struct and enum bodies.
 *
 * C cannot be parsed without knowing which names are types. The profile's typedefs are known from outside; the script's own,
 * and variables that hide a typedef, are noted here as their declarations are read, scope by scope.
 * Source: ISO C11 6.7.
 */
import type {
  Declarator,
  Designator,
  EnumSyntax,
  Initializer,
  InitializerList,
  MemberSyntax,
  ParameterSyntax,
  Storage,
  StructSyntax,
  TypeSyntax,
} from './ast.js';
import type { Diagnostics } from './diagnostic.js';
import { ExpressionParser } from './expressionParser.js';
import { spanOf, type Span } from './span.js';
import { keywords, typeKeywords, type Token } from './token.js';

export type IsTypeName = (name: string) => boolean;

const BASE_WORDS: ReadonlySet<string> = new Set([
  ...['void', '_Bool', 'char', 'short', 'int', 'long', 'signed', 'unsigned', 'float', 'double'],
]);
const QUALIFIERS: ReadonlySet<string> = new Set([
  ...['const', 'volatile', 'restrict', 'register', 'inline', '__inline', '__always_inline'],
  ...['__user', '__iomem', '__percpu', '__rcu', '__maybe_unused', '__init', '__always_unused'],
]);
const STORAGES: Readonly<Record<string, Storage>> = {
  typedef: 'typedef',
  static: 'static',
  extern: 'extern',
};

export interface Specifiers {
  readonly storage: Storage;
  readonly type: TypeSyntax;
}

/** What a declarator says: a name and how it changes the type to its left. */
interface Shape {
  readonly name: Token | undefined;
  readonly wrap: (base: TypeSyntax) => TypeSyntax;
}

export abstract class DeclarationParser extends ExpressionParser {
  /** Innermost last; true: a type, false: something else that hides an outer type of that name. */
  private readonly scopes: Map<string, boolean>[] = [new Map<string, boolean>()];

  constructor(
    text: string,
    tokens: readonly Token[],
    diagnostics: Diagnostics,
    private readonly isKnownType: IsTypeName,
  ) {
    super(text, tokens, diagnostics);
  }

  protected inScope<T>(parse: () => T): T {
    this.scopes.push(new Map());
    const result = parse();
    this.scopes.pop();
    return result;
  }

  protected note(name: string, isType: boolean): void {
    this.scopes[this.scopes.length - 1]?.set(name, isType);
  }

  /** Whether the script has declared the name as something that is no type. */
  protected isDeclaredValue(name: string): boolean {
    return this.scopes.some((scope) => scope.get(name) === false);
  }

  protected isType(name: string): boolean {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const known = this.scopes[i]?.get(name);
      if (known !== undefined) return known;
    }
    return this.isKnownType(name);
  }

  protected override startsTypeName(offset: number): boolean {
    const token = this.ahead(offset);
    if (token.kind !== 'identifier') return false;
    if (typeKeywords.has(token.text) || QUALIFIERS.has(token.text)) return true;
    return !keywords.has(token.text) && this.isType(token.text);
  }

  protected override typeName(): TypeSyntax {
    const { type } = this.specifiers();
    const shape = this.shape();
    if (shape.name !== undefined)
      this.report('expected', shape.name, `a type has no name '${shape.name.text}' in it here`);
    return shape.wrap(type);
  }

  /** Everything up to the first declarator. */
  protected specifiers(): Specifiers {
    const start = this.token;
    let storage: Storage = 'automatic';
    let words: string[] = [];
    let type: TypeSyntax | undefined;
    while (this.token.kind === 'identifier') {
      const { text } = this.token;
      const named = STORAGES[text];
      if (named !== undefined) {
        storage = named;
        this.next();
      } else if (QUALIFIERS.has(text)) this.next();
      else if (text === '__attribute__') this.skipAttribute();
      else if (BASE_WORDS.has(text) && type === undefined) words.push(this.next().text);
      else if (type !== undefined || words.length > 0) break;
      else if (text === 'struct' || text === 'union') type = this.structType(text);
      else if (text === 'enum') type = this.enumType();
      else if (text === 'typeof' || text === '__typeof__') type = this.typeofType();
      else if (keywords.has(text)) break;
      else {
        this.next();
        type = { kind: 'named', name: text, builtin: false, span: this.from(start) };
      }
    }
    if (type === undefined) {
      if (words.length === 0) {
        this.report('expected', this.token, `expected a type${this.found()}`);
        words = ['int'];
      }
      type = { kind: 'named', name: words.join(' '), builtin: true, span: this.from(start) };
    }
    return { storage, type };
  }

  private typeofType(): TypeSyntax {
    const start = this.next();
    this.expect('(', "after 'typeof'");
    const of = this.startsTypeName(0) ? this.typeName() : this.expression();
    this.expect(')', "after the operand of 'typeof'");
    return { kind: 'typeof', of, span: this.from(start) };
  }

  private structType(kind: 'struct' | 'union'): StructSyntax {
    const start = this.next();
    this.skipAttributes();
    const tag = this.atName ? this.next().text : undefined;
    let members: MemberSyntax[] | undefined;
    if (this.is('{')) members = this.members();
    else if (tag === undefined)
      this.report('expected', this.token, `expected a tag or '{' after '${kind}'${this.found()}`);
    this.skipAttributes();
    return { kind, tag, members, span: this.from(start) };
  }

  private members(): MemberSyntax[] {
    const members: MemberSyntax[] = [];
    this.next();
    while (!this.is('}') && !this.atEnd) {
      const before = this.at;
      const start = this.token;
      const { type } = this.specifiers();
      if (this.is(';')) members.push({ name: '', type, width: undefined, span: this.from(start) });
      else {
        do members.push(this.structMember(type));
        while (this.accept(','));
      }
      if (!this.expect(';', 'after the member')) this.recover();
      if (this.at === before) this.next();
    }
    this.expect('}', 'after the members');
    return members;
  }

  private structMember(base: TypeSyntax): MemberSyntax {
    const start = this.token;
    const shape = this.is(':') ? { name: undefined, wrap: same } : this.shape();
    const width = this.accept(':') ? this.conditionalExpression() : undefined;
    this.skipAttributes();
    const name = shape.name?.text ?? '';
    return { name, type: shape.wrap(base), width, span: this.from(start) };
  }

  private enumType(): EnumSyntax {
    const start = this.next();
    const tag = this.atName ? this.next().text : undefined;
    if (!this.is('{')) {
      if (tag === undefined)
        this.report('expected', this.token, `expected a tag or '{' after 'enum'${this.found()}`);
      return { kind: 'enum', tag, enumerators: undefined, span: this.from(start) };
    }
    this.next();
    const enumerators = [];
    while (this.atName) {
      const name = this.next();
      this.note(name.text, false);
      const value = this.accept('=') ? this.conditionalExpression() : undefined;
      enumerators.push({ name: name.text, value, span: spanOf(name.start, name.end) });
      if (!this.accept(',')) break;
    }
    if (!this.expect('}', 'after the enumerators')) this.at = this.closingBrace();
    return { kind: 'enum', tag, enumerators, span: this.from(start) };
  }

  private closingBrace(): number {
    let at = this.at;
    while (at < this.tokens.length - 1 && this.tokens[at]?.text !== '}') at++;
    return Math.min(at + 1, this.tokens.length - 1);
  }

  /** One declarator with its initialiser. */
  protected declarator(base: TypeSyntax, storage: Storage): Declarator {
    const start = this.token;
    const shape = this.shape();
    const type = shape.wrap(base);
    let nameSpan: Span = spanOf(this.token.start, this.token.start);
    if (shape.name === undefined)
      this.report('expected', this.token, `expected a name to declare${this.found()}`);
    else {
      nameSpan = spanOf(shape.name.start, shape.name.end);
      this.note(shape.name.text, storage === 'typedef');
    }
    this.skipAttributes();
    const initializer = this.accept('=') ? this.initializer() : undefined;
    return { name: shape.name?.text ?? '', nameSpan, type, initializer, span: this.from(start) };
  }

  /** declarator: `*`... then a name, or a declarator in parentheses, or nothing; then `[n]` and `(parameters)`. */
  private shape(): Shape {
    if (!this.descend()) return { name: undefined, wrap: same };
    const result = this.shapeHere();
    this.ascend();
    return result;
  }

  private shapeHere(): Shape {
    const stars: Token[] = [];
    for (;;) {
      if (this.is('*')) stars.push(this.next());
      else if (QUALIFIERS.has(this.token.text)) this.next();
      else break;
    }
    let name: Token | undefined;
    let outer = same;
    if (this.is('(') && !this.startsParameters()) {
      this.next();
      const inner = this.shape();
      this.expect(')', 'after the declarator');
      name = inner.name;
      outer = inner.wrap;
    } else if (this.atName) {
      name = this.next();
    }
    const suffixes: ((inner: TypeSyntax) => TypeSyntax)[] = [];
    while (this.is('[') || this.is('(')) suffixes.push(this.suffix());
    return {
      name,
      wrap: (base) => {
        let type = base;
        for (const star of stars) type = { kind: 'pointer', target: type, span: star };
        for (const suffix of suffixes.toReversed()) type = suffix(type);
        return outer(type);
      },
    };
  }

  private startsParameters(): boolean {
    const next = this.ahead(1);
    if (next.text === ')' || next.text === '...' || this.startsTypeName(1)) return true;
    // A type nobody knows is still a type when a name or a star follows.
    const after = this.ahead(2);
    return next.kind === 'identifier' && (after.kind === 'identifier' || after.text === '*');
  }

  private suffix(): (inner: TypeSyntax) => TypeSyntax {
    const start = this.next();
    if (start.text === '[') {
      const length = this.is(']') ? undefined : this.assignmentExpression();
      this.expect(']', 'after the length');
      const span = this.from(start);
      return (element) => ({ kind: 'array', element, length, span });
    }
    const { parameters, variadic } = this.parameters();
    const span = this.from(start);
    return (result) => ({ kind: 'function', result, parameters, variadic, span });
  }

  private parameters(): { parameters: ParameterSyntax[]; variadic: boolean } {
    const parameters: ParameterSyntax[] = [];
    let variadic = false;
    while (!this.is(')') && !this.atEnd) {
      if (this.accept('...')) variadic = true;
      else parameters.push(this.parameter());
      if (!this.accept(',')) break;
    }
    this.expect(')', 'after the parameters');
    const [only] = parameters;
    const isVoid =
      parameters.length === 1 && only?.name === '' && isNamed(only.type, 'void') && !variadic;
    return { parameters: isVoid ? [] : parameters, variadic };
  }

  private parameter(): ParameterSyntax {
    const start = this.token;
    const { type } = this.specifiers();
    const shape = this.shape();
    return { name: shape.name?.text ?? '', type: shape.wrap(type), span: this.from(start) };
  }

  private initializer(): Initializer {
    if (this.is('{')) return this.initializerList();
    const value = this.assignmentExpression();
    return { kind: 'value', value, span: value.span };
  }

  protected override initializerList(): InitializerList {
    if (!this.descend()) return { kind: 'list', items: [], span: this.token };
    const result = this.initializerListHere();
    this.ascend();
    return result;
  }

  private initializerListHere(): InitializerList {
    const open = this.next();
    const items: InitializerList['items'][number][] = [];
    while (!this.is('}') && !this.atEnd) {
      const before = this.at;
      const designators = this.designators();
      items.push({ designators, value: this.initializer() });
      if (!this.accept(',') && !this.is('}')) {
        this.expect('}', 'after the initialisers');
        if (this.at === before) this.recover();
        return { kind: 'list', items, span: this.from(open) };
      }
    }
    this.expect('}', 'after the initialisers');
    return { kind: 'list', items, span: this.from(open) };
  }

  private designators(): Designator[] {
    const designators: Designator[] = [];
    for (;;) {
      const start = this.token;
      if (this.is('.') && this.ahead(1).kind === 'identifier') {
        this.next();
        designators.push({ kind: 'field', name: this.next().text, span: this.from(start) });
      } else if (this.accept('[')) {
        const index = this.conditionalExpression();
        this.expect(']', 'after the index');
        designators.push({ kind: 'element', index, span: this.from(start) });
      } else break;
    }
    if (designators.length > 0) this.expect('=', 'after the designator');
    return designators;
  }

  private skipAttributes(): void {
    while (this.is('__attribute__') || this.is('__packed')) this.skipAttribute();
  }

  /** Attributes say nothing that a scenario could honour; `packed` would, so it is refused. */
  private skipAttribute(): void {
    const start = this.next();
    if (this.is('(')) this.at = this.closing(this.at) + 1;
    const words = this.tokens.slice(this.tokens.indexOf(start), this.at).map((t) => t.text);
    if (words.some((word) => /packed|aligned/.test(word)))
      this.diagnostics.error(
        'unsupported',
        this.from(start),
        'layout attributes are not supported',
      );
  }
}

const same = (type: TypeSyntax): TypeSyntax => type;
const isNamed = (type: TypeSyntax, name: string): boolean =>
  type.kind === 'named' && type.name === name;
