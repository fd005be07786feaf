/** Stretches of pseudo frames with virtual addresses of their own: a scenario's variables and functions. */
import { asCell, type Cell, type VirtAddr } from '../memory/address.js';

export interface Window {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly cell: Cell;
  /** Memory of the machine itself, of which nobody knows where it lies. */
  readonly isMachines?: boolean;
}

export class Windows {
  private readonly list: Window[] = [];

  add(window: Window): void {
    this.list.push(window);
  }

  /** The one that an address lies in. */
  at(va: VirtAddr): Window | undefined {
    for (const window of this.list) {
      const offset = va - window.start;
      if (offset >= 0 && offset < window.sizeBytes) return window;
    }
    return undefined;
  }

  /** The cell of the word at an address; 0 outside. */
  cellOf(va: VirtAddr): Cell {
    const window = this.at(va);
    return window === undefined ? asCell(0) : asCell(window.cell + ((va - window.start) >>> 2));
  }
}
