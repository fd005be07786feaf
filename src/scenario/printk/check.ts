/**
 * Whether the arguments of a printk fit its format: what gcc's -Wformat says, by kind and size.
 */
import { counted } from '../../engine/view/counted.js';
import { decodeUtf8 } from '../syntax/utf8.js';
import { parseFormat, type Conversion, type Dialect } from './format.js';

export interface GivenArgument {
  /** As C spells it. */
  readonly type: string;
  readonly pointer: boolean;
  readonly sizeBytes: number;
}

export interface FormatFinding {
  /** Index among the arguments after the format; past the last one when one is missing. */
  readonly argument: number;
  readonly message: string;
}

export function checkFormat(
  format: readonly number[],
  given: readonly GivenArgument[],
  pointerSize: 4 | 8,
  dialect: Dialect = 'printk',
): FormatFinding[] {
  const findings: FormatFinding[] = [];
  let next = 0;
  const need = (what: string, fits: (argument: GivenArgument) => boolean, by: string): void => {
    const argument = given[next];
    if (argument === undefined)
      findings.push({ argument: next, message: `the argument for '${by}' is missing` });
    else if (!fits(argument))
      findings.push({
        argument: next,
        message: `'${by}' prints ${what}, not a value of type '${argument.type}'`,
      });
    next++;
  };
  for (const piece of parseFormat(decodeUtf8(format), dialect)) {
    if (piece.kind === 'text') continue;
    if (piece.letter === '') {
      findings.push({
        argument: given.length,
        message: noConversion(piece.text, dialect),
      });
      return findings;
    }
    if (piece.letter === '%') continue;
    const isInt = (argument: GivenArgument) => !argument.pointer && argument.sizeBytes === 4;
    if (piece.width === '*') need('with a width of type int', isInt, piece.text);
    if (piece.precision === '*') need('with a precision of type int', isInt, piece.text);
    needValue(piece, pointerSize, need);
  }
  for (; next < given.length; next++)
    findings.push({ argument: next, message: 'the format has no conversion for this argument' });
  return findings;
}

function noConversion(text: string, dialect: Dialect): string {
  return dialect === 'printf' && /[aefgAEFG]$/.test(text)
    ? `'${text}' prints a floating-point number, which scenarios do not have`
    : `${dialect} has no conversion '${text}'`;
}

function needValue(
  { letter, qualifier, text }: Conversion,
  pointerSize: 4 | 8,
  need: (what: string, fits: (argument: GivenArgument) => boolean, by: string) => void,
): void {
  if (letter === 'p' || letter === 's') {
    const what = letter === 'p' ? 'a pointer' : 'a string';
    need(what, (argument) => argument.pointer, text);
    return;
  }
  const size = qualifier === 'll' ? 8 : /[lzt]/.test(qualifier) ? pointerSize : 4;
  need(
    `an integer of ${counted(size, 'byte')}`,
    (argument) => !argument.pointer && argument.sizeBytes === size,
    text,
  );
}
