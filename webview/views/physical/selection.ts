/** The selected frame and the panel of its details. */
import type { ViewHost } from '../../shell/view.js';
import { createDetails } from './panels/details.js';
import { spoken, type CellFacts } from './panels/facts.js';
import type { Viewport } from './viewport.js';

/** What selection and hover ask of the map. */
export interface CellSource {
  facts(pfn: number): CellFacts;
  /** The colour of a state, as CSS. */
  swatch(state: number | undefined): string;
  /** The selected or the hovered frame is another one. */
  moved(): void;
}

export class Selection {
  pfn: number | undefined;
  readonly details;

  constructor(
    private readonly host: ViewHost,
    private readonly viewport: () => Viewport,
    private readonly cells: CellSource,
  ) {
    this.details = createDetails(host);
  }

  show(pfn: number | undefined): void {
    this.pfn = pfn;
    const viewport = this.viewport();
    viewport.setFocusFrame(pfn);
    if (pfn === undefined) this.details.hide();
    else {
      const cell = this.cells.facts(pfn);
      this.details.show(cell, this.cells.swatch(cell.state), undefined);
      viewport.announce(spoken(cell));
      viewport.centre(pfn);
      void this.ask(pfn);
    }
    this.cells.moved();
  }

  /** Asks again, at another stop. */
  refresh(): void {
    if (this.pfn !== undefined) void this.ask(this.pfn);
  }

  /** Where else the frame is to be found. */
  aliases(addresses: readonly { readonly address: string; readonly space: string }[]): void {
    this.details.showAliases(addresses);
  }

  private async ask(pfn: number): Promise<void> {
    try {
      const frame = await this.host.request('mmscope/frame', { pfn });
      if (this.pfn !== pfn) return;
      const cell = { ...this.cells.facts(pfn), framesPerCell: 1, state: frame.state };
      this.details.show(cell, this.cells.swatch(frame.state), frame);
    } catch {
      return; // Running: the next stop asks again.
    }
  }
}
