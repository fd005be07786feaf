/** Numbers and truths in texts that somebody has written, as kstrtoll() and kstrtobool() read them. */
const NUMBER = /^[-+]?(?:0[xX][0-9a-fA-F]+|\d+)$/;
const TRUE = /^(?:[yYtT1]|[oO][nN])/;
const FALSE = /^(?:[nNfF0]|[oO][fF])/;

/** Undefined for what is not a number. */
export function numberIn(text: string): bigint | undefined {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) return undefined;
  const magnitude = BigInt(trimmed.replace(/^[-+]/, '').replace(/^0(?=\d)/, '0o'));
  return trimmed.startsWith('-') ? -magnitude : magnitude;
}

/** Undefined for what says neither. */
export function truthIn(text: string): boolean | undefined {
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
}

/** Whether a text is digits alone. */
export const isDecimal = (text: string): boolean => /^\d+$/.test(text);
