/** Rights as three letters, as `/proc/PID/maps` has them. Whatever is mapped on x86 can be read by somebody. */
import type { Rights } from '../../x86/access.js';

export const rightsText = ({ write, execute }: Pick<Rights, 'write' | 'execute'>): string =>
  `r${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
