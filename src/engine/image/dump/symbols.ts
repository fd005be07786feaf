/** The symbols of a kernel, by name and by address. Where several have one name, the first is meant. */
import type { VirtAddr } from '../../memory/address.js';
import type { Kallsym } from './kallsyms.js';

export class Symbols {
  private readonly byName = new Map<string, Kallsym>();
  private sorted: readonly Kallsym[] | undefined;

  constructor(private readonly all: readonly Kallsym[]) {
    for (const symbol of all)
      if (!this.byName.has(symbol.name)) this.byName.set(symbol.name, symbol);
  }

  get size(): number {
    return this.byName.size;
  }

  address(name: string): VirtAddr | undefined {
    return this.byName.get(name)?.address;
  }

  find(name: string): Kallsym | undefined {
    return this.byName.get(name);
  }

  names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** The symbol at or below an address, and how far it is to the next. */
  at(address: VirtAddr): (Kallsym & { readonly sizeBytes: number | undefined }) | undefined {
    this.sorted ??= [...this.all].sort((a, b) => a.address - b.address);
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] as Kallsym).address <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.sorted[low - 1];
    if (found === undefined) return undefined;
    const next = this.sorted.slice(low, low + 64).find((each) => each.address > found.address);
    const first = this.byName.get(found.name) ?? found;
    const sizeBytes = next && next.address - found.address;
    return { ...(first.address === found.address ? first : found), sizeBytes };
  }
}

/** The lines of a System.map, or of `nm`: address, kind, name. @throws nothing: lines of another form are passed over */
export function readSystemMap(text: string, pointerSize: 4 | 8): Kallsym[] {
  const symbols: Kallsym[] = [];
  for (const line of text.split('\n')) {
    const [, hex, kind, name] = /^([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)/.exec(line) ?? [];
    if (hex === undefined || kind === undefined || name === undefined) continue;
    const bits = BigInt(`0x${hex}`);
    const address = Number(pointerSize === 8 ? BigInt.asIntN(64, bits) : BigInt.asUintN(32, bits));
    symbols.push({ kind, name, address: address as VirtAddr });
  }
  return symbols;
}
