/**
 * Replacing macros. A use is replaced and looked at again together with what follows it, and a token that came out of a macro
 * cannot name that macro again: each carries the set of those it came out of (Prosser's algorithm, as WG14 N1124 has it).
 *
 * Source: ISO C11 6.10.3.
 */
import { counted } from '../../engine/view/counted.js';
import type { Diagnostics } from './diagnostic.js';
import type { Inputs } from './inputs.js';
import {
  hideAlso,
  intersection,
  isHidden,
  substituted,
  type Argument,
  type Macro,
} from './macros.js';
import { before, BEHIND, isPadding, trimmed } from './padding.js';
import { spanOf, type Span } from './span.js';
import type { SpecialMacros } from './specialMacros.js';
import type { HideSet, Token } from './token.js';

/** More expansions than any honest scenario has: what is left over is a macro bomb. */
const MAX_EXPANSIONS = 1_000_000;

export class Expander {
  private expansions = 0;
  private conditionDepth = 0;
  /** What is expanded is an argument, in which `#` may look for white space. */
  private keepsPadding = false;
  /** The last token that came out. */
  private previous: Token | undefined;

  constructor(
    readonly table: Map<string, Macro>,
    private readonly inputs: Inputs,
    private readonly special: SpecialMacros,
    private readonly diagnostics: Diagnostics,
    private readonly onDirective: (token: Token) => void,
  ) {}

  /** Everything that is left, with macros replaced. */
  expandAll(out: Token[]): void {
    for (;;) {
      const token = this.inputs.next();
      if (token === undefined) return;
      if (token.kind === 'directive') {
        this.onDirective(token);
        continue;
      }
      if (token.kind === 'padding') {
        if (this.keepsPadding) out.push(token);
        continue;
      }
      if (token.kind === 'identifier' && this.replace(token)) continue;
      out.push(token);
      this.previous = token;
    }
  }

  /** The tokens with their macros replaced, apart from everything else. */
  expandList(tokens: readonly Token[], inCondition = false, keepsPadding = false): Token[] {
    const { previous, keepsPadding: kept } = this;
    const out: Token[] = [];
    this.keepsPadding = keepsPadding;
    if (inCondition) this.conditionDepth++;
    this.inputs.apart(tokens, () => {
      this.expandAll(out);
    });
    if (inCondition) this.conditionDepth--;
    this.previous = previous;
    this.keepsPadding = kept;
    return out;
  }

  /** Puts what a name stands for in front of what follows it; false if it stands for itself. */
  private replace(token: Token): boolean {
    const macro =
      this.table.get(token.text) ?? this.special.ofBuild(token.text, this.conditionDepth > 0);
    if (macro === undefined || isHidden(token, macro.name)) return false;
    if (macro.parameters === undefined) {
      if (!this.mayExpand(token)) return true;
      const hidden = hideAlso(token.hidden, macro.name);
      this.put(macro, new Map<string, Argument>(), token, token, hidden);
      return true;
    }
    if (this.inputs.peekText() !== '(') return false;
    return this.replaceCall(macro, macro.parameters, token);
  }

  private put(
    macro: Macro,
    args: ReadonlyMap<string, Argument>,
    name: Token,
    span: Span,
    hidden: HideSet | undefined,
  ): void {
    const special = this.special.tokens(macro, args, span);
    const tokens =
      special ??
      substituted({
        macro,
        args,
        span,
        hidden,
        report: (message) => {
          this.diagnostics.error('bad-macro', spanOf(span.start, span.end), message);
        },
      });
    this.inputs.push([before(name), ...tokens, BEHIND]);
  }

  private mayExpand(token: Token): boolean {
    if (++this.expansions === MAX_EXPANSIONS)
      this.diagnostics.error('bad-macro', token, 'the macros used here never stop expanding');
    return this.expansions < MAX_EXPANSIONS;
  }

  /** A macro with parameters, whose arguments come next. */
  private replaceCall(macro: Macro, parameters: readonly string[], name: Token): boolean {
    const { previous } = this;
    const read = this.readArguments();
    const closing = read.closing;
    if (closing === undefined) {
      this.diagnostics.error('bad-macro', name, `macro '${macro.name}' has no closing ')'`);
      this.inputs.push([standIn(name)]);
      return true;
    }
    if (macro.predefined === true && this.isDefinition(macro, previous, closing)) {
      // The scenario has a function of that name: from here on it means that one.
      this.table.delete(macro.name);
      this.inputs.push([name, ...read.raw]);
      return true;
    }
    if (!this.mayExpand(name)) return true;
    const { args } = read;
    const none = args.length === 1 && trimmed(args[0] ?? []).length === 0;
    const given = none && parameters.length === 0 ? 0 : args.length;
    const use = spanOf(Math.min(name.start, closing.start), Math.max(name.end, closing.end));
    const onlyEmpty = none && parameters.length === 1 && macro.predefined === true;
    if (
      given < parameters.length ||
      onlyEmpty ||
      (given > parameters.length && macro.rest === undefined)
    ) {
      const least = macro.rest === undefined ? '' : 'at least ';
      const count = `${least}${counted(parameters.length, 'argument')}`;
      const message = `macro '${macro.name}' takes ${count}, not ${onlyEmpty ? 0 : given}`;
      this.diagnostics.error('bad-macro', use, message);
      this.inputs.push([standIn(use)]);
      return true;
    }
    const byName = new Map<string, Argument>();
    parameters.forEach((parameter, i) => byName.set(parameter, this.argument(args[i] ?? [])));
    if (macro.rest !== undefined) {
      const rest = joined(args.slice(parameters.length), read.commas, parameters.length);
      const omitted = given === parameters.length || (none && parameters.length === 0);
      byName.set(macro.rest, { ...this.argument(rest), omitted });
    }
    const hidden = hideAlso(intersection(name.hidden, closing.hidden), macro.name);
    this.put(macro, byName, name, use, hidden);
    return true;
  }

  private argument(tokens: readonly Token[]): Argument {
    const written = trimmed(tokens);
    let expanded: readonly Token[] | undefined;
    return { written, expanded: () => (expanded ??= this.expandList(written, false, true)) };
  }

  /** Takes `( ... )`: the arguments, the tokens as they were, and the parenthesis that closes them. */
  private readArguments(): {
    readonly args: Token[][];
    readonly commas: readonly Token[];
    readonly raw: readonly Token[];
    readonly closing: Token | undefined;
  } {
    const args: Token[][] = [[]];
    const raw: Token[] = [];
    const commas: Token[] = [];
    let depth = 0;
    for (;;) {
      const token = this.inputs.next();
      if (token === undefined) return { args, commas, raw, closing: undefined };
      if (token.kind === 'directive') {
        this.onDirective(token);
        continue;
      }
      if (isPadding(token)) {
        args.at(-1)?.push(token);
        continue;
      }
      raw.push(token);
      const text = token.kind === 'punctuator' ? token.text : '';
      if (text === '(' && depth++ === 0) continue;
      if (text === ')' && --depth === 0) return { args, commas, raw, closing: token };
      if (text === ',' && depth === 1) {
        args.push([]);
        commas.push(token);
      } else args.at(-1)?.push(token);
    }
  }

  /** `void swap(int *a, int *b) {`, `void swap(int *, int *);`: two names in a row begin only a declaration. */
  private isDefinition(macro: Macro, before: Token | undefined, closing: Token): boolean {
    const after = this.inputs.peekText();
    const [first] = macro.body;
    if (first === undefined || first.text === '__attribute__') return false;
    if (before === undefined || closing.hidden !== undefined) return false;
    if (after === '{') return before.kind === 'identifier' || before.text === '*';
    return after === ';' && before.kind === 'identifier' && !NOT_BEFORE_A_NAME.has(before.text);
  }
}

/** Words after which a name is no declaration's. */
const NOT_BEFORE_A_NAME: ReadonlySet<string> = new Set([
  ...['return', 'else', 'do', 'goto', 'case', 'sizeof', 'typeof', '_Alignof'],
  ...['static', 'extern', 'inline', 'const', 'volatile', 'register', 'typedef'],
]);

/** What the parser gets where an expansion failed: something that is not reported again. */
const standIn = (use: Span): Token => ({
  kind: 'number',
  text: '0',
  start: use.start,
  end: use.end,
});

/** The rest of the arguments, with the commas between them. */
function joined(
  lists: readonly (readonly Token[])[],
  commas: readonly Token[],
  before: number,
): Token[] {
  return lists.flatMap((list, i) => {
    const comma = i === 0 ? undefined : commas[before + i - 1];
    return comma === undefined ? [...list] : [comma, ...list];
  });
}
