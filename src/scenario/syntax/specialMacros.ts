/**
 * Names that only the preprocessor or the kernel build can tell: where a token stands, how often something was asked, and what
 * the build's options are.
 *
 * Source: ISO C11 6.10.8; gcc's __COUNTER__; Linux 6.1 include/linux/kconfig.h (IS_ENABLED).
 */
import { Diagnostics } from './diagnostic.js';
import type { FileNames } from './fileNames.js';
import { lex } from './lexer.js';
import type { Argument, Macro } from './macros.js';
import type { Span } from './span.js';
import type { Token } from './token.js';

/**
 * What the kernel build says about a name that no macro has: the text that stands for it. Some names mean something only in
 * a condition.
 */
export type BuildFacts = (name: string, inCondition: boolean) => string | undefined;

export class SpecialMacros {
  private counter = 0;
  /** Something depends on the build: with other facts the tokens may be others. */
  asksBuild = false;

  constructor(
    private readonly table: ReadonlyMap<string, Macro>,
    private readonly names: FileNames,
    /** Absent while it is not known which build the text is for. */
    private readonly facts: BuildFacts | undefined,
    /** How many files are open. */
    private readonly depth: () => number,
  ) {}

  /** The macro that the build makes of a name. */
  ofBuild(name: string, inCondition: boolean): Macro | undefined {
    if (!inCondition && !name.startsWith('CONFIG_') && !BUILD_NAMES.has(name)) return undefined;
    this.asksBuild = true;
    const fact = this.facts?.(name, inCondition);
    return fact === undefined ? undefined : textMacro(name, fact);
  }

  isDefined(name: string): boolean {
    if (this.table.has(name)) return true;
    this.asksBuild = true;
    return this.facts?.(name, false) !== undefined;
  }

  /** What a macro stands for at a place; undefined for ordinary ones. */
  tokens(
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
        return number(this.depth() - 1);
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
      const macro = this.table.get(name);
      if (macro !== undefined) return macro.body.map(({ text }) => text).join(' ');
      this.asksBuild = true;
      return this.facts?.(name, false);
    };
    const builtIn = as !== 'module' && value(option) === '1';
    return builtIn || (as !== 'builtin' && value(`${option}_MODULE`) === '1');
  }
}

/** What the compiler defines by the target, and the kernel by its version: see buildFacts.ts. */
const BUILD_NAMES: ReadonlySet<string> = new Set([
  ...['__x86_64__', '__x86_64', '__i386__', '__i386', '__LP64__', '__ILP32__', 'BITS_PER_LONG'],
  ...['__SIZEOF_POINTER__', '__SIZEOF_LONG__', '__SIZEOF_SIZE_T__', 'LINUX_VERSION_CODE'],
  ...['UTS_RELEASE', '__BITS_PER_LONG', '__LONG_MAX__', 'VMALLOC_START'],
]);

export function textMacro(name: string, text: string): Macro {
  const body = lex(text, new Diagnostics(), { piece: true });
  body.pop();
  return { name, body };
}

export const stringMacro = (name: string, text: string): Macro => textMacro(name, quoted(text));

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
