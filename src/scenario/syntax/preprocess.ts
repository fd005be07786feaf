/**
 * The preprocessor: macros, conditions, included files, pragmas. It hands the parser tokens, and the rest of the front end
 * the pragmas that are its own.
 *
 * A macro's use is replaced and looked at again together with what follows it, and a token that came out of a macro cannot
 * name that macro again: each carries the set of those it came out of (Prosser's algorithm, as WG14 N1124 describes it).
 * Invariant: what an `#if` leaves out leaves no token and no finding.
 * Source: ISO C11 6.10; gcc's push_macro, __COUNTER__, `#include` guards by `#pragma once`.
 */
import { readCondition } from './condition.js';
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import { lex } from './lexer.js';
import {
  hideAlso,
  intersection,
  isHidden,
  readDefinition,
  sameDefinition,
  substituted,
  type Argument,
  type Macro,
  type MacroTable,
} from './macros.js';
import { FileNames } from './fileNames.js';
import { readPragma, type PragmaText } from './pragmas.js';
import type { FindInclude, SourceFile, Sources } from './sources.js';
import { spanOf, type Span } from './span.js';
import { suggestion } from './suggest.js';
import type { HideSet, Token } from './token.js';

export type { MacroTable } from './macros.js';
export type { PragmaText } from './pragmas.js';

/**
 * What the kernel build says about a name that no macro has: the text that stands for it. Some names mean something only in
 * a condition.
 */
export type BuildFacts = (name: string, inCondition: boolean) => string | undefined;

export interface PreprocessOptions {
  readonly predefined: MacroTable;
  /** The scenario's file name. */
  readonly name?: string | undefined;
  /** Absent while it is not known which build the text is for. */
  readonly facts?: BuildFacts;
  readonly findInclude?: FindInclude | undefined;
}

export interface Preprocessed {
  readonly tokens: readonly Token[];
  readonly pragmas: readonly PragmaText[];
  /** Every macro in force at the end of the text. */
  readonly macros: MacroTable;
  /** Something depends on the build: with other facts the tokens may be others. */
  readonly asksBuild: boolean;
}

/** More expansions than any honest script has: what is left over is a macro bomb. */
const MAX_EXPANSIONS = 1_000_000;
/** Files inside each other. */
const MAX_DEPTH = 40;
const DIRECTIVES = [
  ...['define', 'undef', 'include', 'pragma', 'if', 'ifdef', 'ifndef', 'elif', 'else', 'endif'],
  ...['error', 'warning', 'line'],
];
/** Directives that stand between the parts of a condition. */
const PARTS: ReadonlySet<string> = new Set(['elif', 'elifdef', 'elifndef', 'else', 'endif']);
const OPENS: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef']);

/** The functions of the log that put pr_fmt() around their format. Source: include/linux/printk.h. */
const PREFIXED = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug', 'devel'].map(
  (level) => `pr_${level}`,
);

export function preprocess(
  sources: Sources,
  options: PreprocessOptions,
  diagnostics: Diagnostics,
): Preprocessed {
  return new Preprocessor(sources, options, diagnostics).run();
}

/** A directive taken apart. */
interface Directive {
  readonly word: string;
  readonly rest: string;
  /** Where the rest begins. */
  readonly offset: number;
  readonly span: Span;
  readonly wordSpan: Span;
}

interface Condition {
  readonly span: Span;
  /** One of its parts has held. */
  taken: boolean;
  hadElse: boolean;
}

/** Tokens still to be read: of a file, or what took the place of a macro's use. */
interface Input {
  readonly tokens: readonly Token[];
  at: number;
  readonly file?: FileInput;
}

interface FileInput {
  readonly source: SourceFile;
  readonly conditions: Condition[];
}

class Preprocessor {
  private readonly macros: Map<string, Macro>;
  private readonly pragmas: PragmaText[] = [];
  private inputs: Input[] = [];
  private expansions = 0;
  private counter = 0;
  private asksBuild = false;
  /** What `#pragma push_macro` put aside. */
  private readonly pushed = new Map<string, (Macro | undefined)[]>();
  private readonly once = new Set<string>();
  private readonly names: FileNames;
  /** Findings of the lexer, which count only outside of what is left out. */
  private readonly lexed: Diagnostic[] = [];
  private readonly leftOut: Span[] = [];
  private previous: Token | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly options: PreprocessOptions,
    private readonly diagnostics: Diagnostics,
  ) {
    this.macros = new Map(options.predefined);
    this.names = new FileNames(sources, options.name ?? 'scenario');
    if (!this.macros.has('KBUILD_MODNAME'))
      this.macros.set('KBUILD_MODNAME', this.stringMacro('KBUILD_MODNAME', this.names.moduleName));
  }

  run(): Preprocessed {
    const out: Token[] = [];
    this.open(this.sources.main);
    this.expandAll(out);
    const { length } = this.sources.main.text;
    out.push({ kind: 'end', text: '', start: length, end: length });
    this.diagnostics.addAll(
      this.lexed.filter(
        ({ span }) =>
          !this.leftOut.some(({ start, end }) => span.start >= start && span.end <= end),
      ),
    );
    for (const { kind, text, start, end } of out)
      if (kind === 'punctuator' && (text === '#' || text === '##'))
        this.diagnostics.error(
          'stray-character',
          spanOf(start, end),
          `stray '${text}': '#' and '##' can only be used in the definition of a macro`,
        );
    const { pragmas, macros, asksBuild } = this;
    return { tokens: out, pragmas, macros, asksBuild };
  }

  // --- where tokens come from -----------------------------------------------------------------------------------------------

  private open(source: SourceFile): void {
    const problems = new Diagnostics();
    const tokens = lex(source.text, problems, { start: source.start });
    tokens.pop();
    this.lexed.push(...problems.all());
    this.inputs.push({ tokens, at: 0, file: { source, conditions: [] } });
  }

  private next(): Token | undefined {
    for (;;) {
      const input = this.inputs.at(-1);
      if (input === undefined) return undefined;
      const token = input.tokens[input.at++];
      if (token !== undefined) return token;
      this.inputs.pop();
      if (input.file !== undefined) this.close(input.file);
    }
  }

  private close({ conditions }: FileInput): void {
    for (const { span } of conditions)
      this.diagnostics.error('bad-directive', span, 'this condition has no #endif');
  }

  /** The text of the token that comes next, wherever it comes from. */
  private peekText(): string | undefined {
    for (let i = this.inputs.length - 1; i >= 0; i--) {
      const input = this.inputs[i] as Input;
      const token = input.tokens[input.at];
      if (token !== undefined) return token.kind === 'string' ? '' : token.text;
    }
    return undefined;
  }

  /** The file that is being read. */
  private get file(): Input & { readonly file: FileInput } {
    const input = this.inputs.findLast(({ file }) => file !== undefined);
    if (input?.file === undefined) throw new Error('no file is open');
    return input as Input & { readonly file: FileInput };
  }

  // --- macros ---------------------------------------------------------------------------------------------------------------

  private expandAll(out: Token[]): void {
    for (;;) {
      const token = this.next();
      if (token === undefined) return;
      if (token.kind === 'directive') {
        this.directive(token);
        continue;
      }
      if (token.kind === 'identifier' && this.replace(token)) continue;
      out.push(token);
      this.previous = token;
    }
  }

  /** The tokens with their macros replaced, apart from everything else. */
  private expandList(tokens: readonly Token[], inCondition = false): Token[] {
    const { inputs, previous } = this;
    const out: Token[] = [];
    this.inputs = [{ tokens, at: 0 }];
    if (inCondition) this.conditionDepth++;
    this.expandAll(out);
    if (inCondition) this.conditionDepth--;
    this.inputs = inputs;
    this.previous = previous;
    return out;
  }

  private conditionDepth = 0;

  /** Puts what a name stands for in front of what follows it; false if it stands for itself. */
  private replace(token: Token): boolean {
    const macro = this.macros.get(token.text) ?? this.factMacro(token);
    if (macro === undefined || isHidden(token, macro.name)) return false;
    if (macro.parameters === undefined) {
      if (!this.mayExpand(token)) return true;
      const hidden = hideAlso(token.hidden, macro.name);
      this.put(macro, new Map<string, Argument>(), token, hidden);
      return true;
    }
    if (this.peekText() !== '(') return false;
    return this.replaceCall(macro, macro.parameters, token);
  }

  private put(
    macro: Macro,
    args: ReadonlyMap<string, Argument>,
    span: Span,
    hidden: HideSet | undefined,
  ): void {
    const special = this.specialTokens(macro, args, span);
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
    if (tokens.length > 0) this.inputs.push({ tokens, at: 0 });
  }

  private mayExpand(token: Token): boolean {
    if (++this.expansions === MAX_EXPANSIONS)
      this.diagnostics.error('bad-macro', token, 'the macros used here never stop expanding');
    return this.expansions < MAX_EXPANSIONS;
  }

  /** A macro with parameters, whose arguments come next. */
  private replaceCall(macro: Macro, parameters: readonly string[], name: Token): boolean {
    const before = this.previous;
    const read = this.readArguments();
    const closing = read.closing;
    if (closing === undefined) {
      this.diagnostics.error('bad-macro', name, `macro '${macro.name}' has no closing ')'`);
      this.inputs.push({ tokens: [standIn(name)], at: 0 });
      return true;
    }
    if (macro.predefined === true && this.isDefinition(macro, before, closing)) {
      // The script has a function of that name: from here on it means that one.
      this.macros.delete(macro.name);
      this.inputs.push({ tokens: [name, ...read.raw], at: 0 });
      return true;
    }
    if (!this.mayExpand(name)) return true;
    const { args } = read;
    const none = args.length === 1 && args[0]?.length === 0;
    const given = none && parameters.length === 0 ? 0 : args.length;
    const use = spanOf(Math.min(name.start, closing.start), Math.max(name.end, closing.end));
    const onlyEmpty = none && parameters.length === 1 && macro.predefined === true;
    if (
      given < parameters.length ||
      onlyEmpty ||
      (given > parameters.length && macro.rest === undefined)
    ) {
      const least = macro.rest === undefined ? '' : 'at least ';
      const count = `${least}${parameters.length} argument${parameters.length === 1 ? '' : 's'}`;
      const message = `macro '${macro.name}' takes ${count}, not ${onlyEmpty ? 0 : given}`;
      this.diagnostics.error('bad-macro', use, message);
      this.inputs.push({ tokens: [standIn(use)], at: 0 });
      return true;
    }
    const byName = new Map<string, Argument>();
    parameters.forEach((parameter, i) => byName.set(parameter, this.argument(args[i] ?? [])));
    if (macro.rest !== undefined)
      byName.set(
        macro.rest,
        this.argument(joined(args.slice(parameters.length), read.commas, parameters.length)),
      );
    const hidden = hideAlso(intersection(name.hidden, closing.hidden), macro.name);
    this.put(macro, byName, use, hidden);
    return true;
  }

  private argument(written: readonly Token[]): Argument {
    let expanded: readonly Token[] | undefined;
    return { written, expanded: () => (expanded ??= this.expandList(written)) };
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
      const token = this.next();
      if (token === undefined) return { args, commas, raw, closing: undefined };
      if (token.kind === 'directive') {
        this.directive(token);
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
    const after = this.peekText();
    const [first] = macro.body;
    if (first === undefined || first.text === '__attribute__') return false;
    if (before === undefined || closing.hidden !== undefined) return false;
    if (after === '{') return before.kind === 'identifier' || before.text === '*';
    return after === ';' && before.kind === 'identifier' && !NOT_BEFORE_A_NAME.has(before.text);
  }

  // --- names that only the preprocessor or the build knows -------------------------------------------------------------------

  private factMacro(token: Token): Macro | undefined {
    const { text } = token;
    const inCondition = this.conditionDepth > 0;
    if (!inCondition && !text.startsWith('CONFIG_') && !BUILD_NAMES.has(text)) return undefined;
    this.asksBuild = true;
    const fact = this.options.facts?.(text, inCondition);
    return fact === undefined ? undefined : this.textMacro(text, fact);
  }

  private textMacro(name: string, text: string): Macro {
    const body = lex(text, new Diagnostics(), { piece: true });
    body.pop();
    return { name, body };
  }

  private stringMacro(name: string, text: string): Macro {
    return this.textMacro(name, quoted(text));
  }

  private specialTokens(
    macro: Macro,
    args: ReadonlyMap<string, Argument>,
    span: Span,
  ): readonly Token[] | undefined {
    if (macro.special === undefined) return undefined;
    const number = (value: number): Token[] => [
      { kind: 'number', text: String(value), start: span.start, end: span.end },
    ];
    switch (macro.special) {
      case 'line':
        return number(this.names.lineAt(span.start));
      case 'counter':
        return number(this.counter++);
      case 'depth':
        return number(this.inputs.filter(({ file }) => file !== undefined).length - 1);
      case 'file': {
        const text = quoted(this.names.nameAt(span.start));
        return [{ kind: 'string', text, start: span.start, end: span.end }];
      }
      default: {
        const option = args.get('option')?.written[0]?.text ?? '';
        return number(this.isConfigured(option, macro.special) ? 1 : 0);
      }
    }
  }

  /** IS_ENABLED() and its like: of an option, or of any macro that is 1. */
  private isConfigured(option: string, as: 'enabled' | 'builtin' | 'module'): boolean {
    const value = (name: string): string | undefined => {
      const macro = this.macros.get(name);
      if (macro !== undefined) return macro.body.map(({ text }) => text).join(' ');
      this.asksBuild = true;
      return this.options.facts?.(name, false);
    };
    const builtIn = as !== 'module' && value(option) === '1';
    return builtIn || (as !== 'builtin' && value(`${option}_MODULE`) === '1');
  }

  // --- directives ------------------------------------------------------------------------------------------------------------

  private parts(token: Token): Directive {
    const match = /^#\s*([A-Za-z_]*)\s*/.exec(token.text);
    const word = match?.[1] ?? '';
    const from = match?.[0].length ?? 1;
    const at = token.start + token.text.indexOf(word);
    return {
      word,
      rest: withoutComments(token.text.slice(from)),
      offset: token.start + from,
      span: spanOf(token.start, token.end),
      wordSpan: spanOf(at, at + word.length),
    };
  }

  private error(span: Span, message: string): void {
    this.diagnostics.error('bad-directive', span, message);
  }

  private directive(token: Token): void {
    const directive = this.parts(token);
    const { word, rest, offset, span } = directive;
    switch (word) {
      case 'define':
        this.define(rest.trimEnd(), offset);
        break;
      case 'undef':
        this.undefine(rest.trim());
        break;
      case 'include':
        this.include(directive);
        break;
      case 'pragma':
        this.pragma(directive);
        break;
      case 'if':
      case 'ifdef':
      case 'ifndef':
        this.beginCondition(directive);
        break;
      case 'elif':
      case 'elifdef':
      case 'elifndef':
      case 'else':
        this.endPart(directive);
        break;
      case 'endif':
        if (this.file.file.conditions.pop() === undefined) this.error(span, '#endif without #if');
        break;
      case 'line':
        this.line(directive);
        break;
      case 'error':
        this.error(span, `#error ${rest.trim()}`);
        break;
      case 'warning':
        this.diagnostics.warning('bad-directive', span, `#warning ${rest.trim()}`);
        break;
      case 'ident':
      case 'sccs':
        break;
      case '':
        if (token.text.startsWith('#!'))
          this.diagnostics.hint(
            'bad-directive',
            span,
            "a line that begins with '#!' is passed over",
          );
        else if (rest.trim() !== '') this.error(span, "expected the name of a directive after '#'");
        break;
      default: {
        const hint = suggestion(word, DIRECTIVES, directive.wordSpan);
        const message = `unknown directive #${word}${hint.text}`;
        this.diagnostics.error('bad-directive', span, message, hint.fix);
      }
    }
  }

  private define(text: string, offset: number): void {
    const macro = readDefinition(text, offset, this.diagnostics);
    if ('message' in macro) {
      this.diagnostics.error('bad-macro', macro.span, macro.message);
      return;
    }
    const known = this.macros.get(macro.name);
    const nameSpan = spanOf(offset, offset + macro.name.length);
    if (known !== undefined && known.predefined !== true && !sameDefinition(known, macro))
      this.diagnostics.warning(
        'bad-macro',
        nameSpan,
        `'${macro.name}' is defined anew, and differently: write #undef ${macro.name} before it`,
      );
    this.macros.set(macro.name, macro);
    if (macro.name === 'pr_fmt') this.prefix(true);
  }

  private undefine(name: string): void {
    if (name === 'pr_fmt' && this.macros.has(name)) this.prefix(false);
    this.macros.delete(name);
  }

  /** With pr_fmt() defined, pr_info("...") and its like are pr_info(pr_fmt("...")). */
  private prefix(on: boolean): void {
    for (const name of PREFIXED) {
      const known = this.macros.get(name);
      if (known !== undefined && known.predefined !== true) continue;
      this.macros.delete(name);
      if (!on) continue;
      const { body } = this.textMacro(name, `${name}(pr_fmt(format), ##args)`);
      this.macros.set(name, { name, parameters: ['format'], rest: 'args', body, predefined: true });
    }
  }

  private include({ rest, span }: Directive): void {
    const expanded = /^["<]/.test(rest) ? rest : this.spelled(rest, span);
    const match = /^"([^"\n]+)"|^<([^>\n]+)>/.exec(expanded.trim());
    const name = match?.[1] ?? match?.[2];
    if (match === null || name === undefined) {
      this.error(span, 'write #include "file.h", or #include <linux/file.h>');
      return;
    }
    if (match[2] !== undefined) {
      this.diagnostics.hint(
        'bad-directive',
        span,
        'no header is needed: every type, function and constant of the kernel is known already',
        { title: 'Remove the #include', span, replacement: '' },
      );
      return;
    }
    const { findInclude } = this.options;
    const found = findInclude?.(name, this.file.file.source.path);
    if (found === undefined) {
      const why = findInclude === undefined ? 'cannot be read here' : 'was not found';
      this.error(span, `"${name}" ${why}: files are looked for beside the one that includes them`);
      return;
    }
    if (this.once.has(found.path)) return;
    if (this.inputs.filter(({ file }) => file !== undefined).length > MAX_DEPTH) {
      this.error(span, `files include each other more than ${MAX_DEPTH} deep`);
      return;
    }
    this.open(this.sources.include(found.path, found.text));
  }

  private spelled(text: string, span: Span): string {
    const tokens = lex(text, new Diagnostics(), { start: span.start, piece: true });
    tokens.pop();
    return this.expandList(tokens)
      .map(({ text: one, spaced }) => (spaced === true ? ` ${one}` : one))
      .join('');
  }

  private line({ rest, span, offset }: Directive): void {
    const text = /^\d+\s*("|$)/.test(rest) ? rest : this.spelled(rest, spanOf(offset, offset));
    const match = /^(\d+)(?:\s*"([^"\n]*)")?\s*$/.exec(text.trim());
    if (match === null) this.error(span, 'write #line NUMBER "file"');
    else this.names.renumber(span.start, Number(match[1]), match[2]);
  }

  private pragma({ rest, offset, span }: Directive): void {
    const pragma = readPragma(rest, offset, span);
    switch (pragma.kind) {
      case 'mmscope':
        this.pragmas.push(pragma.text);
        break;
      case 'push':
        this.pushed.set(pragma.name, [
          ...(this.pushed.get(pragma.name) ?? []),
          this.macros.get(pragma.name),
        ]);
        break;
      case 'pop': {
        const stack = this.pushed.get(pragma.name) ?? [];
        if (stack.length === 0) break;
        const macro = stack.pop();
        if (macro === undefined) this.undefine(pragma.name);
        else this.macros.set(pragma.name, macro);
        break;
      }
      case 'once': {
        const { path } = this.file.file.source;
        if (path !== undefined) this.once.add(path);
        break;
      }
      case 'finding': {
        const { severity, code, message, fix } = pragma.finding;
        this.diagnostics.addAll([
          { severity, code, message, span: pragma.finding.span, ...(fix && { fix }) },
        ]);
        break;
      }
    }
  }

  // --- conditions ------------------------------------------------------------------------------------------------------------

  private beginCondition(directive: Directive): void {
    const taken = this.holds(directive);
    this.file.file.conditions.push({ span: directive.span, taken, hadElse: false });
    if (!taken) this.skip(directive.span.end);
  }

  /** The part that was read ends: no other one of the same condition is. */
  private endPart({ word, span }: Directive): void {
    const condition = this.file.file.conditions.at(-1);
    if (condition === undefined) {
      this.error(span, `#${word} without #if`);
      return;
    }
    if (condition.hadElse) this.error(span, `#${word} after #else`);
    if (word === 'else') condition.hadElse = true;
    this.skip(span.end);
  }

  /** Leaves out what follows, up to the part that holds or the end of the condition. */
  private skip(from: number): void {
    const input = this.file;
    const { conditions, source } = input.file;
    const condition = conditions.at(-1) as Condition;
    let depth = 0;
    for (; input.at < input.tokens.length; input.at++) {
      const token = input.tokens[input.at] as Token;
      if (token.kind !== 'directive') continue;
      const directive = this.parts(token);
      if (OPENS.has(directive.word)) depth++;
      if (!PARTS.has(directive.word)) continue;
      if (depth > 0) {
        if (directive.word === 'endif') depth--;
        continue;
      }
      if (this.endsSkipping(directive, condition)) {
        input.at++;
        this.leftOut.push(spanOf(from, token.start));
        return;
      }
    }
    this.leftOut.push(spanOf(from, source.start + source.text.length));
  }

  private endsSkipping(directive: Directive, condition: Condition): boolean {
    if (directive.word === 'endif') {
      this.file.file.conditions.pop();
      return true;
    }
    if (condition.hadElse) this.error(directive.span, `#${directive.word} after #else`);
    if (directive.word === 'else') condition.hadElse = true;
    if (condition.taken) return false;
    const holds = directive.word === 'else' || this.holds(directive);
    condition.taken = holds;
    return holds;
  }

  private holds({ word, rest, offset, span }: Directive): boolean {
    if (word.endsWith('def')) {
      const name = /^[A-Za-z_$][\w$]*/.exec(rest)?.[0];
      if (name === undefined) {
        this.error(span, `#${word} needs the name of a macro`);
        return false;
      }
      return this.isDefined(name) !== word.endsWith('ndef');
    }
    const tokens = lex(rest, this.diagnostics, { start: offset, piece: true });
    tokens.pop();
    const defined = this.withoutDefined(tokens);
    const result = readCondition(this.expandList(defined, true), span);
    if (typeof result === 'boolean') return result;
    this.error(spanOf(result.span.start, result.span.end), result.message);
    return false;
  }

  private isDefined(name: string): boolean {
    if (this.macros.has(name)) return true;
    this.asksBuild = true;
    return this.options.facts?.(name, false) !== undefined;
  }

  /** `defined NAME` and `defined(NAME)` as 0 or 1. */
  private withoutDefined(tokens: readonly Token[]): Token[] {
    const result: Token[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] as Token;
      const parenthesised = tokens[i + 1]?.text === '(';
      const name = tokens[i + (parenthesised ? 2 : 1)];
      if (token.text !== 'defined' || name?.kind !== 'identifier') result.push(token);
      else {
        result.push({ ...token, kind: 'number', text: this.isDefined(name.text) ? '1' : '0' });
        i += parenthesised ? 3 : 1;
      }
    }
    return result;
  }
}

/** Words after which a name is no declaration's. */
const NOT_BEFORE_A_NAME: ReadonlySet<string> = new Set([
  ...['return', 'else', 'do', 'goto', 'case', 'sizeof', 'typeof', '_Alignof'],
  ...['static', 'extern', 'inline', 'const', 'volatile', 'register', 'typedef'],
]);

/** What the compiler defines by the target, and the kernel by its version: see buildFacts.ts. */
const BUILD_NAMES: ReadonlySet<string> = new Set([
  ...['__x86_64__', '__x86_64', '__i386__', '__i386', '__LP64__', '__ILP32__', 'BITS_PER_LONG'],
  ...['__SIZEOF_POINTER__', '__SIZEOF_LONG__', '__SIZEOF_SIZE_T__', 'LINUX_VERSION_CODE'],
  ...['UTS_RELEASE', '__BITS_PER_LONG', '__LONG_MAX__'],
]);

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Comments as spaces; what looks like one in a string stays. */
const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/.*$|\/\*[^]*?\*\//g, (piece) =>
    piece.startsWith('/') ? ' '.repeat(piece.length) : piece,
  );

/** The macros that a text of `#define` lines makes. */
export function readMacros(text: string): MacroTable {
  const table = new Map<string, Macro>();
  for (const line of text.split('\n')) {
    const match = /^#define (?=(\w+))/.exec(line);
    if (match?.[1] !== undefined) table.set(match[1], lazyMacro(match[1], line.slice(8)));
  }
  return table;
}

/** A predefined macro, read when it is used for the first time. */
function lazyMacro(name: string, text: string): Macro {
  let read: Macro | undefined;
  const macro = (): Macro => {
    if (read !== undefined) return read;
    const made = readDefinition(withoutComments(text).trimEnd(), 0, new Diagnostics());
    if ('message' in made) throw new Error(`${name}: ${made.message}`);
    return (read = made);
  };
  return {
    name,
    predefined: true,
    get parameters() {
      return macro().parameters;
    },
    get rest() {
      return macro().rest;
    },
    get body() {
      return macro().body;
    },
  } as Macro;
}

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
