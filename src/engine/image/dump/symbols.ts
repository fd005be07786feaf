/** The symbols of a kernel, by name and by address. Where several have one name, the first is meant. */
import { asVirt, formatAddress, fromWords, type VirtAddr } from '../../memory/address.js';
import type { Kallsym, SymbolList } from './kallsyms.js';

/** Symbols that are there as objects. */
class ListedSymbols implements SymbolList {
  private readonly byName = new Map<string, number[]>();

  constructor(private readonly all: readonly Kallsym[]) {
    all.forEach(({ name }, index) => {
      const same = this.byName.get(name);
      if (same === undefined) this.byName.set(name, [index]);
      else same.push(index);
    });
  }

  get length(): number {
    return this.all.length;
  }

  at(index: number): Kallsym {
    return this.all[index] as Kallsym;
  }

  addressAt(index: number): VirtAddr {
    return this.at(index).address;
  }

  indicesOf(name: string): readonly number[] {
    return this.byName.get(name) ?? [];
  }
}

export class Symbols {
  private readonly list: SymbolList;
  private readonly found = new Map<string, readonly number[]>();
  /** Indices by address; of equal addresses in the list's order. */
  private sorted: Uint32Array | undefined;

  constructor(all: readonly Kallsym[] | SymbolList) {
    this.list = isList(all) ? all : new ListedSymbols(all);
  }

  get size(): number {
    return this.names().length;
  }

  address(name: string): VirtAddr | undefined {
    const [index] = this.indicesOf(name);
    return index === undefined ? undefined : this.list.addressAt(index);
  }

  /** The address of a name that no other symbol has. */
  only(name: string): VirtAddr | undefined {
    return this.indicesOf(name).length > 1 ? undefined : this.address(name);
  }

  find(name: string): Kallsym | undefined {
    const [index] = this.indicesOf(name);
    return index === undefined ? undefined : this.list.at(index);
  }

  names(): readonly string[] {
    const names = new Set<string>();
    for (let i = 0; i < this.list.length; i++) names.add(this.list.at(i).name);
    return [...names];
  }

  /** The symbol at or below an address, and how far it is to the next. */
  at(
    address: VirtAddr,
  ): (Omit<Kallsym, 'sizeBytes'> & { readonly sizeBytes: number | undefined }) | undefined {
    const { list } = this;
    const sorted = (this.sorted ??= byAddress(list));
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list.addressAt(sorted[middle] as number) <= address) low = middle + 1;
      else high = middle;
    }
    const index = sorted[low - 1];
    if (index === undefined) return undefined;
    const found = list.at(index);
    if (this.isBehindKernel(address, found)) return undefined;
    let sizeBytes: number | undefined = found.sizeBytes;
    // Behind it lies what is not on the list.
    if (sizeBytes !== undefined && address - found.address >= Math.max(1, sizeBytes))
      return undefined;
    for (const next of sorted.subarray(low, low + 64)) {
      sizeBytes ??= list.addressAt(next) - found.address || undefined;
    }
    const first = this.find(found.name) ?? found;
    return { ...(first.address === found.address ? first : found), sizeBytes };
  }

  private indicesOf(name: string): readonly number[] {
    let indices = this.found.get(name);
    if (indices === undefined) this.found.set(name, (indices = this.list.indicesOf(name)));
    return indices;
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

const isList = (all: readonly Kallsym[] | SymbolList): all is SymbolList => !Array.isArray(all);

function byAddress(list: SymbolList): Uint32Array {
  const addresses = Float64Array.from({ length: list.length }, (_, i) => list.addressAt(i));
  return Uint32Array.from(addresses.keys()).sort(
    (a, b) => (addresses[a] as number) - (addresses[b] as number) || a - b,
  );
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
