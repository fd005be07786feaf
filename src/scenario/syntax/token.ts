/**
 * Tokens: what the lexer hands to the preprocessor, and that to the parser.
 *
 * `text` decides alone what a token is to the grammar: quotes keep the text of a string or character from being taken for
 * a punctuator, so the parser compares texts and looks at the kind only where it needs a name or a literal.
 */

export type TokenKind =
  | 'identifier'
  | 'number'
  | 'character'
  | 'string'
  | 'punctuator'
  /** A whole preprocessor line, `#` included. */
  | 'directive'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offsets in the source; those of the macro's use for a token that a macro produced. */
  readonly start: number;
  readonly end: number;
}

/** Longest first within one first letter. */
const PUNCTUATORS = [
  ...['...', '<<=', '>>='],
  ...['->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||'],
  ...['+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='],
  ...'{}()[];,.?:+-*/%&|^~!<>='.split(''),
];

/** First character -> the punctuators that start with it, longest first. */
export const punctuatorsByFirst: ReadonlyMap<string, readonly string[]> = (() => {
  const map = new Map<string, string[]>();
  for (const text of PUNCTUATORS) {
    const first = text[0] ?? '';
    map.set(first, [...(map.get(first) ?? []), text]);
  }
  return map;
})();

/** Words that cannot name anything. `task` and `cpu` are not among them: they are known by what follows. */
export const keywords: ReadonlySet<string> = new Set([
  ...['if', 'else', 'for', 'while', 'do', 'switch', 'case', 'default', 'break', 'continue'],
  ...['return', 'goto', 'sizeof', 'typeof', '__typeof__', '_Alignof', '_Static_assert'],
  ...['typedef', 'static', 'extern', 'const', 'volatile', 'register', 'inline', 'restrict'],
  ...['struct', 'union', 'enum', 'void', 'char', 'short', 'int', 'long', 'signed', 'unsigned'],
  ...['_Bool', 'float', 'double'],
]);

/** Words with which the specifiers of a declaration, or a type name, begin. */
export const typeKeywords: ReadonlySet<string> = new Set([
  ...['typedef', 'static', 'extern', 'const', 'volatile', 'register', 'inline', '__inline'],
  ...['struct', 'union', 'enum', 'void', 'char', 'short', 'int', 'long', 'signed', 'unsigned'],
  ...['_Bool', 'float', 'double', 'typeof', '__typeof__', '__attribute__', '__per_cpu_variable'],
]);

/** Words among the specifiers that change nothing in a scenario. */
export const qualifiers: ReadonlySet<string> = new Set([
  ...['const', 'volatile', 'restrict', 'register', 'inline', '__inline', '__always_inline'],
  ...['__user', '__iomem', '__percpu', '__rcu', '__maybe_unused', '__init', '__always_unused'],
]);
