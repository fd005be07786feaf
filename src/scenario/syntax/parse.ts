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

export function parseScript(text: string, options: ParseOptions = {}): ParsedScript {
  const diagnostics = new Diagnostics();
  const { parser, pragmas, macros } = parserFor(text, options, diagnostics);
  return { script: script(parser), pragmas, macros, diagnostics: diagnostics.all() };
}

/** One expression: a watch, a condition, what stands between the braces of a log point. */
export function parseExpression(
  text: string,
  options: ParseOptions = {},
): { readonly expression: Expr; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  const { parser } = parserFor(text, options, diagnostics);
  return { expression: wholeExpression(parser), diagnostics: diagnostics.all() };
}

/** One type name: `struct page *`. */
export function parseTypeName(
  text: string,
  options: ParseOptions = {},
): { readonly type: TypeSyntax; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  const { parser } = parserFor(text, options, diagnostics);
  return { type: wholeTypeName(parser), diagnostics: diagnostics.all() };
}

/** Only the pragmas: which machine a script wants must be known before its types can be. */
export function scanPragmas(text: string): readonly PragmaText[] {
  const diagnostics = new Diagnostics();
  return preprocess(lex(text, diagnostics), new Map(), diagnostics).pragmas;
}

function parserFor(text: string, options: ParseOptions, diagnostics: Diagnostics) {
  const tokens = lex(text, diagnostics);
  const {
    tokens: expanded,
    pragmas,
    macros,
  } = preprocess(tokens, options.macros ?? new Map(), diagnostics);
  const isTypeName = options.isTypeName ?? (() => false);
  const parser = new Parser(text, expanded, diagnostics, isTypeName);
  return { parser, pragmas, macros };
}
