/**
 * The preprocessor: macros, conditions, included files, pragmas. It hands the parser tokens, and the rest of the front end
 * the pragmas that are its own.
 * Here are the directives; expander.ts replaces macros, conditionals.ts leaves parts out, inputs.ts says where tokens come from.
 *
 * Source: ISO C11 6.10; gcc's push_macro, __COUNTER__, `#include` guards by `#pragma once`.
 */
import { Conditionals } from './conditionals.js';
import { directiveOf, type Directive } from './directive.js';
import { Diagnostics } from './diagnostic.js';
import { Expander } from './expander.js';
import { FileNames } from './fileNames.js';
import { Inputs } from './inputs.js';
import { lex } from './lexer.js';
import { readDefinition, sameDefinition, type Macro, type MacroTable } from './macros.js';
import { readPragma, type PragmaText } from './pragmas.js';
import { headerPath, type FindInclude, type Sources } from './sources.js';
import { spanOf, type Span } from './span.js';
import { SpecialMacros, stringMacro, textMacro, type BuildFacts } from './specialMacros.js';
import { suggestion } from './suggest.js';
import type { Token } from './token.js';

export type { MacroTable } from './macros.js';
export type { PragmaText } from './pragmas.js';
export type { BuildFacts } from './specialMacros.js';

export interface PreprocessOptions {
  readonly predefined: MacroTable;
  /** The scenario's file name. */
  readonly name?: string | undefined;
  /** Absent while it is not known which build the text is for. */
  readonly facts?: BuildFacts;
  readonly findInclude?: FindInclude | undefined;
  /** The text of a header of the C library, where it declares anything. */
  readonly header?: (name: string) => string | undefined;
}

export interface Preprocessed {
  readonly tokens: readonly Token[];
  readonly pragmas: readonly PragmaText[];
  /** Every macro in force at the end of the text. */
  readonly macros: MacroTable;
  /** Something depends on the build: with other facts the tokens may be others. */
  readonly asksBuild: boolean;
}

/** Files inside each other. */
const MAX_DEPTH = 40;
const DIRECTIVES = [
  ...['define', 'undef', 'include', 'pragma', 'if', 'ifdef', 'ifndef', 'elif', 'else', 'endif'],
  ...['error', 'warning', 'line'],
];
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

class Preprocessor {
  private readonly macros: Map<string, Macro>;
  private readonly pragmas: PragmaText[] = [];
  /** What `#pragma push_macro` put aside. */
  private readonly pushed = new Map<string, (Macro | undefined)[]>();
  private readonly once = new Set<string>();
  private readonly names: FileNames;
  private readonly inputs: Inputs;
  private readonly special: SpecialMacros;
  private readonly expander: Expander;
  private readonly conditionals: Conditionals;

  constructor(
    private readonly sources: Sources,
    private readonly options: PreprocessOptions,
    private readonly diagnostics: Diagnostics,
  ) {
    this.macros = new Map(options.predefined);
    this.names = new FileNames(sources, options.name ?? 'scenario');
    if (!this.macros.has('KBUILD_MODNAME'))
      this.macros.set('KBUILD_MODNAME', stringMacro('KBUILD_MODNAME', this.names.moduleName));
    const { macros, names } = this;
    this.inputs = new Inputs((file) => {
      this.conditionals.close(file);
    });
    const { inputs } = this;
    this.special = new SpecialMacros(macros, names, options.facts, () => inputs.depth);
    const { special } = this;
    this.expander = new Expander(macros, inputs, special, diagnostics, (token) => {
      this.directive(token);
    });
    this.conditionals = new Conditionals(inputs, this.expander, special, diagnostics);
  }

  run(): Preprocessed {
    const out: Token[] = [];
    this.inputs.open(this.sources.main);
    this.expander.expandAll(out);
    const { length } = this.sources.main.text;
    out.push({ kind: 'end', text: '', start: length, end: length });
    this.diagnostics.addAll(
      this.inputs.lexed.filter(({ span }) => !this.conditionals.isLeftOut(span)),
    );
    const tokens = out.filter((token) => token.kind !== 'stray');
    for (const token of out) this.judge(token);
    const { pragmas, macros } = this;
    return { tokens, pragmas, macros, asksBuild: this.special.asksBuild };
  }

  private judge({ kind, text, start, end }: Token): void {
    const hash = kind === 'punctuator' && (text === '#' || text === '##');
    if (!hash && kind !== 'stray') return;
    const why = hash
      ? "'#' and '##' can only be used in the definition of a macro"
      : 'C has no such character outside strings and comments';
    this.diagnostics.error('stray-character', spanOf(start, end), `stray '${text}': ${why}`);
  }

  private error(span: Span, message: string): void {
    this.diagnostics.error('bad-directive', span, message);
  }

  private directive(token: Token): void {
    const directive = directiveOf(token);
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
        this.conditionals.begin(directive);
        break;
      case 'elif':
      case 'elifdef':
      case 'elifndef':
      case 'else':
        this.conditionals.endPart(directive);
        break;
      case 'endif':
        this.conditionals.end(directive);
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
      const { body } = textMacro(name, `${name}(pr_fmt(format), ##args)`);
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
    const header = match[2] === undefined ? undefined : this.options.header?.(name);
    if (header !== undefined) {
      this.inputs.open(this.sources.include(headerPath(name), header));
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
    const found = findInclude?.(name, this.inputs.file.source.path);
    if (found === undefined) {
      const why = findInclude === undefined ? 'cannot be read here' : 'was not found';
      this.error(span, `"${name}" ${why}: files are looked for beside the one that includes them`);
      return;
    }
    if (this.once.has(found.path)) return;
    if (this.inputs.depth > MAX_DEPTH) {
      this.error(span, `files include each other more than ${MAX_DEPTH} deep`);
      return;
    }
    this.inputs.open(this.sources.include(found.path, found.text));
  }

  private spelled(text: string, span: Span): string {
    const tokens = lex(text, new Diagnostics(), { start: span.start, piece: true });
    tokens.pop();
    return this.expander
      .expandList(tokens)
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
        const { path } = this.inputs.file.source;
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
}
