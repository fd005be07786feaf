/**
 * The doors of the front end: a text goes in, a tree and its diagnostics come out. Nothing here throws.
 */
import type { Expr, Script, TypeSyntax } from './ast.js';
import type { IsTypeName } from './declarationParser.js';
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import { lex } from './lexer.js';
import { preprocess, type MacroTable, type PragmaText } from './preprocess.js';
import { StatementParser } from './statementParser.js';

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
      const script = new StatementParser(text, tokens, diagnostics, isTypeName).script();
      return { script, pragmas, macros, diagnostics: diagnostics.all() };
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
  const parser = parserFor(text, options, diagnostics);
  return { expression: parser.wholeExpression(), diagnostics: diagnostics.all() };
}

/** One type name: `struct page *`. */
export function parseTypeName(
  text: string,
  options: ParseOptions = {},
): { readonly type: TypeSyntax; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  const parser = parserFor(text, options, diagnostics);
  return { type: parser.wholeTypeName(), diagnostics: diagnostics.all() };
}

function parserFor(text: string, options: ParseOptions, diagnostics: Diagnostics): StatementParser {
  const { macros = new Map(), isTypeName = () => false } = options;
  const { tokens } = preprocess(lex(text, diagnostics), macros, diagnostics);
  return new StatementParser(text, tokens, diagnostics, isTypeName);
}
