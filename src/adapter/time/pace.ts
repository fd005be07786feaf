/**
 * How a long motion shares its thread: it rests every few milliseconds, so that messages are handled and a pause is heard. A call of
 * the kernel cannot rest. Where the host hears meanwhile that somebody waits, it is given up, and begun anew: at once for who wants it to
 * end; for others when it has run twice as long as it had when it was given up before, so that it comes to its end.
 */
import type { Host } from '../host.js';

const SLICE_MS = 12;

export class Pace {
  /** Somebody wants the motion to stop. */
  pauseAsked = false;
  private sliceStart = 0;
  /** How long a call may keep others waiting. */
  private patienceMs = 0;

  constructor(private readonly host: Host) {}

  start(): void {
    this.pauseAsked = false;
    this.patienceMs = 0;
    this.sliceStart = this.host.now();
  }

  askPause(): void {
    this.pauseAsked = true;
  }

  /** Asked after every statement: one may take a microsecond, and the next a tenth of a second. A look takes 0.05 to 0.2 us. */
  isTimeToRest(): boolean {
    return this.host.now() - this.sliceStart >= SLICE_MS;
  }

  /** Asked in the middle of a call, every few milliseconds. */
  givesUp(): boolean {
    const waits = this.host.waits?.() ?? 'nobody';
    if (waits === 'nobody') return false;
    const taken = this.host.now() - this.sliceStart;
    if (waits === 'somebody' && taken < this.patienceMs) return false;
    this.patienceMs = taken * 2;
    return true;
  }

  async rest(): Promise<void> {
    await this.host.yieldToMessages();
    this.goOn();
  }

  /** Others have been let through. */
  goOn(): void {
    this.sliceStart = this.host.now();
  }
}
