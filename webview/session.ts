/**
 * The session on show and its machine: what is known of both, and what is asked at each stop.
 *
 * A question that fails is not repeated: the machine runs or is gone, and the next stop asks again. After a session's end its
 * machine stays on show, as it was at the last stop.
 */
import type { MapArguments, MapMachine, MapZone, VerdictBody } from '../src/engine/view/map.js';
import { pageKindCode } from '../src/engine/view/pageState.js';
import { element } from './dom.js';
import type { Host } from './host.js';
import type { MapSession } from './messages.js';

/** One cell as large as any machine. */
const OVERVIEW: MapArguments = { firstPfn: 0, framesPerCell: 1 << 26, cells: 1 };

export interface Machine {
  readonly maxPfn: number;
  readonly zones: readonly MapZone[];
  /** Without holes. */
  readonly nrFrames: number;
  readonly kind: MapMachine | undefined;
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
    document.body.classList.toggle('running', session !== undefined && !session.stopped);
    document.body.classList.toggle('ended', session === undefined && this.machine !== undefined);
    if (session === undefined && this.machine !== undefined)
      return { isOther: false, isNewStop: false };
    const isOther = session?.id !== this.session?.id;
    const isNewStop = session?.stop !== this.session?.stop;
    this.session = session;
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
      const { maxPfn, zones, totals, machine: kind } = await this.host.ask('map', OVERVIEW);
      if (session?.id !== this.session?.id) return;
      if (totals !== undefined) this.news.counted(totals);
      if (this.machine !== undefined) return;
      const nrFrames = totals === undefined ? spanOf(zones) : present(totals);
      this.machine = { maxPfn, zones, nrFrames, kind };
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

  /** What the session is about. */
  get subject(): string {
    return this.session?.subject ?? '';
  }

  private markEmpty(): void {
    document.body.classList.toggle('no-machine', this.machine === undefined);
  }
}

const spanOf = (zones: readonly MapZone[]): number =>
  zones.reduce((sum, { startPfn, endPfn }) => sum + endPfn - startPfn, 0);

/** Frames of memory: every kind but holes. */
const present = (totals: readonly number[]): number =>
  totals.reduce((sum, count, code) => (code === pageKindCode('absent') ? sum : sum + count), 0);
