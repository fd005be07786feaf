/** Arguments of commands: addresses in hexadecimal with or without 0x, counts in decimal. */
import { Unanswerable } from '../answer.js';

/** @throws Unanswerable */
export function addressArgument(text: string | undefined, what: string): bigint {
  if (text === undefined) throw new Unanswerable(`Give ${what}.`);
  if (!/^(0x)?[0-9a-f]+$/i.test(text)) throw new Unanswerable(`'${text}' is not an address.`);
  return BigInt(text.startsWith('0x') ? text : `0x${text}`);
}

/** @throws Unanswerable */
export function countArgument(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[0-9]+$/.test(text)) throw new Unanswerable(`'${text}' is not a number.`);
  return Number(text);
}
