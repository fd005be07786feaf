/** The random numbers of the guest's programs (oracle/guests/later.h: rnd()). */
export class GuestRandom {
  constructor(public state: number) {}

  static ofSeed(seed: number): GuestRandom {
    return new GuestRandom((Math.imul(seed, 2654435761) | 1) >>> 0);
  }

  /** 0 to n - 1 */
  below(n: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state % n;
  }
}
