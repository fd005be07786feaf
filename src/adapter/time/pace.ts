/**
 * How a long motion shares its thread: it rests every few milliseconds, so that messages are handled and a pause is heard.
 */
import type { Host } from '../host.js';

/** Statements run before the clock is looked at again. */
const STATEMENTS_A_LOOK = 32;
const SLICE_MS = 12;

export class Pace {
  /** Somebody wants the motion to stop. */
  pauseAsked = false;
  private sliceStart = 0;
  private untilLook = 0;

  constructor(private readonly host: Host) {}

  start(): void {
    this.pauseAsked = false;
    this.untilLook = 0;
    this.sliceStart = this.host.now();
  }

  askPause(): void {
    this.pauseAsked = true;
  }

  /** Asked after every statement, so it is cheap most times. */
  isTimeToRest(): boolean {
    if (this.untilLook-- > 0) return false;
    this.untilLook = STATEMENTS_A_LOOK;
    return this.host.now() - this.sliceStart >= SLICE_MS;
  }

  async rest(): Promise<void> {
    await this.host.yieldToMessages();
    this.sliceStart = this.host.now();
  }
}
