/**
 * How a long motion shares its thread: it rests every few milliseconds, so that messages are handled and a pause is heard.
 */
import type { Host } from '../host.js';

const SLICE_MS = 12;

export class Pace {
  /** Somebody wants the motion to stop. */
  pauseAsked = false;
  private sliceStart = 0;

  constructor(private readonly host: Host) {}

  start(): void {
    this.pauseAsked = false;
    this.sliceStart = this.host.now();
  }

  askPause(): void {
    this.pauseAsked = true;
  }

  /** Asked after every statement: one may take a microsecond, and the next a tenth of a second. A look takes 0.05 to 0.2 us. */
  isTimeToRest(): boolean {
    return this.host.now() - this.sliceStart >= SLICE_MS;
  }

  async rest(): Promise<void> {
    await this.host.yieldToMessages();
    this.sliceStart = this.host.now();
  }
}
