/**
 * Macros: how a definition is read, and what takes the place of a use: parameters, `#`, `##`, the rest of the arguments.
 *
 * Tokens of a body get the span of the macro's use; those of arguments keep their own. So a finding, a hover or a stop always
 * points into what the user wrote.
 * Source: ISO C11 6.10.3; gcc's `args...` and `, ## args`; C23's __VA_OPT__.
 */
import { Diagnostics } from './diagnostic.js';
import { lex } from './lexer.js';
import { before, BEHIND, isPadding, spelling, trimmed } from './padding.js';
import { spanOf, type Span } from './span.js';
import type { HideSet, Token } from './token.js';

/** What only the preprocessor can tell. */
export type SpecialMacro = 'line' | 'file' | 'counter' | 'depth' | 'enabled' | 'builtin' | 'module';

export interface Macro {
  readonly name: string;
  /** Absent for an object-like macro. Those before the rest of the arguments. */
  readonly parameters?: readonly string[];
  /** What stands for the rest of the arguments: `__VA_ARGS__`, or a name of its own. */
  readonly rest?: string | undefined;
  readonly body: readonly Token[];
  /** The kernel's or the compiler's: it gives way where the scenario defines a function of that name. */
  readonly predefined?: boolean;
  readonly special?: SpecialMacro;
}

export type MacroTable = ReadonlyMap<string, Macro>;

export interface MacroProblem {
  readonly span: Span;
  readonly message: string;
}

/** A definition: what follows `#define`, whose first character is at `offset`. */
export function readDefinition(
  text: string,
  offset: number,
  diagnostics: Diagnostics,
): Macro | MacroProblem {
  const match = /^([A-Za-z_$][\w$]*)(\(([^()]*)\))?/.exec(text);
  const name = match?.[1];
  if (name === undefined)
    return { span: spanOf(offset, offset + text.length), message: '#define needs a name' };
  if (name === 'defined')
    return {
      span: spanOf(offset, offset + name.length),
      message: "'defined' cannot be the name of a macro",
    };
  const after = match?.[0].length ?? 0;
  const body = lex(text.slice(after), diagnostics, { start: offset + after, piece: true });
  body.pop();
  if (match?.[2] === undefined) {
    if (text[after] === '(')
      return {
        span: spanOf(offset + after, offset + after + 1),
        message: "the parameters of this macro have no closing ')'",
      };
    return { name, body: withoutFirstSpace(body) };
  }
  const words = (match[3] ?? '').split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === '') words.pop();
  const last = /^([A-Za-z_$][\w$]*)?\s*\.\.\.$/.exec(words.at(-1) ?? '');
  const rest = last === null ? undefined : (last[1] ?? '__VA_ARGS__');
  const parameters = rest === undefined ? words : words.slice(0, -1);
  const bad = parameters.find((word) => !/^[A-Za-z_$][\w$]*$/.test(word));
  if (bad !== undefined) {
    const at = offset + Math.max(name.length, text.indexOf(bad, name.length));
    const message =
      bad === '' ? 'a parameter is missing' : `'${bad}' is not the name of a parameter`;
    return { span: spanOf(at, at + Math.max(1, bad.length)), message };
  }
  return { name, parameters, rest, body: withoutFirstSpace(body) };
}

function withoutFirstSpace(body: readonly Token[]): readonly Token[] {
  const [first, ...others] = body;
  return first === undefined ? body : [{ ...first, spaced: false }, ...others];
}

/** Whether two definitions are the same but for the amount of white space. */
export function sameDefinition(a: Macro, b: Macro): boolean {
  return (
    a.parameters?.join() === b.parameters?.join() &&
    a.rest === b.rest &&
    a.body.length === b.body.length &&
    a.body.every(({ text }, i) => text === b.body[i]?.text)
  );
}

// --- which macros a token came out of --------------------------------------------------------------------------------------

export function isHidden(token: Token, name: string): boolean {
  for (let at = token.hidden; at !== undefined; at = at.outer) if (at.name === name) return true;
  return false;
}

export function hideAlso(set: HideSet | undefined, name: string): HideSet {
  return { name, outer: set };
}

export function intersection(a: HideSet | undefined, b: HideSet | undefined): HideSet | undefined {
  let result: HideSet | undefined;
  for (let at = a; at !== undefined; at = at.outer)
    for (let other = b; other !== undefined; other = other.outer)
      if (at.name === other.name) result = { name: at.name, outer: result };
  return result;
}

function union(a: HideSet | undefined, b: HideSet | undefined): HideSet | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  let result = a;
  for (let at: HideSet | undefined = b; at !== undefined; at = at.outer) {
    const { name } = at;
    let known: HideSet | undefined = a;
    while (known !== undefined && known.name !== name) known = known.outer;
    if (known === undefined) result = { name, outer: result };
  }
  return result;
}

// --- what takes the place of a use -----------------------------------------------------------------------------------------

export interface Argument {
  readonly written: readonly Token[];
  /** Of the rest of the arguments: there is not even a comma for it. */
  readonly omitted?: boolean;
  /** With its macros replaced; worked out when it is needed. */
  readonly expanded: () => readonly Token[];
}

export interface MacroUse {
  readonly macro: Macro;
  readonly args: ReadonlyMap<string, Argument>;
  readonly span: Span;
  readonly hidden: HideSet | undefined;
  readonly report: (message: string) => void;
}

/** Stands where an argument is empty beside `##`. */
const PLACEMARKER: Token = { kind: 'punctuator', text: '', start: 0, end: 0 };

/** The tokens that take the place of a use. */
export function substituted(use: MacroUse): Token[] {
  const { span, hidden } = use;
  return replaced(use, use.macro.body)
    .filter((token) => token !== PLACEMARKER)
    .map((token) =>
      isPadding(token)
        ? token
        : {
            ...token,
            ...(token.start < 0 ? { start: span.start, end: span.end } : undefined),
            ...withHidden(union(token.hidden, hidden)),
          },
    );
}

const withHidden = (hidden: HideSet | undefined) => hidden && { hidden };

/** A token of the body, or made by it: its place is the use's. */
const placeless = (token: Token): Token => ({ ...token, start: -1, end: -1 });

function replaced(use: MacroUse, body: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (let i = 0; i < body.length; i++) {
    const token = body[i] as Token;
    if (token.text === '#' && use.macro.parameters !== undefined) {
      const arg = argumentOf(use, body[i + 1]);
      if (arg === undefined) {
        use.report("'#' is not followed by a parameter of the macro");
        continue;
      }
      out.push(stringified(arg.written, token.spaced ?? false));
      i++;
    } else if (token.text === '##' && token.kind === 'punctuator' && i > 0 && i + 1 < body.length) {
      i = pasteNext(use, body, i, out);
    } else if (isOptional(use, body, i)) {
      const close = closingOf(body, i + 1);
      if (i > 0) out.push(before(token));
      if (hasOptional(use)) out.push(...trimmed(replaced(use, body.slice(i + 2, close))));
      else out.push(PLACEMARKER);
      if (!isPaste(body[close + 1])) out.push(BEHIND);
      i = close;
    } else {
      const arg = argumentOf(use, token);
      if (arg === undefined) {
        out.push(placeless(token));
        continue;
      }
      if (i > 0) out.push(before(token));
      out.push(...argumentTokens(arg, isPaste(body[i + 1])));
    }
  }
  return out;
}

const isPaste = (token: Token | undefined): boolean =>
  token?.text === '##' && token.kind === 'punctuator';

/** An argument in the body: as it is written beside `##`, else expanded. */
function argumentTokens(arg: Argument, pasted: boolean): readonly Token[] {
  if (!pasted) return [...arg.expanded(), BEHIND];
  return arg.written.length === 0 ? [PLACEMARKER] : arg.written;
}

/** Joins what was last put out with what follows `##` at `i`; the index of the last token used. */
function pasteNext(use: MacroUse, body: readonly Token[], i: number, out: Token[]): number {
  const next = body[i + 1] as Token;
  while (out.length > 0 && isPadding(out.at(-1) as Token)) out.pop();
  const left = out.at(-1);
  let right: readonly Token[];
  let last = i + 1;
  if (isOptional(use, body, i + 1)) {
    last = closingOf(body, i + 2);
    right = hasOptional(use) ? trimmed(replaced(use, body.slice(i + 3, last))) : [PLACEMARKER];
  } else if (left?.text === ',' && next.text === use.macro.rest) {
    // gcc: `, ## args` loses its comma where they are left out, but not where they are empty; nothing is joined.
    const arg = argumentOf(use, next);
    if (arg?.omitted === true) out.pop();
    out.push(...(arg?.written ?? []), BEHIND);
    return last;
  } else {
    const arg = argumentOf(use, next);
    right = arg === undefined ? [placeless(next)] : arg.written;
  }
  const [first = PLACEMARKER, ...others] = right;
  if (left === undefined) out.push(first);
  else {
    out.pop();
    out.push(...joinedTokens(use, left, first));
  }
  out.push(...others);
  if (argumentOf(use, next) !== undefined && !isPaste(body[last + 1])) out.push(BEHIND);
  return last;
}

function joinedTokens(use: MacroUse, left: Token, right: Token): readonly Token[] {
  if (right === PLACEMARKER) return [left];
  if (left === PLACEMARKER) return [right];
  const problems = new Diagnostics();
  const tokens = lex(left.text + right.text, problems, { piece: true });
  const [made] = tokens;
  if (tokens.length === 2 && made !== undefined && problems.all().length === 0)
    return [{ ...placeless(made), spaced: left.spaced ?? false }];
  use.report(`'##' cannot join '${left.text}' and '${right.text}': they make no token together`);
  return [left, right];
}

function argumentOf({ args, macro }: MacroUse, token: Token | undefined): Argument | undefined {
  if (token?.kind !== 'identifier' || macro.parameters === undefined) return undefined;
  return args.get(token.text);
}

/** Whether there is anything for __VA_OPT__ to stand beside. */
const hasOptional = ({ args, macro }: MacroUse): boolean =>
  args
    .get(macro.rest ?? '')
    ?.expanded()
    .some((token) => !isPadding(token)) === true;

const isOptional = ({ macro }: MacroUse, body: readonly Token[], i: number): boolean =>
  macro.rest !== undefined && body[i]?.text === '__VA_OPT__' && body[i + 1]?.text === '(';

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i]?.text;
    if (text === '(') depth++;
    else if (text === ')' && --depth === 0) return i;
  }
  return tokens.length;
}

/** `#x`: the argument as a string. */
const stringified = (tokens: readonly Token[], spaced: boolean): Token => ({
  ...{ kind: 'string', text: `"${spelling(tokens)}"`, start: -1, end: -1, spaced },
});
