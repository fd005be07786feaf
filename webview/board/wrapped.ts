/** Breaks a text into lines. */
import type { Painter } from './painter.js';

/** Lines of a text, none wider than `width` px unless a word is. */
export function wrapped(painter: Painter, text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && painter.widthOf(longer, { size }) <= width)
      lines[lines.length - 1] = longer;
    else if (last === undefined) lines.push(word);
    else lines.push(word);
  }
  return lines;
}
