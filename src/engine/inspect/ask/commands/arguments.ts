/**
 * Arguments of commands. An address is hexadecimal, with or without 0x; or a symbol (`init_uts_ns`, `linux_banner+8`); or, where an
 * evaluator is at hand, an expression of C without blanks (`&init_task.tasks`). Counts are decimal.
 */
import { Unanswerable, type Asked } from '../answer.js';
import { ulongOf } from '../../words.js';

/** @throws Unanswerable */
export function addressArgument(
  { k, value }: Asked,
  text: string | undefined,
  what: string,
): bigint {
  if (text === undefined) throw new Unanswerable(`Give ${what}.`);
  if (/^(0x)?[0-9a-f]+$/i.test(text)) return BigInt(text.startsWith('0x') ? text : `0x${text}`);
  const [, name, more] = /^&?([A-Za-z_][\w.$]*)(?:\+(0x[0-9a-f]+|\d+))?$/.exec(text) ?? [];
  const symbol = name === undefined ? undefined : k.findGlobal(name);
  if (symbol !== undefined)
    return BigInt.asUintN(k.pointerSize * 8, ulongOf(symbol, k.pointerSize) + BigInt(more ?? 0));
  if (value !== undefined && /[^\w]/.test(text)) return value(text);
  throw new Unanswerable(`'${text}' is neither an address nor a symbol of this kernel.`);
}

/** @throws Unanswerable */
export function countArgument(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[0-9]+$/.test(text)) throw new Unanswerable(`'${text}' is not a number.`);
  return Number(text);
}
