/** The symbols of a kernel, by name and by address. Where several have one name, the first is meant. */
import { asVirt, formatAddress, fromWords, type VirtAddr } from '../../memory/address.js';
import type { Kallsym } from './kallsyms.js';

export class Symbols {
  private readonly byName = new Map<string, Kallsym>();
  /** Names that several symbols have. */
  private readonly repeated = new Set<string>();
  private sorted: readonly Kallsym[] | undefined;

  constructor(private readonly all: readonly Kallsym[]) {
    for (const symbol of all)
      if (this.byName.has(symbol.name)) this.repeated.add(symbol.name);
      else this.byName.set(symbol.name, symbol);
  }

  get size(): number {
    return this.byName.size;
  }

  address(name: string): VirtAddr | undefined {
    return this.byName.get(name)?.address;
  }

  /** The address of a name that no other symbol has. */
  only(name: string): VirtAddr | undefined {
    return this.repeated.has(name) ? undefined : this.address(name);
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
    if (found === undefined || this.isBehindKernel(address, found)) return undefined;
    const next = this.sorted.slice(low, low + 64).find((each) => each.address > found.address);
    const first = this.byName.get(found.name) ?? found;
    const sizeBytes = next && next.address - found.address;
    return { ...(first.address === found.address ? first : found), sizeBytes };
  }

  /**
   * Behind the kernel's data lies what no symbol is about: .brk, of which the kernel gives back what it did not need, and other
   * memory. Per-CPU symbols of 64 bit, whose addresses are offsets, are another matter.
   */
  private isBehindKernel(address: VirtAddr, found: Kallsym): boolean {
    const end = this.address('__brk_base') ?? this.address('_end');
    return end !== undefined && address >= end && found.address < 0 === end < 0;
  }
}

const [NEWLINE, SPACE, ZERO, NINE, A] = [10, 32, 48, 57, 97] as const;

/**
 * The lines of a System.map, or of `nm`: address, kind, name. Lines of another form are passed over.
 *
 *     ffffffff81000000 T _stext
 */
export function readSystemMap(bytes: Uint8Array, pointerSize: 4 | 8): Kallsym[] {
  const symbols: Kallsym[] = [];
  const digits = pointerSize * 2;
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    const kind = bytes[at + digits + 1] ?? 0;
    const isLine = bytes[at + digits] === SPACE && bytes[at + digits + 2] === SPACE;
    const high = pointerSize === 8 ? hexAt(bytes, at) : 0;
    const low = hexAt(bytes, at + digits - 8);
    if (isLine && end > at + digits + 3 && high !== undefined && low !== undefined)
      symbols.push({
        kind: String.fromCharCode(kind),
        name: String.fromCharCode(...bytes.subarray(at + digits + 3, end)).trimEnd(),
        address: pointerSize === 8 ? fromWords(low, high | 0) : asVirt(low),
      });
    at = end + 1;
  }
  return symbols;
}

/** Eight digits, without a sign; undefined where there are others. */
function hexAt(bytes: Uint8Array, start: number): number | undefined {
  let value = 0;
  for (let at = start; at < start + 8; at++) {
    const byte = bytes[at] ?? 0;
    const digit = byte >= ZERO && byte <= NINE ? byte - ZERO : byte >= A ? byte - A + 10 : 16;
    if (digit > 15) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

/** Symbols as the lines of a System.map. */
export function writeSystemMap(symbols: readonly Kallsym[]): Uint8Array {
  const pointerSize = symbols.some(({ address }) => address < 0) ? 8 : 4;
  const lineBytes = (name: string): number => pointerSize * 2 + ' T '.length + name.length + 1;
  const bytes = new Uint8Array(symbols.reduce((sum, { name }) => sum + lineBytes(name), 0));
  let at = 0;
  for (const { address, kind, name } of symbols) {
    const line = `${formatAddress(address, pointerSize).slice(2)} ${kind} ${name}\n`;
    for (let i = 0; i < line.length; i++) bytes[at++] = line.charCodeAt(i);
  }
  return bytes;
}
