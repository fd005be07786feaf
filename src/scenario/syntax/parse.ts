/**
 * The doors of the front end: a text goes in, a tree and its diagnostics come out. Nothing here throws.
 */
import type { Expr, Script, TypeSyntax } from './ast.js';
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import { lex } from './lexer.js';
import { preprocess, type MacroTable, type PragmaText } from './preprocess.js';
import { script, wholeExpression, wholeTypeName } from './grammar/statements.js';
import { Parser, type IsTypeName } from './parser.js';

export interface ParseOptions {
  /** The typedefs of the profile. */
  readonly isTypeName?: IsTypeName;
  /** Macros in force before the text. */
  readonly macros?: MacroTable;
}

export interface ParsedScript {
  readonly script: Script;
  readonly pragmas: readonly PragmaText[];
  readonly macros: MacroTable;
  readonly diagnostics: readonly Diagnostic[];
}

/** A script as far as it can be read before its types are known: its pragmas say which machine they are of. */
export interface ReadScript {
  readonly pragmas: readonly PragmaText[];
  /** Reads on. Once: what it finds is added to what was found. */
  parse(isTypeName: IsTypeName): ParsedScript;
}

export function readScript(text: string, predefined: MacroTable = new Map()): ReadScript {
  const diagnostics = new Diagnostics();
  const { tokens, pragmas, macros } = preprocess(lex(text, diagnostics), predefined, diagnostics);
  return {
    pragmas,
    parse: (isTypeName) => {
      const tree = script(new Parser(text, tokens, diagnostics, isTypeName));
      return { script: tree, pragmas, macros, diagnostics: diagnostics.all() };
    },
  };
}

export const parseScript = (text: string, options: ParseOptions = {}): ParsedScript =>
  readScript(text, options.macros).parse(options.isTypeName ?? (() => false));

/** One expression: a watch, a condition, what stands between the braces of a log point. */
export function parseExpression(
  text: string,
  options: ParseOptions = {},
): { readonly expression: Expr; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  return {
    expression: wholeExpression(parserFor(text, options, diagnostics)),
    diagnostics: diagnostics.all(),
  };
}

/** One type name: `struct page *`. */
export function parseTypeName(
  text: string,
  options: ParseOptions = {},
): { readonly type: TypeSyntax; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  return {
    type: wholeTypeName(parserFor(text, options, diagnostics)),
    diagnostics: diagnostics.all(),
  };
}

function parserFor(text: string, options: ParseOptions, diagnostics: Diagnostics): Parser {
  const { macros = new Map(), isTypeName = () => false } = options;
  const { tokens } = preprocess(lex(text, diagnostics), macros, diagnostics);
  return new Parser(text, tokens, diagnostics, isTypeName);
}
