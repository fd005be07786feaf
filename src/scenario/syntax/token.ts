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
  /** A character that C has outside of strings and comments only where a macro passes over it, or makes a string of it. */
  | 'stray'
  /** None: white space that a macro stands for (padding.ts); the preprocessor keeps it to itself. */
  | 'padding'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offsets in the source; those of the macro's use for a token that a macro produced. */
  readonly start: number;
  readonly end: number;
  /** White space stands before it: `#` keeps that in the string it makes. */
  readonly spaced?: boolean;
  /** The macros it came out of, which it cannot name again (preprocess.ts). */
  readonly hidden?: HideSet;
}

/** A set of macro names; undefined is the empty one. */
export interface HideSet {
  readonly name: string;
  readonly outer: HideSet | undefined;
}

/** Longest first within one first letter. */
const PUNCTUATORS = [
  ...['...', '<<=', '>>='],
  ...['->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||'],
  ...['+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='],
  '##',
  ...'{}()[];,.?:+-*/%&|^~!<>=#'.split(''),
];

/** Other spellings. Source: ISO C11 6.4.6, paragraph 3. */
export const DIGRAPHS: Readonly<Record<string, string>> = {
  '<:': '[',
  ':>': ']',
  '<%': '{',
  '%>': '}',
  '%:': '#',
};

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
  ...['return', 'goto', 'sizeof', 'typeof', '__typeof__', '__typeof', '_Static_assert', '_Generic'],
  ...[
    '_Alignof',
    '__alignof__',
    '__alignof',
    '_Alignas',
    '__auto_type',
    '__extension__',
    '__label__',
  ],
  ...['typedef', 'static', 'extern', 'const', 'volatile', 'register', 'inline', 'restrict', 'auto'],
  ...['struct', 'union', 'enum', 'void', 'char', 'short', 'int', 'long', 'signed', 'unsigned'],
  ...['_Bool', 'float', 'double', '__signed__', '__const', '__volatile__', 'asm', '__asm__'],
  ...['__attribute__', '__attribute', '_Noreturn', '__inline', '__inline__', '__restrict'],
]);

/** Words with which the specifiers of a declaration, or a type name, begin. */
export const typeKeywords: ReadonlySet<string> = new Set([
  ...['typedef', 'static', 'extern', 'const', 'volatile', 'register', 'inline', '__inline', 'auto'],
  ...['struct', 'union', 'enum', 'void', 'char', 'short', 'int', 'long', 'signed', 'unsigned'],
  ...[
    '_Bool',
    'float',
    'double',
    'typeof',
    '__typeof__',
    '__typeof',
    '__attribute__',
    '__attribute',
  ],
  ...[
    '__auto_type',
    '_Alignas',
    '_Noreturn',
    '__signed__',
    '__thread',
    '__per_cpu_variable',
    '_Thread_local',
    '__int128',
  ],
]);

/** Words among the specifiers that change nothing in a scenario. What kernels have as macros is in the prelude. */
export const qualifiers: ReadonlySet<string> = new Set([
  ...['const', 'volatile', 'restrict', 'register', 'inline', 'auto', '_Noreturn', '__const'],
  ...['__inline', '__inline__', '__restrict', '__restrict__', '__volatile__', '__extension__'],
]);

/** Those of them that a type has: `const`, `volatile`; undefined for the others. */
export function typeQualifier(text: string): string | undefined {
  if (text === 'const' || text === '__const') return 'const';
  return text === 'volatile' || text === '__volatile__' ? 'volatile' : undefined;
}

/** `const volatile`, in this order, each once; '' for neither. */
export const qualifierText = (found: readonly string[]): string =>
  ['const', 'volatile'].filter((word) => found.includes(word)).join(' ');
