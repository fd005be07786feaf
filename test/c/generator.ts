/**
 * Random C programs whose behaviour C and gcc define wholly: `generate(seed)` gives a function `void test_SEED(void)` and what it
 * needs. Nothing in them depends on the order in which operands are evaluated.
 *
 * What a program prints: the values of expressions, and every byte of objects that were zero before they were filled.
 */

import { Random } from './random.js';

const INTS = [
  ...['signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned int'],
  ...['long', 'unsigned long', 'long long', 'unsigned long long'],
] as const;
const CONSTANTS = [
  ...['0', '1', '2', '-1', '7', '127', '128', '-128', '255', '256', '32767', '32768', '65535'],
  ...['65536', '0x7fffffff', '0x80000000', '0xffffffff', '-0x7fffffff', '1000003', "'a'"],
  ...['0x7fffffffffffffffLL', '0xffffffffffffffffULL', '0x123456789abcdefLL', '3U', '5L', '9UL'],
];

interface Field {
  readonly name: string;
  readonly type: string;
  readonly width: number | undefined;
  readonly length: number | undefined;
  readonly struct: StructShape | undefined;
}

interface StructShape {
  readonly name: string;
  readonly kind: 'struct' | 'union';
  readonly fields: readonly Field[];
}

class Program {
  private readonly random: Random;
  private readonly lines: string[] = [];
  private readonly structs: StructShape[] = [];
  private readonly functions: { readonly name: string; readonly arity: number }[] = [];
  private readonly variadics: string[] = [];
  private counter = 0;
  /** Scalars in view that expressions may read and statements change. */
  private scalars: string[] = [];

  constructor(readonly seed: number) {
    this.random = new Random(seed);
  }

  private fresh(prefix: string): string {
    return `${prefix}${this.seed}_${this.counter++}`;
  }

  private emit(...lines: string[]): void {
    this.lines.push(...lines);
  }

  text(): string {
    const { random } = this;
    this.macros();
    for (let i = 1 + random.below(3); i > 0; i--) this.structs.push(this.struct(2));
    for (const shape of this.structs) this.emit(`${this.definition(shape)};`);
    for (let i = random.below(3); i > 0; i--) this.function();
    if (random.chance(60)) this.variadic();
    this.main();
    return `${this.lines.join('\n')}\n`;
  }

  // --- preprocessor --------------------------------------------------------------------------------------------------------

  private macros(): void {
    const { seed, random } = this;
    const value = random.below(100);
    this.emit(
      `#define VALUE${seed} ${value}`,
      `#define PASTE${seed}(a, b) a##b`,
      `#define NAME${seed}(a) PASTE${seed}(fn${seed}_, a)`,
      `#define TEXT${seed}(...) #__VA_ARGS__`,
      `#define EXPANDED${seed}(...) TEXT${seed}(__VA_ARGS__)`,
      `#define LARGER${seed}(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })`,
      `#define COUNT${seed}(...) COUNTED${seed}(0, ##__VA_ARGS__, 4, 3, 2, 1, 0)`,
      `#define COUNTED${seed}(z, a, b, c, d, n, ...) n`,
      `#if VALUE${seed} > ${random.below(100)} && defined(VALUE${seed}) || ${random.below(2)}`,
      `#define BRANCH${seed} ${random.below(10)}`,
      `#elif VALUE${seed} % 3 == 1`,
      `#define BRANCH${seed} 20`,
      `#else`,
      `#define BRANCH${seed} 30`,
      `#endif`,
    );
  }

  // --- structs -------------------------------------------------------------------------------------------------------------

  private struct(depth: number): StructShape {
    const { random } = this;
    const kind = random.chance(15) ? 'union' : 'struct';
    const fields: Field[] = [];
    for (let i = 1 + random.below(6); i > 0; i--) {
      const type = random.pick(INTS);
      const nested = depth > 0 && random.chance(12) && kind === 'struct';
      const bits = !nested && random.chance(40);
      const most = /long long/.test(type)
        ? 64
        : /long|int/.test(type)
          ? 32
          : /short/.test(type)
            ? 16
            : 8;
      fields.push({
        name: this.fresh('m'),
        type,
        width: bits ? 1 + random.below(most) : undefined,
        length: !bits && random.chance(25) ? 1 + random.below(4) : undefined,
        struct: nested ? this.struct(depth - 1) : undefined,
      });
    }
    return { name: this.fresh('s'), kind, fields };
  }

  private definition({ kind, name, fields }: StructShape): string {
    const { random } = this;
    const members = fields.map(({ name: field, type, width, length, struct }) => {
      if (struct !== undefined)
        return `${this.definition(struct)} ${field}${length === undefined ? '' : `[${length}]`};`;
      if (width === undefined) {
        const aligned = random.chance(5) ? ' __attribute__((aligned(8)))' : '';
        return `${type} ${field}${length === undefined ? '' : `[${length}]`}${aligned};`;
      }
      const gap = random.chance(8) ? `${random.pick(INTS)} : 0; ` : '';
      return `${gap}${type} ${field} : ${width};`;
    });
    const packed = random.chance(12) && fields.every(({ width = 0 }) => width < 50);
    return `${kind} ${name} { ${members.join(' ')} }${packed ? ' __attribute__((packed))' : ''}`;
  }

  /** Paths to the scalars of a struct. */
  private paths({ kind, fields }: StructShape): string[] {
    return (kind === 'union' ? fields.slice(0, 1) : fields).flatMap(({ name, length, struct }) => {
      const steps = length === undefined ? [''] : Array.from({ length }, (_, i) => `[${i}]`);
      return steps.flatMap((step) =>
        struct === undefined
          ? [`.${name}${step}`]
          : this.paths(struct).map((inner) => `.${name}${step}${inner}`),
      );
    });
  }

  private initializer(shape: StructShape): string {
    const { random } = this;
    const items: string[] = [];
    let positional = true;
    for (const field of shape.kind === 'union' ? shape.fields.slice(0, 1) : shape.fields) {
      if (random.chance(20)) {
        positional = false;
        continue;
      }
      const designator = positional && random.chance(70) ? '' : `.${field.name} = `;
      positional = true;
      items.push(designator + this.fieldValue(field));
    }
    // A later value of the same member counts.
    const [again] = shape.fields;
    if (shape.kind === 'struct' && again !== undefined && random.chance(15))
      items.push(`.${again.name} = ${this.fieldValue(again)}`);
    return items.length === 0 ? '{ 0 }' : `{ ${items.join(', ')} }`;
  }

  private fieldValue({ length, struct }: Field): string {
    const { random } = this;
    const one = (): string =>
      struct === undefined ? random.pick(CONSTANTS) : this.initializer(struct);
    if (length === undefined) return one();
    const items = Array.from({ length: random.below(length + 1) }, one);
    if (length > 1 && random.chance(25))
      items.push(`[${random.below(length - 1)} ... ${length - 1}] = ${one()}`);
    return items.length === 0 ? '{ 0 }' : `{ ${items.join(', ')} }`;
  }

  // --- expressions ---------------------------------------------------------------------------------------------------------

  /** An integer expression without side effects. */
  private expression(depth: number): string {
    const { random } = this;
    const leaf = (): string =>
      this.scalars.length > 0 && random.chance(65)
        ? random.pick(this.scalars)
        : random.pick(CONSTANTS);
    if (depth === 0) return leaf();
    const a = (): string => this.expression(depth - 1);
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
        return `(${a()} ${random.pick(['+', '-', '*', '&', '|', '^'])} ${a()})`;
      case 3:
        return `(${a()} ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${a()})`;
      case 4:
        return `(${a()} ${random.pick(['&&', '||'])} ${a()})`;
      case 5:
        return `(${a()} ${random.pick(['<<', '>>'])} (${a()} & ${random.pick(['7', '15', '31'])}))`;
      case 6:
        return `(${a()} ${random.pick(['/', '%'])} ((${a()} & 0xff) + 1))`;
      case 7:
        return `(${random.pick(['-', '~', '!', '+'])} ${a()})`;
      case 8:
        return `((${random.pick(INTS)})${a()})`;
      case 9:
        return `(${a()} ? ${a()} : ${a()})`;
      case 10:
        return `(${a()} ?: ${a()})`;
      case 11:
        return `({ ${random.pick(INTS)} _t = ${a()}; ${random.chance(50) ? 'if (_t & 1) _t += 3; ' : ''}_t; })`;
      case 12:
        // A bit-field has no typeof.
        return `LARGER${this.seed}((${random.pick(INTS)})${a()}, (${random.pick(INTS)})${a()})`;
      case 13: {
        const fn = this.functions.length > 0 ? random.pick(this.functions) : undefined;
        if (fn === undefined) return a();
        return `${fn.name}(${Array.from({ length: fn.arity }, a).join(', ')})`;
      }
      case 14:
        return `_Generic((${random.pick(INTS)})${a()}${random.pick(['', ' + 1', ' - 1UL'])}, ${INTS.map((type, i) => `${type}: ${i}`).join(', ')})`;
      default:
        return `(${a()}, ${a()})`;
    }
  }

  // --- statements ----------------------------------------------------------------------------------------------------------

  private statement(depth: number, loops: number): string[] {
    const { random } = this;
    const target = random.pick(this.scalars);
    const body = (): string[] => [
      '{',
      ...this.statements(1 + random.below(2), depth - 1, loops),
      '}',
    ];
    switch (depth === 0 ? random.below(3) : random.below(9)) {
      case 0:
        return [`${target} = ${this.expression(3)};`];
      case 1:
        return [
          `${target} ${random.pick(['+=', '-=', '*=', '&=', '|=', '^='])} ${this.expression(2)};`,
        ];
      case 2:
        return [
          random.pick([`${target}++;`, `--${target};`, `${target} <<= 1;`, `${target} >>= 2;`]),
        ];
      case 3:
        return [`if (${this.expression(2)})`, ...body(), 'else', ...body()];
      case 4: {
        const i = this.fresh('i');
        if (loops > 1) return body();
        const inner = ['{', ...this.statements(2, depth - 1, loops + 1)];
        inner.push(
          random.chance(30) ? `if (${i} == 2) ${random.pick(['break', 'continue'])};` : '',
        );
        return [`for (int ${i} = 0; ${i} < ${1 + random.below(4)}; ${i}++)`, ...inner, '}'];
      }
      case 5: {
        const cases = [0, 1, 2, 3].filter(() => random.chance(70));
        const lines = cases.flatMap((n) => [
          random.chance(30) ? `case ${n * 8} ... ${n * 8 + 3}:` : `case ${n * 8}:`,
          ...this.statements(1, depth - 1, loops),
          random.chance(60) ? 'break;' : '',
        ]);
        if (random.chance(60)) lines.push('default:', ...this.statements(1, depth - 1, loops));
        return [`switch (${this.expression(2)} & 31) {`, ...lines, ';', '}'];
      }
      case 6: {
        const label = this.fresh('l');
        const skipped = this.statements(1, depth - 1, loops);
        return [`if (${this.expression(2)}) goto ${label};`, ...skipped, `${label}:;`];
      }
      case 7: {
        const [label, n] = [this.fresh('l'), this.fresh('n')];
        if (loops > 1) return body();
        return [
          '{',
          `int ${n} = 0;`,
          `${label}:`,
          ...this.statements(1, depth - 1, loops + 1),
          `if (++${n} < 3) goto ${label};`,
          '}',
        ];
      }
      default:
        return [`do`, ...body(), `while (0);`];
    }
  }

  private statements(count: number, depth: number, loops: number): string[] {
    return Array.from({ length: count }, () => this.statement(depth, loops)).flat();
  }

  // --- functions -----------------------------------------------------------------------------------------------------------

  private function(): void {
    const { random } = this;
    const name = this.fresh('f');
    const types = Array.from({ length: 1 + random.below(4) }, () => random.pick(INTS));
    const result = random.pick(INTS);
    // A prototype may name its parameters otherwise, or not at all.
    if (random.chance(50))
      this.emit(
        `static ${result} ${name}(${types.map((type, i) => (i % 2 ? type : `${type} z${i}`)).join(', ')});`,
      );
    const parameters = types.map((_, i) => `p${i}`);
    const outer = this.scalars;
    this.scalars = [...parameters];
    const callable = [...this.functions];
    const lines = this.statements(2, 2, 0);
    this.emit(
      `static ${result} ${name}(${types.map((type, i) => `${type} p${i}`).join(', ')})`,
      '{',
      ...lines,
      `return ${this.expression(2)};`,
      '}',
    );
    this.scalars = outer;
    this.functions.splice(0, Infinity, ...callable, { name, arity: types.length });
  }

  /** Adds up its arguments as their letters say. */
  private variadic(): void {
    const name = this.fresh('v');
    const [shape] = this.structs;
    const struct = shape === undefined ? 'struct nothing' : `${shape.kind} ${shape.name}`;
    this.emit(
      `static long long ${name}_list(const char *types, va_list args)`,
      '{',
      'long long sum = 0;',
      'for (; *types; types++)',
      'switch (*types) {',
      "case 'i': sum = sum * 3 + va_arg(args, int); break;",
      "case 'u': sum = sum * 5 + va_arg(args, unsigned int); break;",
      "case 'l': sum = sum * 7 + va_arg(args, long); break;",
      "case 'q': sum = sum * 11 + va_arg(args, long long); break;",
      "case 's': sum = sum * 13 + *va_arg(args, char *); break;",
      `case 't': { ${struct} t = va_arg(args, ${struct}); unsigned char *b = (unsigned char *)&t;`,
      'for (unsigned i = 0; i < sizeof(t); i++) sum = sum * 31 + b[i]; break; }',
      '}',
      'return sum;',
      '}',
      `static long long ${name}(const char *types, ...)`,
      '{',
      'va_list args, again;',
      'va_start(args, types);',
      'va_copy(again, args);',
      `long long sum = ${name}_list(types, args) + 2 * ${name}_list(types, again);`,
      'va_end(again);',
      'va_end(args);',
      'return sum;',
      '}',
    );
    this.variadics.push(name);
  }

  private variadicCall(name: string, struct: string | undefined): string {
    const { random } = this;
    const kinds = Array.from({ length: random.below(8) }, () =>
      random.pick(['i', 'u', 'l', 'q', 's', 't']),
    );
    const usable = kinds.filter((kind) => kind !== 't' || struct !== undefined);
    const casts: Readonly<Record<string, string>> = {
      i: 'int',
      u: 'unsigned int',
      l: 'long',
      q: 'long long',
    };
    const args = usable.map((kind) => {
      if (kind === 's') return `"${random.pick(['x', 'yes', '\\377z'])}"`;
      return kind === 't' ? (struct ?? '') : `(${casts[kind] ?? ''})${this.expression(1)}`;
    });
    return `${name}(${[`"${usable.join('')}"`, ...args].join(', ')})`;
  }

  private main(): void {
    const { random, seed } = this;
    const lines: string[] = [];
    const prints: string[] = [];
    for (let i = 0; i < 5; i++) {
      const name = this.fresh('x');
      lines.push(`${random.pick(INTS)} ${name} = ${random.pick(CONSTANTS)};`);
      this.scalars.push(name);
      prints.push(`printf("${name} %lld\\n", (long long)${name});`);
    }
    const objects = this.structs.map((shape) => {
      const name = this.fresh('o');
      const type = `${shape.kind} ${shape.name}`;
      lines.push(
        `static ${type} ${name} = ${this.initializer(shape)};`,
        `bytes("${name}", &${name}, sizeof(${name}));`,
      );
      lines.push(
        `printf("size %u align %u\\n", (unsigned)sizeof(${type}), (unsigned)_Alignof(${type}));`,
      );
      for (const path of this.paths(shape)) this.scalars.push(`${name}${path}`);
      prints.push(`bytes("${name}", &${name}, sizeof(${name}));`);
      return { name, type, shape };
    });
    for (const { name, type, shape } of objects) {
      const [copy, pointer] = [this.fresh('c'), this.fresh('q')];
      lines.push(`${type} ${copy} = ${name}, *${pointer} = &${copy};`);
      for (const path of this.paths(shape).slice(0, 3))
        this.scalars.push(`${pointer}->${path.slice(1)}`);
      prints.push(`bytes("${copy}", &${copy}, sizeof(${copy}));`);
    }
    const [length, text] = [2 + random.below(5), random.pick(['abc', '', '\\377\\n', 'x\\0y'])];
    const [array, string] = [this.fresh('a'), this.fresh('t')];
    lines.push(
      `${random.pick(INTS)} ${array}[${length}] = { [${random.below(length)}] = ${random.pick(CONSTANTS)}, };`,
      `char ${string}[] = "${text}" "${random.pick(['z', ''])}";`,
      `bytes("${string}", ${string}, sizeof(${string}));`,
    );
    for (let i = 0; i < length; i++) this.scalars.push(`${array}[${i}]`);
    prints.push(`bytes("${array}", ${array}, sizeof(${array}));`);
    lines.push(
      `printf("%s|%s|%d %d %d\\n", TEXT${seed}(VALUE${seed} + "a\\n" 'b'), EXPANDED${seed}(VALUE${seed} + 1), BRANCH${seed}, COUNT${seed}(), COUNT${seed}(a, b));`,
    );
    for (const name of this.variadics)
      for (let i = 0; i < 2; i++)
        lines.push(`printf("v %lld\\n", ${this.variadicCall(name, objects[0]?.name)});`);
    for (let i = 0; i < 6; i++) {
      lines.push(...this.statement(3, 0));
      lines.push(`printf("e %lld\\n", (long long)${this.expression(3)});`);
    }
    this.emit(`static void test_${seed}(void)`, '{', ...lines, ...prints, '}');
  }
}

export const generate = (seed: number): string => new Program(seed).text();
