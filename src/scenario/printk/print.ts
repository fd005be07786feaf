/**
 * printk(): a format and its arguments as the line the kernel would log, and the level in front of it.
 *
 * Source: Linux 6.1 lib/vsprintf.c: vsnprintf(); kernel/printk/printk.c: printk_parse_prefix().
 */
import { convert, naturalValue, type Repr, type Value } from '../semantics/arithmetic.js';
import { parseFormat, type Conversion } from './format.js';
import { formatNumber, widen } from './number.js';
import { formatPointer, formatString, type PrintServices, type Widths } from './pointer.js';

export type { PrintServices } from './pointer.js';

/** The text of a format with its arguments. */
export function vsprintf(services: PrintServices, format: string, args: Iterable<Value>): string {
  const iterator = args[Symbol.iterator]();
  const take = (): Value => {
    const next = iterator.next();
    return next.done === true ? 0 : next.value;
  };
  let text = '';
  for (const piece of parseFormat(format, services.dialect)) {
    if (piece.kind === 'text') text += piece.text;
    else if (piece.letter === '') break;
    else text += convertPiece(services, piece, take);
  }
  return text;
}

function convertPiece(services: PrintServices, written: Conversion, take: () => Value): string {
  if (written.letter === '%') return '%';
  const given = written.width === '*' ? Number(convert(take(), 'i32')) : written.width;
  const conversion = given !== undefined && given < 0 ? { ...written, left: true } : written;
  const width = given === undefined ? undefined : Math.abs(given);
  const precision =
    conversion.precision === '*'
      ? Math.max(0, Number(convert(take(), 'i32')))
      : conversion.precision;
  const widths: Widths = { width, precision };
  const value = take();
  switch (conversion.letter) {
    case 'c':
      return widen(String.fromCharCode(Number(convert(value, 'u8'))), conversion, width);
    case 's':
      return formatString(services, conversion, widths, value);
    case 'p':
      return services.dialect === 'printf'
        ? widen(addressText(services, value), conversion, width)
        : formatPointer(services, conversion, widths, value);
    default:
      return integer(services, conversion, widths, value);
  }
}

/** `%p` as the C library has it. */
const addressText = ({ profile }: PrintServices, value: Value): string => {
  const repr = reprOf('l', false, profile.pointerSize);
  const address = BigInt(naturalValue(convert(value, repr), repr));
  return address === 0n ? '(nil)' : `0x${address.toString(16)}`;
};

const BASES: Readonly<Record<string, 8 | 10 | 16>> = { o: 8, x: 16, X: 16 };

function integer(
  { profile }: PrintServices,
  conversion: Conversion,
  { width, precision }: Widths,
  value: Value,
): string {
  const { letter, qualifier, left, plus, space, special, zero } = conversion;
  const signed = letter === 'd' || letter === 'i';
  const repr = reprOf(qualifier, signed, profile.pointerSize);
  const number = BigInt(naturalValue(convert(value, repr), repr));
  const base = BASES[letter] ?? 10;
  const upper = letter === 'X';
  return formatNumber(number, {
    ...{ base, upper, signed, left, plus, space, special, zero, width, precision },
  });
}

function reprOf(qualifier: Conversion['qualifier'], signed: boolean, pointerSize: 4 | 8): Repr {
  switch (qualifier) {
    case 'hh':
      return signed ? 'i8' : 'u8';
    case 'h':
      return signed ? 'i16' : 'u16';
    case '':
      return signed ? 'i32' : 'u32';
    case 'll':
      return signed ? 'i64' : 'u64';
    case 'l':
    case 'z':
    case 't':
      if (pointerSize === 8) return signed ? 'i64' : 'u64';
      return signed ? 'i32' : 'u32';
  }
}

/** What stands for the level when none is given: default_message_loglevel. */
const DEFAULT_LEVEL = 4;

/** Takes `\001` and a level off the front of a text, and its newline off the end. */
export function splitLevel(text: string): {
  readonly level: number;
  readonly text: string;
  /** KERN_CONT: goes on with the line before. */
  readonly continues: boolean;
  /** It has no newline at its end. */
  readonly open: boolean;
} {
  const match = /^\x01([0-7c])/.exec(text); // eslint-disable-line no-control-regex -- KERN_SOH
  const prefix = match?.[1];
  const body = prefix === undefined ? text : text.slice(2);
  const line = body.endsWith('\n') ? body.slice(0, -1) : body;
  const continues = prefix === 'c';
  const level = prefix === undefined || continues ? DEFAULT_LEVEL : Number(prefix);
  return { level, text: line, continues, open: line === body };
}
