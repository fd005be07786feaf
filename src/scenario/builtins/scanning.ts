/**
 * sscanf(): values read out of a text as a format says.
 *
 * Source: Linux 6.1 lib/vsprintf.c: vsscanf().
 */
import { bytesOf } from '../syntax/utf8.js';
import { convert, wrap64, type Repr, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { digitsOf } from './texts.js';

const SHRT_MAX = 0x7fff;
const SPACE = /[ \t-\r\xa0]/;

const isSpace = (text: string, at: number): boolean => SPACE.test(text[at] ?? '');

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (isSpace(text, at)) at++;
  return at;
}

/** `%5lu`: what stands between the percent sign and the conversion. */
interface Conversion {
  /** -1: none is given. */
  readonly width: number;
  readonly qualifier: string;
}

const SIZES: Readonly<Record<string, 1 | 2 | 8>> = { hh: 1, h: 2, ll: 8, L: 8 };

/** The text and how far it is read; stores go through pointers of the caller's. */
class Scan {
  private at = 0;
  private count = 0;
  private readonly pointers: Iterator<Value>;

  constructor(
    private readonly call: BuiltinCall,
    private readonly text: string,
    private readonly format: string,
    args: Iterable<Value>,
  ) {
    this.pointers = args[Symbol.iterator]();
  }

  /** How far the text is read. */
  get end(): number {
    return this.at;
  }

  run(): number {
    const { format } = this;
    let f = 0;
    while (f < format.length) {
      if (isSpace(format, f)) {
        f = skipSpaces(format, f);
        this.at = skipSpaces(this.text, this.at);
        continue;
      }
      if (format[f] !== '%') {
        if (format[f++] !== this.text[this.at++]) break;
        continue;
      }
      if (++f === format.length) break;
      if (format[f] === '*') {
        if (this.isAtEnd) break;
        while (f < format.length && !isSpace(format, f) && format[f] !== '%')
          if (format[f++] === '[') return this.count;
        while (this.at < this.text.length && !isSpace(this.text, this.at)) this.at++;
        continue;
      }
      const [all = '', digits = '', qualifier = ''] =
        /^(\d*)(hh|ll|[hlLz]?)/.exec(format.slice(f)) ?? [];
      const width = digits === '' ? -1 : Number(digits);
      if (width === 0) break;
      f += all.length;
      const kind = format[f++];
      if (kind === undefined) break;
      if (kind === 'n') {
        this.store(this.at, 4);
        continue;
      }
      if (this.isAtEnd) break;
      if (kind === '[') {
        const close = format.indexOf(']', f);
        if (width < 0 || close <= f || !this.set(format.slice(f, close), width)) break;
        f = close + 1;
      } else if (!this.convert(kind, { width, qualifier })) break;
    }
    return this.count;
  }

  private get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  private pointer(): Value {
    const next = this.pointers.next();
    return next.done === true ? 0 : next.value;
  }

  private store(value: Value, sizeBytes: 1 | 2 | 4 | 8): void {
    const repr: Repr = ({ 1: 'i8', 2: 'i16', 4: 'i32', 8: 'i64' } as const)[sizeBytes];
    this.call.memory.store(this.pointer(), sizeBytes, convert(value, repr));
  }

  private storeText(text: string, ending: string): void {
    const bytes = bytesOf(text + ending);
    this.call.memory.writeBytes(this.pointer(), bytes);
    this.count++;
  }

  /** False: the text does not go on as the format wants it. */
  private convert(kind: string, conversion: Conversion): boolean {
    const { width } = conversion;
    switch (kind) {
      case 'c':
        this.storeText(
          this.take(width < 0 ? 1 : width, () => true),
          '',
        );
        return true;
      case 's':
        this.at = skipSpaces(this.text, this.at);
        this.storeText(
          this.take(width < 0 ? SHRT_MAX : width, (at) => !isSpace(this.text, at)),
          '\0',
        );
        return true;
      case '%':
        return this.text[this.at++] === '%';
      case 'i':
        return this.number(0, true, conversion);
      case 'd':
        return this.number(10, true, conversion);
      case 'u':
        return this.number(10, false, conversion);
      case 'o':
        return this.number(8, false, conversion);
      case 'x':
      case 'X':
        return this.number(16, false, conversion);
      default:
        return false;
    }
  }

  private take(most: number, goesOn: (at: number) => boolean): string {
    const from = this.at;
    while (this.at - from < most && !this.isAtEnd && goesOn(this.at)) this.at++;
    return this.text.slice(from, this.at);
  }

  private set(characters: string, width: number): boolean {
    const isNegative = characters.startsWith('^');
    const wanted = isNegative ? characters.slice(1) : characters;
    if (wanted === '') return false;
    const found = this.take(width, (at) => wanted.includes(this.text[at] ?? '') !== isNegative);
    if (found === '') return false;
    this.storeText(found, '\0');
    return true;
  }

  private number(base: number, signed: boolean, { width, qualifier }: Conversion): boolean {
    this.at = skipSpaces(this.text, this.at);
    const rest = this.text.slice(this.at, width < 0 ? undefined : this.at + width);
    const minus = signed && rest.startsWith('-') ? 1 : 0;
    const digits = digitsOf(rest.slice(minus), base);
    if (digits === undefined) return false;
    const value = minus === 1 ? -digits.value : digits.value;
    const long = qualifier === 'l' || qualifier === 'z';
    const size = long ? this.call.profile.pointerSize : (SIZES[qualifier] ?? 4);
    this.store(wrap64(value), size);
    this.count++;
    this.at += minus + digits.end;
    return true;
  }
}

/** How many values a text gave, and how far it was read. */
export function scanText(
  call: BuiltinCall,
  text: string,
  format: string,
  args: Iterable<Value>,
): { readonly count: number; readonly end: number } {
  const scan = new Scan(call, text, format, args);
  const count = scan.run();
  return { count, end: Math.min(scan.end, text.length) };
}

const changes = true;

export const scanning: readonly Builtin[] = group('memory', 'lib/vsprintf.c', [
  {
    signature: 'int sscanf(const char *buf, const char *fmt, ...)',
    doc: 'Reads values out of a text as a format says: %d, %u, %x, %i, %o with h, l, ll, %s, %c, %5[a-z listed], %n. How many it has read.',
    changes,
    run: (call, buf, fmt, ...args) =>
      new Scan(call, call.string(buf), call.string(fmt), args).run(),
  },
  {
    signature: 'int vsscanf(const char *buf, const char *fmt, va_list args)',
    doc: 'Like sscanf, with its arguments in a list.',
    changes,
    run: (call, buf, fmt, list) =>
      new Scan(call, call.string(buf), call.string(fmt), call.variableArguments(list)).run(),
  },
]);
