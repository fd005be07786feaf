/**
 * How much damage is tried: `npm run damage` sets how many inputs of each form in MMSCOPE_DAMAGE, and gets figures. The tests as they
 * are try a sample.
 */
import { cpuUsage, memoryUsage } from 'node:process';

/** How many times as many rounds as `rounds`; undefined where nobody asks for more. */
export function damageFactor(rounds: number): number | undefined {
  const asked = Number(process.env['MMSCOPE_DAMAGE'] ?? '');
  return asked > 0 ? asked / rounds : undefined;
}

/** What the inputs of one form cost at most. */
export class Figures {
  private count = 0;
  private slowestMs = 0;
  private startMs = 0;
  private mostBytes = 0;

  constructor(private readonly form: string) {}

  /** Before each input. */
  next(): void {
    this.ended();
    this.count++;
    this.startMs = cpuMs();
  }

  done(): void {
    this.ended();
    if (damageFactor(1) !== undefined)
      console.log(
        `${this.form}: ${this.count} inputs, none hangs or crashes; the slowest took ${Math.round(this.slowestMs)} ms, memory at most ${Math.round(this.mostBytes / 2 ** 20)} MiB`,
      );
  }

  private ended(): void {
    if (this.count === 0) return;
    this.slowestMs = Math.max(this.slowestMs, cpuMs() - this.startMs);
    if (this.count % 16 === 0) this.mostBytes = Math.max(this.mostBytes, memoryUsage.rss());
  }
}

const cpuMs = (): number => {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
};
