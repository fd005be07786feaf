/** The frame under the pointer and its tooltip: at once what the map knows, and a moment later what the adapter says. */
import type { ViewHost } from '../../shell/view.js';
import type { CellFacts } from './panels/facts.js';
import { createTooltip } from './panels/tooltip.js';
import type { CellSource } from './selection.js';

const ASK_MS = 80;

export class Hover {
  pfn: number | undefined;
  readonly tooltip = createTooltip();
  private timer: number | undefined;

  constructor(
    private readonly host: ViewHost,
    private readonly cells: CellSource,
  ) {}

  at(pfn: number | undefined, x: number, y: number): void {
    window.clearTimeout(this.timer);
    if (pfn === undefined) this.tooltip.hide();
    else {
      const cell = this.cells.facts(pfn);
      this.tooltip.show(cell, this.cells.swatch(cell.state), undefined, x, y);
      this.timer = window.setTimeout(() => void this.complete(cell, x, y), ASK_MS);
    }
    if (pfn === this.pfn) return;
    this.pfn = pfn;
    this.host.point(undefined);
    this.cells.moved();
  }

  /** The map has moved under the pointer. */
  leave(): void {
    this.tooltip.hide();
    if (this.pfn !== undefined) this.host.point(undefined);
    this.pfn = undefined;
  }

  private async complete(cell: CellFacts, x: number, y: number): Promise<void> {
    if (cell.framesPerCell > 1) return;
    try {
      const frame = await this.host.request('mmscope/frame', { pfn: cell.pfn });
      if (this.pfn !== cell.pfn) return;
      this.tooltip.show(cell, this.cells.swatch(cell.state), frame, x, y);
      this.host.point(frame.virt);
    } catch {
      return; // Running: what the map knows is all there is.
    }
  }
}
