/** Reading structures that may be damaged: what a reading says, or why it says nothing. */
import { KernelFault } from '../../engine/machine/events.js';

export function unreadable(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return `damaged: ${error.text}`;
  }
}
