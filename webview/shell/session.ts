/**
 * The session on show and its machine: what is known of both, and what is asked at each stop before the views hear of it.
 *
 * A question that fails is not repeated: the machine runs or is gone, and the next stop asks again. After a session's end its
 * machine stays on show, as it was at the last stop.
 */
import type { ClockBody, MapArguments, MapMachine, MapZone } from '../../src/engine/view/map.js';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import { pageKindCode } from '../../src/engine/view/pageState.js';
import type { Host } from '../host.js';
import type { MapSession } from '../messages.js';
import type { Update } from './view.js';

/** One cell as large as any machine. */
const OVERVIEW: MapArguments = { firstPfn: 0, framesPerCell: 1 << 26, cells: 1 };

export interface Machine {
  readonly maxPfn: number;
  readonly zones: readonly MapZone[];
  /** Without holes. */
  readonly nrFrames: number;
  readonly kind: MapMachine | undefined;
  /** Frames of each kind, by the kind's code. */
  readonly totals: readonly number[];
}

/** What the window is to show. */
export type Standing =
  /** No session, and none was. */
  | { readonly kind: 'none' }
  /** One that has not stopped yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'stopped' }
  /** The last state stays. */
  | { readonly kind: 'ended' };

export class SessionOnShow {
  machine: Machine | undefined;
  session: MapSession | undefined;
  /** Of the last stop that was told of. */
  private clock: ClockBody | undefined;
  /** When the machine stood at the stop before. */
  private previousTime: number | undefined;
  private shownStop: number | undefined;
  private isFresh = true;
  /** The time that is compared with, instead of the previous stop. */
  comparedWith: number | undefined;

  constructor(private readonly host: Host) {}

  /** Another session, the same at another stop, or none any more. */
  show(session: MapSession | undefined): Standing {
    if (session === undefined) {
      if (this.machine === undefined) this.session = undefined;
      return { kind: this.machine === undefined ? 'none' : 'ended' };
    }
    if (session.id !== this.session?.id) this.forget();
    this.session = session;
    if (session.stopped) return { kind: 'stopped' };
    return { kind: this.machine === undefined ? 'waiting' : 'running' };
  }

  /** What the views are to be told of the stop or edit at hand; undefined when it is over already. */
  async update(): Promise<Update | undefined> {
    const { session } = this;
    if (session === undefined) return undefined;
    const isNewStop = session.stop !== this.shownStop;
    try {
      const [overview, clock] = await Promise.all([
        this.host.request('mmscope/map', OVERVIEW),
        this.host.request('mmscope/clock'),
      ]);
      if (this.session !== session) return undefined;
      const { maxPfn, zones, totals = [], machine: kind } = overview;
      if (isNewStop) this.previousTime = this.clock?.now;
      this.clock = clock;
      this.shownStop = session.stop;
      const nrFrames = totals.length === 0 ? spanOf(zones) : present(totals);
      this.machine = { maxPfn, zones, nrFrames, kind, totals };
      const changes = await this.changes(clock);
      if (this.session !== session) return undefined;
      const isOther = this.isFresh;
      this.isFresh = false;
      const { machine, comparedWith } = this;
      return { session, machine, isOther, isNewStop, clock, changes, comparedWith };
    } catch {
      return undefined;
    }
  }

  /** Since the previous stop, or the time compared with; undefined where that is not on record any more. */
  private async changes({ start, end, now }: ClockBody): Promise<FrameChangesBody | undefined> {
    const from = this.comparedWith ?? this.previousTime;
    if (from === undefined || from < start || from > end) return undefined;
    if (from === now) return { from, to: now, runs: [], total: 0 };
    try {
      return await this.host.request('mmscope/frameChanges', { from, to: now });
    } catch {
      return undefined;
    }
  }

  private forget(): void {
    this.machine = undefined;
    this.clock = undefined;
    this.previousTime = undefined;
    this.shownStop = undefined;
    this.comparedWith = undefined;
    this.isFresh = true;
  }
}

const spanOf = (zones: readonly MapZone[]): number =>
  zones.reduce((sum, { startPfn, endPfn }) => sum + endPfn - startPfn, 0);

/** Frames of memory: every kind but holes. */
const present = (totals: readonly number[]): number =>
  totals.reduce((sum, count, code) => (code === pageKindCode('absent') ? sum : sum + count), 0);
