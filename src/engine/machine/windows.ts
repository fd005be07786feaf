/** Stretches of pseudo frames with virtual addresses of their own: a scenario's variables and functions. */
import { asCell, type Cell, type VirtAddr } from '../memory/address.js';

export interface Window {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly cell: Cell;
}

export class Windows {
  private readonly list: Window[] = [];

  add(window: Window): void {
    this.list.push(window);
  }

  /** The cell of the word at an address; 0 outside. */
  cellOf(va: VirtAddr): Cell {
    for (const { start, sizeBytes, cell } of this.list) {
      const offset = va - start;
      if (offset >= 0 && offset < sizeBytes) return asCell(cell + (offset >>> 2));
    }
    return asCell(0);
  }
}
