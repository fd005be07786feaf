/** A string that kernel code is given: a text of the program's own, or one that lies in the machine's memory. */
import type { VirtAddr } from '../memory/address.js';

export const isText = (s: string | VirtAddr): s is string => typeof s === 'string';
