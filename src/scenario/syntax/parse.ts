/**
 * The doors of the front end: a text goes in, a tree and its diagnostics come out. Nothing here throws.
 */
import type { Expr, Script, TypeSyntax } from './ast.js';
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import {
  preprocess,
  type BuildFacts,
  type MacroTable,
  type PragmaText,
  type PreprocessOptions,
} from './preprocess.js';
import { Sources } from './sources.js';
import { script, wholeExpression, wholeTypeName } from './grammar/statements.js';
import type { Token } from './token.js';
import { Parser, type IsTypeName } from './parser.js';

export interface ParseOptions {
  /** The typedefs of the profile. */
  readonly isTypeName?: IsTypeName;
  /** Macros in force before the text. */
  readonly macros?: MacroTable;
  readonly facts?: BuildFacts;
}

export interface ParsedScript {
  readonly script: Script;
  readonly pragmas: readonly PragmaText[];
  readonly macros: MacroTable;
  readonly diagnostics: readonly Diagnostic[];
  /** `struct x`, `enum y`: the tags that the text defines. */
  readonly tags: ReadonlySet<string>;
}

/** A scenario as far as it can be read before its types are known: its pragmas say which machine they are of. */
export interface ReadScript {
  readonly sources: Sources;
  readonly pragmas: readonly PragmaText[];
  /** Reads on, with what the kernel build says. */
  parse(isTypeName: IsTypeName, facts?: BuildFacts): ParsedScript;
}

export function readScript(
  text: string,
  options: Omit<PreprocessOptions, 'facts'> = { predefined: new Map() },
): ReadScript {
  const sources = new Sources(text);
  const problems = new Diagnostics();
  const blind = preprocess(sources, options, problems);
  return {
    sources,
    pragmas: blind.pragmas,
    parse: (isTypeName, facts) => {
      const diagnostics = new Diagnostics();
      const again = blind.asksBuild && facts !== undefined;
      const { tokens, pragmas, macros } = again
        ? preprocess(sources, { ...options, facts }, diagnostics)
        : blind;
      if (!again) diagnostics.addAll(problems.all());
      const tree = script(new Parser(sources, tokens, diagnostics, isTypeName));
      const tags = definedTags(tokens);
      return { script: tree, pragmas, macros, diagnostics: diagnostics.all(), tags };
    },
  };
}

function definedTags(tokens: readonly Token[]): ReadonlySet<string> {
  const tags = new Set<string>();
  tokens.forEach(({ text }, i) => {
    if (text !== 'struct' && text !== 'union' && text !== 'enum') return;
    const tag = tokens[i + 1];
    if (tag?.kind === 'identifier' && tokens[i + 2]?.text === '{') tags.add(`${text} ${tag.text}`);
  });
  return tags;
}

export const parseScript = (text: string, options: ParseOptions = {}): ParsedScript =>
  readScript(text, { predefined: options.macros ?? new Map() }).parse(
    options.isTypeName ?? (() => false),
    options.facts,
  );

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
  const { macros = new Map(), isTypeName = () => false, facts } = options;
  const sources = new Sources(text);
  const { tokens } = preprocess(
    sources,
    { predefined: macros, ...(facts && { facts }) },
    diagnostics,
  );
  return new Parser(sources, tokens, diagnostics, isTypeName);
}
