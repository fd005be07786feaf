/**
 * Types as written: specifiers, struct and enum bodies, type names.
 *
 * Source: ISO C11 6.7.1 to 6.7.3, 6.7.7; gcc's typeof and attributes.
 */
import type {
  EnumSyntax,
  LayoutAttributes,
  MemberSyntax,
  Storage,
  StructSyntax,
  TypeSyntax,
} from '../ast.js';
import type { Parser } from '../parser.js';
import { spanOf } from '../span.js';
import { keywords, qualifiers, qualifierText, typeQualifier } from '../token.js';
import { atAttribute, attributes, NO_LAYOUT } from './attributes.js';
import { staticAssert } from './declarations.js';
import { declaratorShape } from './declarators.js';
import { conditionalExpression, expression } from './expressions.js';

const BASE_WORDS: ReadonlySet<string> = new Set([
  ...['void', '_Bool', 'char', 'short', 'int', 'long', 'signed', 'unsigned', 'float', 'double'],
  '__signed__',
]);
const TYPEOFS: ReadonlySet<string> = new Set(['typeof', '__typeof__', '__typeof']);
const UNSUPPORTED: ReadonlySet<string> = new Set(['__thread', '_Thread_local', '__int128']);
const STORAGES: Readonly<Record<string, Storage>> = {
  typedef: 'typedef',
  static: 'static',
  extern: 'extern',
  __per_cpu_variable: 'per-cpu',
};

interface Specifiers {
  readonly storage: Storage;
  readonly type: TypeSyntax;
  readonly layout: LayoutAttributes;
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
  let layout = NO_LAYOUT;
  const found: string[] = [];
  while (p.token.kind === 'identifier') {
    const { text } = p.token;
    const named = STORAGES[text];
    if (named !== undefined) {
      storage = named;
      p.next();
    } else if (qualifiers.has(text)) found.push(typeQualifier(p.next().text) ?? '');
    else if (atAttribute(p)) layout = attributes(p, layout);
    else if (BASE_WORDS.has(text) && type === undefined)
      words.push(p.next().text === '__signed__' ? 'signed' : text);
    else if (type !== undefined || words.length > 0) break;
    else if (text === 'struct' || text === 'union') type = structType(p, text);
    else if (text === 'enum') type = enumType(p);
    else if (TYPEOFS.has(text)) type = typeofType(p);
    else if (text === '__auto_type') {
      p.next();
      type = { kind: 'auto', span: p.from(start) };
    } else if (UNSUPPORTED.has(text)) {
      p.report('unsupported', p.token, `'${text}' is not supported in scenarios`);
      p.next();
      if (text === '__int128') words.push('int');
    } else if (keywords.has(text)) break;
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
  const written = qualifierText(found);
  if (written !== '')
    type = { kind: 'qualified', qualifiers: written, target: type, span: type.span };
  return { storage, type, layout };
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
  let layout = attributes(p);
  const tag = p.atName ? p.next().text : undefined;
  let members: MemberSyntax[] | undefined;
  if (p.is('{')) members = memberList(p);
  else if (tag === undefined)
    p.report('expected', p.token, `expected a tag or '{' after '${kind}'${p.found()}`);
  // After a struct that is only named, attributes are of what is declared with it.
  if (members !== undefined) layout = attributes(p, layout);
  return { kind, tag, members, layout, span: p.from(start) };
}

function memberList(p: Parser): MemberSyntax[] {
  const members: MemberSyntax[] = [];
  p.next();
  while (!p.is('}') && !p.atEnd) {
    const before = p.at;
    const start = p.token;
    if (p.accept(';')) continue;
    if (p.is('_Static_assert')) {
      staticAssert(p);
      continue;
    }
    const { type, layout } = specifiers(p);
    if (p.is(';')) members.push({ name: '', type, width: undefined, layout, span: p.from(start) });
    else {
      do members.push(structMember(p, type, layout));
      while (p.accept(','));
    }
    if (!p.expect(';', 'after the member')) p.recover();
    if (p.at === before) p.next();
  }
  p.expect('}', 'after the members');
  return members;
}

function structMember(p: Parser, base: TypeSyntax, outer: LayoutAttributes): MemberSyntax {
  const start = p.token;
  const shape = p.is(':')
    ? { name: undefined, wrap: (type: TypeSyntax) => type }
    : declaratorShape(p);
  const width = p.accept(':') ? conditionalExpression(p) : undefined;
  const layout = attributes(p, outer);
  const name = shape.name?.text ?? '';
  return { name, type: shape.wrap(base), width, layout, span: p.from(start) };
}

function enumType(p: Parser): EnumSyntax {
  const start = p.next();
  const before = attributes(p);
  const tag = p.atName ? p.next().text : undefined;
  if (!p.is('{')) {
    if (tag === undefined)
      p.report('expected', p.token, `expected a tag or '{' after 'enum'${p.found()}`);
    return { kind: 'enum', tag, packed: false, enumerators: undefined, span: p.from(start) };
  }
  p.next();
  const enumerators = [];
  while (p.atName) {
    const name = p.next();
    p.note(name.text, false);
    attributes(p);
    const value = p.accept('=') ? conditionalExpression(p) : undefined;
    enumerators.push({ name: name.text, value, span: spanOf(name.start, name.end) });
    if (!p.accept(',')) break;
  }
  if (!p.expect('}', 'after the enumerators')) p.at = afterClosingBrace(p);
  const { packed } = attributes(p, before);
  return { kind: 'enum', tag, packed, enumerators, span: p.from(start) };
}

function afterClosingBrace(p: Parser): number {
  let at = p.at;
  while (at < p.tokens.length - 1 && p.tokens[at]?.text !== '}') at++;
  return Math.min(at + 1, p.tokens.length - 1);
}
