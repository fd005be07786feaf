/**
 * A profile as data: what `npm run profiles` writes into `profiles/NAME.json`, one fact a line, and how it is read back.
 *
 *     types      typeText.ts
 *     symbols    NAME ADDRESS SIZE [TYPE]     hex, decimal, C; address `+1c880`: offset from a CPU's per-CPU base
 *     constants  NAME VALUE                   decimal or 0x...
 *     config     NAME [VALUE]                 of the options that are set, without CONFIG_; no value: y
 *     boot       {@link BootRecord}
 */
import { parseAddress, asVirt, type VirtAddr } from '../memory/address.js';
import { parseCType } from './declaration.js';
import type { CType } from './model.js';
import type { Arch, BootRecord, KernelSymbol, Profile, ProfileName } from './profile.js';
import type { NamedTypes } from './typeTable.js';
import { readTypeText, TypeTextError } from './typeText.js';

/** The JSON of a profile. */
export interface ProfileData {
  readonly name: string;
  readonly release: string;
  readonly arch: string;
  readonly types: readonly string[];
  readonly symbols: readonly string[];
  readonly constants: readonly string[];
  readonly config: readonly string[];
  readonly boot?: BootRecord;
}

/** The profile that the data describes. @throws TypeTextError when the data is not in the form above */
export function readProfile(data: ProfileData): Profile {
  return new DataProfile(data);
}

class DataProfile implements Profile {
  readonly name: ProfileName;
  readonly release: string;
  readonly arch: Arch;
  readonly pointerSize: 4 | 8;
  readonly smp: boolean;
  readonly types: NamedTypes;
  readonly boot: BootRecord | undefined;
  private readonly symbols = new Map<string, KernelSymbol>();
  private readonly constants = new Map<string, string>();
  /** Those of {@link constants} that were asked for. */
  private readonly numbers = new Map<string, number>();
  private options: ReadonlyMap<string, string> | undefined;
  /** Symbols with an address of their own, by rising address. */
  private byAddress: readonly KernelSymbol[] | undefined;

  constructor(private readonly data: ProfileData) {
    this.name = data.name as ProfileName;
    this.release = data.release;
    this.arch = data.arch as Arch;
    this.pointerSize = this.arch === 'x86_64' ? 8 : 4;
    this.boot = data.boot;
    this.types = readTypeText(data.types, this.pointerSize);
    for (const line of data.symbols) {
      const symbol = this.readSymbol(line);
      this.symbols.set(symbol.name, symbol);
    }
    for (const line of data.constants) {
      const space = line.indexOf(' ');
      this.constants.set(line.slice(0, space), line.slice(space + 1));
    }
    this.smp = this.constant('CONFIG_SMP') === 1;
  }

  symbol(name: string): KernelSymbol | undefined {
    return this.symbols.get(name);
  }

  symbolNames(): readonly string[] {
    return [...this.symbols.keys()];
  }

  symbolAt(
    address: VirtAddr,
  ): { readonly symbol: KernelSymbol; readonly offset: number } | undefined {
    const symbols = (this.byAddress ??= sortedByAddress(this.symbols.values()));
    let low = 0;
    let high = symbols.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((symbols[middle]?.address ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0; i--) {
      const symbol = symbols[i] as KernelSymbol;
      const offset = address - symbol.address;
      if (offset < Math.max(symbol.sizeBytes, 1)) return { symbol, offset };
      // A label may stand inside of an object; an object inside of an object does not.
      if (symbol.sizeBytes > 0) return undefined;
    }
    return undefined;
  }

  constant(name: string): number {
    const value = this.findConstant(name);
    if (value !== undefined) return value;
    const wide = this.constants.has(name);
    throw new Error(
      wide
        ? `profile ${this.name}: ${name} fits no number, use wideConstant`
        : `profile ${this.name} has no constant ${name}`,
    );
  }

  findConstant(name: string): number | undefined {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const text = this.constants.get(name);
    if (text === undefined) return this.types.enumerator(name)?.value;
    const value = Number(BigInt.asIntN(64, BigInt(text)));
    if (!Number.isSafeInteger(value)) return undefined;
    this.numbers.set(name, value);
    return value;
  }

  wideConstant(name: string): bigint {
    const text = this.constants.get(name);
    return BigInt.asUintN(64, text === undefined ? BigInt(this.constant(name)) : BigInt(text));
  }

  constantNames(): readonly string[] {
    return [...this.constants.keys(), ...this.types.names().enumerators];
  }

  config(name: string): string | undefined {
    this.options ??= new Map(
      this.data.config.map((line) => {
        const space = line.indexOf(' ');
        return space < 0 ? [line, 'y'] : [line.slice(0, space), line.slice(space + 1)];
      }),
    );
    return this.options.get(name.slice('CONFIG_'.length));
  }

  private readSymbol(line: string): KernelSymbol {
    const [name, addressText, size] = line.split(' ', 3);
    if (name === undefined || addressText === undefined || size === undefined) {
      throw new TypeTextError(`not a symbol: ${line}`);
    }
    const perCpu = addressText.startsWith('+');
    const address = parseAddress(`0x${addressText.slice(perCpu ? 1 : 0)}`, this.pointerSize);
    const typeText = line.slice(name.length + addressText.length + size.length + 3);
    const { types } = this;
    let type: CType | undefined;
    return {
      name,
      address: address ?? asVirt(0),
      sizeBytes: Number(size),
      perCpu,
      get type() {
        return typeText === '' ? undefined : (type ??= parseCType(typeText, types));
      },
    };
  }
}

/** Of several symbols at one address the one with a size comes last, so that the search prefers it. */
function sortedByAddress(symbols: Iterable<KernelSymbol>): readonly KernelSymbol[] {
  return [...symbols]
    .filter((symbol) => !symbol.perCpu)
    .sort((a, b) => a.address - b.address || a.sizeBytes - b.sizeBytes);
}
