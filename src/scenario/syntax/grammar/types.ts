/**
 * Types as written: specifiers, struct and enum bodies, type names.
 *
 * Source: ISO C11 6.7.1 to 6.7.3, 6.7.7; gcc's typeof and attributes.
 */
import type { EnumSyntax, MemberSyntax, Storage, StructSyntax, TypeSyntax } from '../ast.js';
import type { Parser } from '../parser.js';
import { spanOf } from '../span.js';
import { keywords, qualifiers } from '../token.js';
import { declaratorShape } from './declarators.js';
import { conditionalExpression, expression } from './expressions.js';

const BASE_WORDS: ReadonlySet<string> = new Set([
  ...['void', '_Bool', 'char', 'short', 'int', 'long', 'signed', 'unsigned', 'float', 'double'],
]);
const STORAGES: Readonly<Record<string, Storage>> = {
  typedef: 'typedef',
  static: 'static',
  extern: 'extern',
  __per_cpu_variable: 'per-cpu',
};

interface Specifiers {
  readonly storage: Storage;
  readonly type: TypeSyntax;
}

export function typeName(p: Parser): TypeSyntax {
  const { type } = specifiers(p);
  const shape = declaratorShape(p);
  if (shape.name !== undefined)
    p.report(
      'expected',
      shape.name,
      `only a type is expected here: remove the name '${shape.name.text}'`,
    );
  return shape.wrap(type);
}

/** Everything up to the first declarator. */
export function specifiers(p: Parser): Specifiers {
  const start = p.token;
  let storage: Storage = 'automatic';
  let words: string[] = [];
  let type: TypeSyntax | undefined;
  while (p.token.kind === 'identifier') {
    const { text } = p.token;
    const named = STORAGES[text];
    if (named !== undefined) {
      storage = named;
      p.next();
    } else if (qualifiers.has(text)) p.next();
    else if (text === '__attribute__') skipAttribute(p);
    else if (BASE_WORDS.has(text) && type === undefined) words.push(p.next().text);
    else if (type !== undefined || words.length > 0) break;
    else if (text === 'struct' || text === 'union') type = structType(p, text);
    else if (text === 'enum') type = enumType(p);
    else if (text === 'typeof' || text === '__typeof__') type = typeofType(p);
    else if (keywords.has(text)) break;
    else {
      p.next();
      type = { kind: 'named', name: text, builtin: false, span: p.from(start) };
    }
  }
  if (type === undefined) {
    if (words.length === 0) {
      p.report('expected', p.token, `expected a type${p.found()}`);
      words = ['int'];
    }
    type = { kind: 'named', name: words.join(' '), builtin: true, span: p.from(start) };
  }
  return { storage, type };
}

function typeofType(p: Parser): TypeSyntax {
  const start = p.next();
  p.expect('(', "after 'typeof'");
  const of = p.startsTypeName(0) ? typeName(p) : expression(p);
  p.expect(')', "after the operand of 'typeof'");
  return { kind: 'typeof', of, span: p.from(start) };
}

function structType(p: Parser, kind: 'struct' | 'union'): StructSyntax {
  const start = p.next();
  skipAttributes(p);
  const tag = p.atName ? p.next().text : undefined;
  let members: MemberSyntax[] | undefined;
  if (p.is('{')) members = memberList(p);
  else if (tag === undefined)
    p.report('expected', p.token, `expected a tag or '{' after '${kind}'${p.found()}`);
  skipAttributes(p);
  return { kind, tag, members, span: p.from(start) };
}

function memberList(p: Parser): MemberSyntax[] {
  const members: MemberSyntax[] = [];
  p.next();
  while (!p.is('}') && !p.atEnd) {
    const before = p.at;
    const start = p.token;
    const { type } = specifiers(p);
    if (p.is(';')) members.push({ name: '', type, width: undefined, span: p.from(start) });
    else {
      do members.push(structMember(p, type));
      while (p.accept(','));
    }
    if (!p.expect(';', 'after the member')) p.recover();
    if (p.at === before) p.next();
  }
  p.expect('}', 'after the members');
  return members;
}

function structMember(p: Parser, base: TypeSyntax): MemberSyntax {
  const start = p.token;
  const shape = p.is(':')
    ? { name: undefined, wrap: (type: TypeSyntax) => type }
    : declaratorShape(p);
  const width = p.accept(':') ? conditionalExpression(p) : undefined;
  skipAttributes(p);
  const name = shape.name?.text ?? '';
  return { name, type: shape.wrap(base), width, span: p.from(start) };
}

function enumType(p: Parser): EnumSyntax {
  const start = p.next();
  const tag = p.atName ? p.next().text : undefined;
  if (!p.is('{')) {
    if (tag === undefined)
      p.report('expected', p.token, `expected a tag or '{' after 'enum'${p.found()}`);
    return { kind: 'enum', tag, enumerators: undefined, span: p.from(start) };
  }
  p.next();
  const enumerators = [];
  while (p.atName) {
    const name = p.next();
    p.note(name.text, false);
    const value = p.accept('=') ? conditionalExpression(p) : undefined;
    enumerators.push({ name: name.text, value, span: spanOf(name.start, name.end) });
    if (!p.accept(',')) break;
  }
  if (!p.expect('}', 'after the enumerators')) p.at = afterClosingBrace(p);
  return { kind: 'enum', tag, enumerators, span: p.from(start) };
}

function afterClosingBrace(p: Parser): number {
  let at = p.at;
  while (at < p.tokens.length - 1 && p.tokens[at]?.text !== '}') at++;
  return Math.min(at + 1, p.tokens.length - 1);
}

export function skipAttributes(p: Parser): void {
  while (p.is('__attribute__') || p.is('__packed')) skipAttribute(p);
}

/** Attributes say nothing that a scenario could honour; `packed` would, so it is refused. */
function skipAttribute(p: Parser): void {
  const start = p.next();
  if (p.is('(')) p.at = p.closing(p.at) + 1;
  const words = p.tokens.slice(p.tokens.indexOf(start), p.at).map((t) => t.text);
  if (words.some((word) => /packed|aligned/.test(word)))
    p.diagnostics.error('unsupported', p.from(start), 'layout attributes are not supported');
}
