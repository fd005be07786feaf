/**
 * A printk format taken apart: text, and conversions with their flags, width, precision and qualifier.
 *
 *     %[flags][width][.precision][qualifier]letter        %p is followed by an extension of letters and digits: %pGp
 *
 * Source: Linux 6.1 lib/vsprintf.c: format_decode(); Documentation/core-api/printk-formats.rst.
 */

export interface Conversion {
  readonly kind: 'conversion';
  readonly left: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  readonly special: boolean;
  readonly zero: boolean;
  /** '*': the next argument. */
  readonly width: number | '*' | undefined;
  readonly precision: number | '*' | undefined;
  readonly qualifier: '' | 'h' | 'hh' | 'l' | 'll' | 'z' | 't';
  readonly letter: string;
  /** What follows `%p`. */
  readonly extension: string;
  /** As written. */
  readonly text: string;
}

export type Piece = { readonly kind: 'text'; readonly text: string } | Conversion;

/** Whose formats: the kernel's, or those of the C library, in which `%p` has no extensions. */
export type Dialect = 'printk' | 'printf';

const CONVERSION = /%([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(hh?|ll?|L|Z|z|t|j)?([^])?/y;
const LETTERS = 'diuoxXcsp%';

/** The pieces in order. A conversion that is not known ends the output: its letter is ''. */
export function parseFormat(format: string, dialect: Dialect = 'printk'): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf('%', at);
    if (percent !== at) {
      const end = percent < 0 ? format.length : percent;
      pieces.push({ kind: 'text', text: format.slice(at, end) });
      at = end;
      continue;
    }
    const conversion = parseConversion(format, percent, dialect);
    pieces.push(conversion);
    if (conversion.letter === '') break;
    at += conversion.text.length;
  }
  return pieces;
}

function parseConversion(format: string, at: number, dialect: Dialect): Conversion {
  CONVERSION.lastIndex = at;
  const match = CONVERSION.exec(format);
  const [text = '', flags = '', width, precision, qualifier = '', letter = ''] = match ?? [];
  const hasPrecision = text.includes('.');
  const extension =
    letter === 'p' && dialect === 'printk'
      ? (/^[A-Za-z0-9]*/.exec(format.slice(at + text.length))?.[0] ?? '')
      : '';
  const isKnown = LETTERS.includes(letter) && (qualifier !== 'j' || dialect === 'printf');
  return {
    kind: 'conversion',
    left: flags.includes('-'),
    plus: flags.includes('+'),
    space: flags.includes(' '),
    special: flags.includes('#'),
    zero: flags.includes('0'),
    width: width === undefined || width === '*' ? width : Number(width),
    // A lone point gives none: format_decode() takes only digits and `*` for a precision.
    precision: precision === '*' ? '*' : hasPrecision ? lone(precision) : undefined,
    qualifier: normalised(qualifier),
    letter: isKnown ? letter : '',
    extension,
    text: text + extension,
  };
}

const lone = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits);

/** `L`, `j` and `ll` are one, and so are `Z` and `z`. */
function normalised(qualifier: string): Conversion['qualifier'] {
  if (qualifier === 'L' || qualifier === 'j') return 'll';
  if (qualifier === 'Z') return 'z';
  return qualifier as Conversion['qualifier'];
}
