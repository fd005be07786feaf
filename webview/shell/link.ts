/**
 * The linked selection: what one view selects is told to all of them, at once as it is, and again when the adapter has said where
 * else it is to be found. Selected anew at each stop, for what leads where may have changed.
 */
import type { LocateArguments, LocateBody } from '../../src/engine/view/locate.js';
import type { Host } from '../host.js';
import type { Lit, Selection } from './view.js';

export class Link {
  lit: Lit | undefined;
  private asked = 0;

  constructor(
    private readonly host: Host,
    private readonly tell: (lit: Lit | undefined) => void,
  ) {}

  select(selection: Selection | undefined): void {
    this.lit = selection && { selection };
    this.tell(this.lit);
    void this.locate();
  }

  /** What a user typed. @throws Error (by the promise) that says why it is not found */
  async goTo(text: string): Promise<LocateBody> {
    const located = await this.host.request('mmscope/locate', { text });
    this.lit = { selection: selectionOf(located), located };
    this.asked++;
    this.tell(this.lit);
    return located;
  }

  /** Asks again, at another stop. */
  async locate(): Promise<void> {
    const { lit } = this;
    const asked = ++this.asked;
    const args = lit && argumentsOf(lit.selection);
    if (lit === undefined || args === undefined) return;
    try {
      const located = await this.host.request('mmscope/locate', args);
      if (asked !== this.asked) return;
      this.lit = { selection: lit.selection, located };
      this.tell(this.lit);
    } catch {
      return; // Running: the next stop asks again.
    }
  }
}

const selectionOf = ({ pfn, address = '' }: LocateBody): Selection =>
  pfn === undefined ? { kind: 'address', address } : { kind: 'frame', pfn };

function argumentsOf(selection: Selection): LocateArguments | undefined {
  switch (selection.kind) {
    case 'frame':
      return { pfn: selection.pfn };
    case 'address':
    case 'object':
      return { address: selection.address };
    case 'area':
      return undefined;
  }
}
