/**
 * A typed value as one line of text, the way gdb prints it:
 *
 *     0xffffffff81aef0c0 <contig_page_data>      MIGRATE_MOVABLE      "Normal"      {next = 0x..., prev = 0x...}
 *
 * Differences from gdb: offsets after symbols are hexadecimal, and so are numbers that are addresses, frame numbers or masks
 * (numberRole.ts); a char array ends at its null byte, and arrays of `unsigned char` are numbers.
 *
 * Work is bounded: printing stops where the text reaches its limit, so a summary of mem_map costs no more than one of a page.
 */
import {
  bytesAt,
  elementPlace,
  memberPlaceOf,
  placeBits,
  placeOfBits,
  readScalar,
  toAddress,
  toBits,
  type Place,
  type ScalarValue,
  type TypedMemory,
} from './access.js';
import { sizeOf, stripTypedefs } from './layout.js';
import type { ArrayType, CType, EnumType, StructType } from './model.js';
import { readsAsHex } from './numberRole.js';
import { poisonOf } from './poison.js';
import type { Profile } from './profile.js';

/** How integers are written: as kernel developers read them, or all the same way. */
export type NumberFormat = 'auto' | 'hex' | 'decimal';

export interface FormatOptions {
  /** Structs and arrays inside one another that are opened; below that `{...}`. */
  readonly maxDepth?: number;
  /** Characters; what does not fit becomes `...`. */
  readonly maxLength?: number;
  /** Of the object, which says what its number is: `pfn`. */
  readonly name?: string;
  readonly numbers?: NumberFormat;
}

/** From how many equal elements on an array says `<repeats N times>`. */
const REPEATS = 10;
const MAX_STRING = 200;
/** The value at a place. */
export function formatPlace(
  profile: Profile,
  memory: TypedMemory,
  place: Place,
  options: FormatOptions = {},
): string {
  const printer = new Printer(profile, memory, options);
  printer.value(place, 0, options.name ?? '');
  return printer.result();
}

/** A scalar that is already known, as its type, its name and its value have it printed. */
export function formatScalar(
  profile: Profile,
  type: CType,
  value: ScalarValue,
  { name = '', numbers = 'auto' }: Pick<FormatOptions, 'name' | 'numbers'> = {},
): string {
  return scalarText(profile, type, value, isHex(profile, type, name, value, numbers));
}

const isHex = (
  profile: Profile,
  type: CType,
  name: string,
  value: ScalarValue,
  numbers: NumberFormat,
): boolean => numbers === 'hex' || (numbers === 'auto' && readsAsHex(profile, type, name, value));

/** `0xffffffff81aef0c0 <contig_page_data+0x40>`, `0xdead000000000100 <LIST_POISON1>` */
export function formatPointer(profile: Profile, value: ScalarValue): string {
  const bits = toBits(value, profile.pointerSize);
  const hex = `0x${bits.toString(16)}`;
  const poison = poisonOf(profile, bits);
  if (poison !== undefined) return `${hex} <${poison.name}>`;
  const address = toAddress(value, profile.pointerSize);
  const found = address === undefined ? undefined : profile.symbolAt(address);
  if (found === undefined) return hex;
  const { symbol, offset } = found;
  return `${hex} <${symbol.name}${offset === 0 ? '' : `+0x${offset.toString(16)}`}>`;
}

class Printer {
  private text = '';
  private readonly maxDepth: number;
  private readonly maxLength: number;
  private readonly numbers: NumberFormat;

  constructor(
    private readonly profile: Profile,
    private readonly memory: TypedMemory,
    { maxDepth = 3, maxLength = 400, numbers = 'auto' }: FormatOptions,
  ) {
    this.maxDepth = maxDepth;
    this.maxLength = maxLength;
    this.numbers = numbers;
  }

  result(): string {
    if (this.text.length <= this.maxLength) return this.text;
    return `${this.text.slice(0, Math.max(0, this.maxLength - 3))}...`;
  }

  private get full(): boolean {
    return this.text.length > this.maxLength;
  }

  /** @param name of the member the value belongs to */
  value(place: Place, depth: number, name: string): void {
    const type = stripTypedefs(place.type);
    switch (type.kind) {
      case 'void':
        this.text += 'void';
        return;
      case 'function':
        this.text += `{...} ${formatPointer(this.profile, place.address)}`;
        return;
      case 'struct':
      case 'union':
        this.struct(place, type, depth);
        return;
      case 'array':
        this.array(place, type, depth, name);
        return;
      case 'int':
      case 'enum':
      case 'pointer':
        this.scalar(place, name);
    }
  }

  private scalar(place: Place, name: string): void {
    const value = readScalar(this.memory, place);
    if (value === undefined) {
      this.text += unreadable(this.profile, place);
      return;
    }
    // A single bit of a mask is not a mask.
    const hexadecimal =
      place.widthBits !== 1 && isHex(this.profile, place.type, name, value, this.numbers);
    this.text += scalarText(this.profile, place.type, value, hexadecimal);
    const type = stripTypedefs(place.type);
    if (type.kind !== 'pointer' || !isChar(type.target) || Number(value) === 0) return;
    const target = placeOfBits(value, type.target, this.memory.pointerSize);
    const string = target && this.string(target, Infinity);
    if (string !== undefined) this.text += ` ${string}`;
  }

  private struct(place: Place, type: StructType, depth: number): void {
    if (!type.complete) {
      this.text += '<incomplete type>';
      return;
    }
    if (depth >= this.maxDepth) {
      this.text += '{...}';
      return;
    }
    this.text += '{';
    let separator = '';
    for (const member of type.members) {
      if (this.full) return;
      this.text += separator + (member.name === '' ? '' : `${member.name} = `);
      separator = ', ';
      // Untagged structs and unions inside are part of this one, not a level of their own.
      this.value(memberPlaceOf(place, member), member.name === '' ? depth : depth + 1, member.name);
    }
    this.text += '}';
  }

  private array(place: Place, type: ArrayType, depth: number, name: string): void {
    if (isChar(type.element) && type.length > 0) {
      this.text += this.string(place, type.length) ?? unreadable(this.profile, place);
      return;
    }
    if (depth >= this.maxDepth && isCompound(type.element)) {
      this.text += '{...}';
      return;
    }
    this.text += '{';
    for (let i = 0; i < type.length && !this.full;) {
      const element = elementPlace(place, i, this.memory.pointerSize) as Place;
      if (i > 0) this.text += ', ';
      this.value(element, depth + 1, name);
      const same = this.repeats(element, type, i);
      if (same >= REPEATS) this.text += ` <repeats ${same} times>`;
      i += same >= REPEATS ? same : 1;
    }
    this.text += '}';
  }

  /** How many elements from `index` on hold the same bytes. */
  private repeats(first: Place, type: ArrayType, index: number): number {
    const stride = sizeOf(type.element, this.memory.pointerSize);
    if (stride === 0 || type.length - index < REPEATS) return 1;
    const bytes = bytesAt(this.memory, first, (type.length - index) * stride);
    let same = 1;
    for (let at = stride; at + stride <= bytes.length; at += stride, same++) {
      for (let i = 0; i < stride; i++) if (bytes[at + i] !== bytes[i]) return same;
    }
    return same;
  }

  /** Up to the null byte or `maxLength` bytes, in quotes; undefined if nothing can be read. */
  private string(place: Place, maxLength: number): string | undefined {
    const length = Math.min(maxLength, MAX_STRING);
    const bytes = bytesAt(this.memory, place, length);
    if (bytes.length === 0) return undefined;
    const end = bytes.indexOf(0);
    const more = end < 0 && length < maxLength ? '...' : '';
    const shown = end < 0 ? bytes : bytes.subarray(0, end);
    return `"${Array.from(shown, (code) => charText(code, '"')).join('')}"${more}`;
  }
}

function scalarText(profile: Profile, type: CType, value: ScalarValue, hex: boolean): string {
  const bare = stripTypedefs(type);
  switch (bare.kind) {
    case 'pointer':
      return formatPointer(profile, value);
    case 'enum':
      return enumText(bare, value);
    case 'int':
      if (bare.bool && (value === 0 || value === 1)) return value === 1 ? 'true' : 'false';
      if (bare.name === 'char') return `${value} '${charText(Number(value) & 255, "'")}'`;
      return hex ? `0x${toBits(value, bare.sizeBytes).toString(16)}` : `${value}`;
    case 'void':
    case 'array':
    case 'struct':
    case 'union':
    case 'function':
      throw new Error(`${bare.kind} is not a scalar`);
  }
}

/** The first enumerator with the value, else the number. */
function enumText(type: EnumType, value: ScalarValue): string {
  return type.enumerators.find((e) => e.value === value)?.name ?? `${value}`;
}

/** Escapes of C that have a name. */
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [12, '\\f'],
  [13, '\\r'],
  [92, '\\\\'],
]);

function charText(code: number, quote: '"' | "'"): string {
  const escape = ESCAPES.get(code);
  if (escape !== undefined) return escape;
  const char = String.fromCharCode(code);
  if (char === quote) return `\\${quote}`;
  return code >= 32 && code < 127 ? char : `\\${code.toString(8).padStart(3, '0')}`;
}

const isChar = (type: CType): boolean => {
  const bare = stripTypedefs(type);
  return bare.kind === 'int' && bare.name === 'char';
};

const isCompound = (type: CType): boolean => {
  const { kind } = stripTypedefs(type);
  return kind === 'struct' || kind === 'union' || kind === 'array';
};

const unreadable = (profile: Profile, place: Place): string =>
  `<error: Cannot access memory at address 0x${placeBits(place, profile.pointerSize).toString(16)}>`;
