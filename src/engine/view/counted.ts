/** `1 page`, `12 pages`: a count with its noun. The count may be a text already, such as `1,024`; one that is not known is `?`. */
export function counted(
  count: number | bigint | string | undefined,
  noun: string,
  several = `${noun}s`,
): string {
  const text = String(count ?? '?');
  return `${text} ${text === '1' ? noun : several}`;
}

/** `once`, `3 times`. */
export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
