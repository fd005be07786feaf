/**
 * Colours of what is printed, for clients that show them: by the severity of a line of the kernel's log, and bold for what the
 * debugger finds important. Its other remarks stay plain: faint text falls below 4.5:1 in dark themes.
 *
 * Source: ECMA-48 8.3.117 (SGR); Linux include/linux/kern_levels.h.
 */
export type Style = 'plain' | 'bold' | 'yellow' | 'red' | 'boldRed';

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  yellow: '33',
  red: '31',
  boldRed: '1;31',
};

export function styled(style: Style, text: string): string {
  const code = CODES[style];
  if (code === '') return text;
  // Clients style line by line.
  return text
    .split('\n')
    .map((line) => `\x1b[${code}m${line}\x1b[0m`)
    .join('\n');
}

const KERN_CRIT = 2;
const KERN_ERR = 3;
const KERN_WARNING = 4;

export function styleOfLevel(level: number): Style {
  if (level <= KERN_CRIT) return 'boldRed';
  if (level <= KERN_ERR) return 'red';
  return level === KERN_WARNING ? 'yellow' : 'plain';
}
