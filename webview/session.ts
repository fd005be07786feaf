/**
 * The session on show and its machine: what is known of both, and what is asked at each stop.
 *
 * A question that fails is not repeated: the machine runs or is gone, and the next stop asks again.
 */
import type { MapArguments, MapZone, VerdictBody } from '../src/engine/view/map.js';
import { element } from './dom.js';
import type { Host } from './host.js';
import type { MapSession } from './messages.js';

/** One cell as large as any machine. */
const OVERVIEW: MapArguments = { firstPfn: 0, framesPerCell: 1 << 26, cells: 1 };

export interface Machine {
  readonly maxPfn: number;
  readonly zones: readonly MapZone[];
}

export interface SessionNews {
  /** The machine's outline is known. */
  opened(machine: Machine): void;
  /** Frames of each kind. */
  counted(totals: ArrayLike<number>): void;
  attempted(verdict: VerdictBody): void;
}

export class SessionOnShow {
  machine: Machine | undefined;
  /** What is shown in place of a machine. */
  readonly empty = element('div', { class: 'empty' });
  private session: MapSession | undefined;

  constructor(
    private readonly host: Host,
    private readonly news: SessionNews,
  ) {}

  /** Another session, or the same at another stop. */
  show(session: MapSession | undefined): {
    readonly isOther: boolean;
    readonly isNewStop: boolean;
  } {
    const isOther = session?.id !== this.session?.id;
    const isNewStop = session?.stop !== this.session?.stop;
    this.session = session;
    document.body.classList.toggle('running', session !== undefined && !session.stopped);
    if (isOther) this.machine = undefined;
    this.empty.textContent =
      session === undefined
        ? 'Start debugging a scenario to see its machine here.'
        : 'Waiting for the machine…';
    this.markEmpty();
    return { isOther, isNewStop };
  }

  /** The machine's outline, and how many of its frames are of each kind. */
  async askOverview(): Promise<void> {
    const { session } = this;
    try {
      const { maxPfn, zones, totals } = await this.host.ask('map', OVERVIEW);
      if (session?.id !== this.session?.id) return;
      if (totals !== undefined) this.news.counted(totals);
      if (this.machine !== undefined) return;
      this.machine = { maxPfn, zones };
      this.markEmpty();
      this.news.opened(this.machine);
    } catch {
      this.markEmpty();
    }
  }

  async askVerdict(): Promise<void> {
    const { session } = this;
    try {
      const verdict = await this.host.ask('verdict', {});
      if (session?.id === this.session?.id) this.news.attempted(verdict);
    } catch {
      return;
    }
  }

  private markEmpty(): void {
    document.body.classList.toggle('no-machine', this.machine === undefined);
  }
}
