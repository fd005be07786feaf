/**
 * Reads a C declaration: `struct page *`, `atomic_long_t vm_stat[10]`, `int (*)(void)`, `char * const[4]`.
 *
 * Source: C11 6.7.6 (declarators) and 6.7.7 (type names). Qualifiers and the kernel's annotations say nothing about layout and
 * are passed over. A tag the table does not carry becomes an incomplete type, as in C; a typedef or a word nobody knows makes
 * the declaration unreadable.
 */
import { BASE_TYPE_WORDS } from './baseTypes.js';
import type { CType, TypeTable } from './model.js';

export interface Declaration {
  /** '' when the declaration is a type name only. */
  readonly name: string;
  readonly type: CType;
}

const QUALIFIERS: ReadonlySet<string> = new Set([
  'const',
  'volatile',
  'restrict',
  '__restrict',
  '__percpu',
  '__rcu',
  '__user',
  '__iomem',
]);
const TOKEN = /[A-Za-z_]\w*|\d+|\.\.\.|[*()[\],:]/g;

/** The type that a type name means; undefined if it is not one. */
export function parseCType(text: string, table: TypeTable): CType | undefined {
  const declaration = parseDeclaration(text, table);
  return declaration?.name === '' ? declaration.type : undefined;
}

/** Type and name of a declaration, which may be abstract; undefined if the text is not one. */
export function parseDeclaration(text: string, table: TypeTable): Declaration | undefined {
  if (text.replace(TOKEN, '').trim() !== '') return undefined;
  const parser = new DeclarationParser(text.match(TOKEN) ?? [], table);
  const result = parser.declaration();
  return result !== undefined && parser.atEnd() ? result : undefined;
}

/** A member's declarator on its own, `*name[3]`, applied to a type that is already known. */
export function parseDeclarator(
  text: string,
  base: CType,
  table: TypeTable,
): Declaration | undefined {
  const parser = new DeclarationParser(text.match(TOKEN) ?? [], table);
  const result = parser.declarator(base);
  return result !== undefined && parser.atEnd() ? result : undefined;
}

/** Wraps the type to the left of a declarator into what the declarator says about it. */
type Wrap = (inner: CType) => CType;

class DeclarationParser {
  private at = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly table: TypeTable,
  ) {}

  atEnd(): boolean {
    return this.at === this.tokens.length;
  }

  declaration(): Declaration | undefined {
    const base = this.specifiers();
    return base === undefined ? undefined : this.declarator(base);
  }

  declarator(base: CType): Declaration | undefined {
    const shape = this.shape();
    return shape === undefined ? undefined : { name: shape.name, type: shape.wrap(base) };
  }

  private specifiers(): CType | undefined {
    const words: string[] = [];
    let named: CType | undefined;
    for (;;) {
      const token = this.tokens[this.at];
      if (token === undefined) break;
      if (QUALIFIERS.has(token)) this.at++;
      else if (named === undefined && BASE_TYPE_WORDS.has(token)) words.push(this.take());
      else if (named !== undefined || words.length > 0) break;
      else {
        named = this.namedType();
        if (named === undefined) return undefined;
      }
    }
    return named ?? (words.length > 0 ? this.table.base(words.join(' ')) : undefined);
  }

  private namedType(): CType | undefined {
    const word = this.take();
    if (word !== 'struct' && word !== 'union' && word !== 'enum') return this.table.typedef(word);
    const tag = this.take();
    if (!/^[A-Za-z_]/.test(tag)) return undefined;
    if (word === 'enum') return this.table.enum(tag);
    const known = word === 'struct' ? this.table.struct(tag) : this.table.union(tag);
    return known ?? { kind: word, name: tag, sizeBytes: 0, complete: false, members: [] };
  }

  /** declarator: `*`... then a name, or a declarator in parentheses, or nothing; then `[n]` and `(parameters)`. */
  private shape(): { readonly name: string; readonly wrap: Wrap } | undefined {
    let pointers = 0;
    for (;;) {
      const token = this.tokens[this.at];
      if (token === '*') pointers++;
      else if (token === undefined || !QUALIFIERS.has(token)) break;
      this.at++;
    }
    let name = '';
    let outer: Wrap = (type) => type;
    const token = this.tokens[this.at];
    if (token === '(' && !this.startsParameters(this.at + 1)) {
      this.at++;
      const inner = this.shape();
      if (inner === undefined || this.take() !== ')') return undefined;
      ({ name, wrap: outer } = inner);
    } else if (token !== undefined && /^[A-Za-z_]/.test(token)) {
      name = this.take();
    }
    const suffixes = this.suffixes();
    if (suffixes === undefined) return undefined;
    return {
      name,
      wrap: (base) => {
        let type = base;
        for (let i = 0; i < pointers; i++) {
          type = { kind: 'pointer', target: type, sizeBytes: this.table.pointerSize };
        }
        for (const suffix of suffixes.toReversed()) type = suffix(type);
        return outer(type);
      },
    };
  }

  private suffixes(): Wrap[] | undefined {
    const suffixes: Wrap[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token === '[') {
        this.at++;
        const digits = this.tokens[this.at] === ']' ? '0' : this.take();
        if (!/^\d+$/.test(digits) || this.take() !== ']') return undefined;
        suffixes.push((element) => ({ kind: 'array', element, length: Number(digits) }));
      } else if (token === '(') {
        this.at++;
        const wrap = this.parameters();
        if (wrap === undefined) return undefined;
        suffixes.push(wrap);
      } else return suffixes;
    }
  }

  private parameters(): Wrap | undefined {
    const parameters: { name: string; type: CType }[] = [];
    let variadic = false;
    while (this.tokens[this.at] !== ')') {
      if (this.tokens[this.at] === '...') {
        this.at++;
        variadic = true;
      } else {
        const parameter = this.declaration();
        if (parameter === undefined) return undefined;
        parameters.push(parameter);
      }
      if (this.tokens[this.at] === ',') this.at++;
      else if (this.tokens[this.at] !== ')') return undefined;
    }
    this.at++;
    const [only] = parameters;
    const none = parameters.length === 1 && only?.type.kind === 'void' && only.name === '';
    return (result) => ({
      kind: 'function',
      result,
      parameters: none ? [] : parameters,
      variadic,
    });
  }

  /** Whether what follows `(` is a parameter list rather than a nested declarator. */
  private startsParameters(at: number): boolean {
    const token = this.tokens[at];
    if (token === undefined || token === '*' || token === '(' || token === '[') return false;
    if (token === ')' || token === '...') return true;
    if (QUALIFIERS.has(token) || BASE_TYPE_WORDS.has(token)) return true;
    if (token === 'struct' || token === 'union' || token === 'enum') return true;
    return this.table.typedef(token) !== undefined;
  }

  private take(): string {
    return this.tokens[this.at++] ?? '';
  }
}
