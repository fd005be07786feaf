/**
 * The preprocessor, as far as a scenario needs one: `#define` (object-like and function-like), `#undef`, and the pragmas.
 *
 * Tokens that come out of a macro's body carry the span of the macro's use; those of its arguments keep their own. So a
 * finding, a hover or a stop always points into what the user wrote.
 * Source: ISO C11 6.10.3; no `#` and no `##` except gcc's `, ##__VA_ARGS__`.
 */
import { Diagnostics } from './diagnostic.js';
import { lex } from './lexer.js';
import { spanOf, type Span } from './span.js';
import { suggestion } from './suggest.js';
import type { Token } from './token.js';

interface Macro {
  readonly name: string;
  /** Absent for an object-like macro. */
  readonly parameters?: readonly string[];
  readonly variadic: boolean;
  readonly body: readonly Token[];
}

export type MacroTable = ReadonlyMap<string, Macro>;

/** A `#pragma mmscope` line: the text after those words, and where it is. */
export interface PragmaText {
  readonly text: string;
  readonly span: Span;
}

export interface Preprocessed {
  readonly tokens: readonly Token[];
  readonly pragmas: readonly PragmaText[];
  /** Every macro in force at the end of the text. */
  readonly macros: MacroTable;
}

/** More expansions than any honest script has: what is left over is a macro bomb. */
const MAX_EXPANSIONS = 50_000;
const DIRECTIVES = ['define', 'undef', 'include', 'pragma', 'if', 'ifdef', 'ifndef', 'error'];

export function preprocess(
  tokens: readonly Token[],
  predefined: MacroTable,
  diagnostics: Diagnostics,
): Preprocessed {
  return new Preprocessor(predefined, diagnostics).run(tokens);
}

class Preprocessor {
  private readonly macros: Map<string, Macro>;
  private readonly pragmas: PragmaText[] = [];
  private readonly out: Token[] = [];
  private expansions = 0;

  constructor(
    predefined: MacroTable,
    private readonly diagnostics: Diagnostics,
  ) {
    this.macros = new Map(predefined);
  }

  run(tokens: readonly Token[]): Preprocessed {
    this.expand(tokens, new Set(), this.out, (token) => this.directive(token));
    return { tokens: this.out, pragmas: this.pragmas, macros: this.macros };
  }

  /** Appends `tokens`, macros replaced, to `out`. Names in `active` are being expanded and stay as they are. */
  private expand(
    tokens: readonly Token[],
    active: ReadonlySet<string>,
    out: Token[],
    onDirective?: (token: Token) => void,
  ): void {
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at] as Token;
      if (token.kind === 'directive') {
        onDirective?.(token);
        continue;
      }
      const macro = token.kind === 'identifier' ? this.macros.get(token.text) : undefined;
      if (macro === undefined || active.has(macro.name)) {
        out.push(token);
      } else if (!this.mayExpand(token)) {
        continue;
      } else if (macro.parameters === undefined) {
        this.expand(placedAt(macro.body, token), new Set(active).add(macro.name), out);
      } else if (tokens[at + 1]?.text === '(') {
        at = this.expandCall(macro, macro.parameters, tokens, at, active, out);
      } else {
        out.push(token);
      }
    }
  }

  private mayExpand(token: Token): boolean {
    if (++this.expansions === MAX_EXPANSIONS)
      this.diagnostics.error('bad-macro', token, 'the macros used here never stop expanding');
    return this.expansions < MAX_EXPANSIONS;
  }

  /** Expands `name ( arguments )` at `at`; returns the index of the closing parenthesis. */
  private expandCall(
    macro: Macro,
    parameters: readonly string[],
    tokens: readonly Token[],
    at: number,
    active: ReadonlySet<string>,
    out: Token[],
  ): number {
    const name = tokens[at] as Token;
    const { args, close } = splitArguments(tokens, at + 1);
    const closing = tokens[close];
    if (closing?.text !== ')') {
      this.diagnostics.error('bad-macro', name, `macro '${macro.name}' has no closing ')'`);
      out.push(standIn(name));
      return close - 1;
    }
    const empty = args.length === 1 && args[0]?.length === 0 && parameters.length === 0;
    const given = empty ? 0 : args.length;
    const use = spanOf(name.start, closing.end);
    if (given < parameters.length || (given > parameters.length && !macro.variadic)) {
      const needs = `${macro.variadic ? 'at least ' : ''}${parameters.length}`;
      this.diagnostics.error(
        'bad-macro',
        use,
        `macro '${macro.name}' takes ${needs} argument${parameters.length === 1 ? '' : 's'}, not ${given}`,
      );
      out.push(standIn(use));
      return close;
    }
    const byName = new Map<string, Token[]>();
    const expanded = args.map((arg) => {
      const result: Token[] = [];
      this.expand(arg, active, result);
      return result;
    });
    parameters.forEach((parameter, i) => byName.set(parameter, expanded[i] ?? []));
    if (macro.variadic) byName.set('__VA_ARGS__', joined(expanded.slice(parameters.length)));
    const body = substitute(macro.body, byName, use);
    this.expand(body, new Set(active).add(macro.name), out);
    return close;
  }

  private directive(token: Token): void {
    const match = /^#\s*([A-Za-z_]*)\s*/.exec(token.text);
    const word = match?.[1] ?? '';
    const from = match?.[0].length ?? 1;
    const span = spanOf(token.start, token.end);
    const rest = token.text
      .slice(from)
      .replace(/\/\/.*$|\/\*[^]*?\*\//g, (c) => ' '.repeat(c.length));
    switch (word) {
      case 'define':
        this.define(rest, token.start + from);
        break;
      case 'undef':
        this.macros.delete(rest.trim());
        break;
      case 'pragma':
        this.pragma(rest, token.start + from);
        break;
      case 'include':
        this.diagnostics.hint(
          'bad-directive',
          span,
          'no header is needed: every type, function and constant of the kernel is known already',
          { title: 'Remove the #include', span, replacement: '' },
        );
        break;
      case '':
        break;
      case 'error':
        this.diagnostics.error('bad-directive', span, `#error ${rest.trim()}`);
        break;
      case 'if':
      case 'ifdef':
      case 'ifndef':
      case 'elif':
      case 'else':
      case 'endif':
        this.diagnostics.error(
          'bad-directive',
          span,
          `#${word} is not supported: a scenario runs on one kernel; use if (...)`,
        );
        break;
      default: {
        const place = token.start + token.text.indexOf(word);
        const hint = suggestion(word, DIRECTIVES, spanOf(place, place + word.length));
        this.diagnostics.error(
          'bad-directive',
          span,
          `unknown directive #${word}${hint.text}`,
          hint.fix,
        );
      }
    }
  }

  private pragma(rest: string, offset: number): void {
    const match = /^mmscope\b\s*/.exec(rest);
    if (match === null) return;
    const text = rest.slice(match[0].length).trimEnd();
    const start = offset + match[0].length;
    this.pragmas.push({ text, span: spanOf(start, start + text.length) });
  }

  private define(text: string, offset: number): void {
    const match = /^([A-Za-z_$][\w$]*)(\(([^()]*)\))?/.exec(text);
    const name = match?.[1];
    if (name === undefined) {
      this.diagnostics.error(
        'bad-directive',
        spanOf(offset, offset + text.length),
        '#define needs a name',
      );
      return;
    }
    const listed = match?.[2] === undefined ? undefined : (match[3] ?? '').split(',');
    const names = listed?.map((word) => word.trim()).filter((word) => word !== '');
    const bad = names?.find((word) => !/^(\.\.\.|[A-Za-z_$][\w$]*)$/.test(word));
    if (bad !== undefined) {
      const at = offset + text.indexOf(bad);
      this.diagnostics.error(
        'bad-macro',
        spanOf(at, at + bad.length),
        `'${bad}' is not the name of a parameter`,
      );
      return;
    }
    const from = match?.[0].length ?? 0;
    const body = text.slice(from).replace(/##(?=\s*__VA_ARGS__)/g, '  ');
    const parameters = names?.filter((word) => word !== '...');
    this.macros.set(name, {
      name,
      ...(parameters && { parameters }),
      variadic: names?.includes('...') ?? false,
      body: this.lexBody(body, offset + from),
    });
  }

  private lexBody(body: string, offset: number): Token[] {
    const problems = new Diagnostics();
    const tokens = lex(body, problems).slice(0, -1);
    for (const { code, message, span } of problems.all())
      this.diagnostics.error(code, spanOf(span.start + offset, span.end + offset), message);
    // A '#' in first place looks like a directive to the lexer; no macro body begins with one.
    return tokens.filter((token) => token.kind !== 'directive');
  }
}

/** The macros that a text of `#define` lines makes. */
export function readMacros(text: string): MacroTable {
  const diagnostics = new Diagnostics();
  return preprocess(lex(text, diagnostics), new Map(), diagnostics).macros;
}

/** What the parser gets where an expansion failed: something that is not reported again. */
const standIn = (use: Span): Token => ({
  kind: 'number',
  text: '0',
  start: use.start,
  end: use.end,
});

const placedAt = (body: readonly Token[], use: Span): Token[] =>
  body.map((token) => ({ kind: token.kind, text: token.text, start: use.start, end: use.end }));

function joined(lists: readonly (readonly Token[])[]): Token[] {
  return lists.flatMap((list, i) => {
    const first = list[0];
    if (i === 0 || first === undefined) return [...list];
    return [
      { kind: 'punctuator' as const, text: ',', start: first.start, end: first.start },
      ...list,
    ];
  });
}

function substitute(
  body: readonly Token[],
  byName: ReadonlyMap<string, readonly Token[]>,
  use: Span,
): Token[] {
  const result: Token[] = [];
  for (const token of body) {
    const argument = token.kind === 'identifier' ? byName.get(token.text) : undefined;
    if (argument === undefined) result.push({ ...token, start: use.start, end: use.end });
    else {
      // `f(format, __VA_ARGS__)` with nothing to vary loses its comma.
      if (argument.length === 0 && token.text === '__VA_ARGS__' && result.at(-1)?.text === ',')
        result.pop();
      result.push(...argument);
    }
  }
  return result;
}

/** The arguments of a call whose `(` is at `open`, and the index of its `)` (or of where the search ended). */
function splitArguments(
  tokens: readonly Token[],
  open: number,
): { readonly args: Token[][]; readonly close: number } {
  const args: Token[][] = [[]];
  let depth = 0;
  let at = open + 1;
  for (; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (token.kind === 'end') break;
    if (depth === 0 && token.text === ')') break;
    if (depth === 0 && token.text === ',') {
      args.push([]);
      continue;
    }
    if (token.text === '(' || token.text === '[' || token.text === '{') depth++;
    else if (token.text === ')' || token.text === ']' || token.text === '}') depth--;
    if (token.kind !== 'directive') args.at(-1)?.push(token);
  }
  return { args, close: at };
}
