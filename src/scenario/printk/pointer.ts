/**
 * `%p` and its extensions.
 *
 * A running kernel hashes what plain `%p` prints, so that logs do not give addresses away. Here the reader owns the machine:
 * `%p` prints the address, as with `no_hash_pointers`. Extensions for devices, networks and files are not there.
 * Source: Linux 6.1 lib/vsprintf.c: pointer() and what it calls; include/trace/events/mmflags.h.
 */
import {
  foreignGfp,
  foreignPageFlags,
  gfpText,
  pageFlagsText,
} from '../../engine/types/flagText.js';
import type { Profile } from '../../engine/types/profile.js';
import { asVirt } from '../../engine/memory/address.js';
import { preludeMacros } from '../prelude.js';
import { asUnsigned64, type Value } from '../semantics/arithmetic.js';
import { latin1 } from '../syntax/utf8.js';
import type { Conversion, Dialect } from './format.js';
import { formatNumber, paddedHex, widen } from './number.js';

export interface PrintServices {
  readonly profile: Profile;
  /** As many bytes as are mapped. */
  readonly readBytes: (address: Value, sizeBytes: number) => Uint8Array;
  /** What a struct va_format at an address prints (`%pV`). */
  readonly nested?: (address: Value) => string;
  readonly dialect?: Dialect;
  /** Says of a value that a conversion was given that it has no business there. */
  readonly note?: (conversion: string, value: bigint, text: string) => void;
}

export interface Widths {
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** A string without an end is cut somewhere. */
const MAX_STRING = 1 << 20;

export function formatPointer(
  services: PrintServices,
  conversion: Conversion,
  widths: Widths,
  value: Value,
): string {
  const { extension } = conversion;
  const text = (result: string): string => widen(result, conversion, widths.width);
  switch (extension[0]) {
    case undefined:
    case 'K':
    case 'x':
      return plain(services, conversion, widths, value);
    case 'S':
    case 's':
    case 'B':
      return text(symbolText(services, value, extension[0] !== 's'));
    case 'a':
      return withObject(
        services,
        conversion,
        widths,
        value,
        addressSize(services, extension),
        (object) => paddedHex(object, addressSize(services, extension)),
      );
    case 'G':
      return flags(services, conversion, widths, value);
    case 'h':
      return bytesText(services, conversion, widths, value);
    case 'b':
      return bitmap(services, conversion, widths, value, extension[1] === 'l');
    case 'V':
      return text(services.nested?.(value) ?? '');
    case 'e': {
      const name = errorName(services, value);
      return name === undefined ? plain(services, conversion, widths, value) : text(name);
    }
    default:
      return errorText(services, conversion, widths, `(%p${extension}?)`);
  }
}

const pointerBits = ({ profile }: PrintServices, value: Value): bigint =>
  BigInt.asUintN(profile.pointerSize * 8, asUnsigned64(value));

function plain(
  services: PrintServices,
  conversion: Conversion,
  { width, precision }: Widths,
  value: Value,
): string {
  const full = width === undefined;
  return formatNumber(pointerBits(services, value), {
    ...conversion,
    base: 16,
    zero: full || conversion.zero,
    width: full ? services.profile.pointerSize * 2 : width,
    precision,
  });
}

/** What check_pointer() says of a pointer that cannot point to an object. */
function badPointer(services: PrintServices, value: Value): string | undefined {
  const bits = pointerBits(services, value);
  if (bits === 0n) return '(null)';
  const size = BigInt(services.profile.pointerSize * 8);
  return bits < 4096n || bits >= (1n << size) - 4095n ? '(efault)' : undefined;
}

function errorText(
  { profile }: PrintServices,
  conversion: Conversion,
  { width, precision }: Widths,
  message: string,
): string {
  return widen(message.slice(0, precision ?? profile.pointerSize * 2), conversion, width);
}

/** `%s`: the bytes up to NUL, or to the precision. */
export function formatString(
  services: PrintServices,
  conversion: Conversion,
  widths: Widths,
  value: Value,
): string {
  const bad = badPointer(services, value);
  if (bad !== undefined) return errorText(services, conversion, widths, bad);
  const limit = Math.min(widths.precision ?? MAX_STRING, MAX_STRING);
  const bytes = services.readBytes(value, limit);
  const end = bytes.indexOf(0);
  // Memory ended before the string did: a real kernel would have crashed here.
  if (end < 0 && bytes.length < limit) return errorText(services, conversion, widths, '(efault)');
  return widen(latin1(end < 0 ? bytes : bytes.subarray(0, end)), conversion, widths.width);
}

/** Reads an integer behind the pointer and prints it; or says why it cannot. */
function withObject(
  services: PrintServices,
  conversion: Conversion,
  widths: Widths,
  value: Value,
  sizeBytes: number,
  print: (object: bigint) => string,
): string {
  const bytes = services.readBytes(value, sizeBytes);
  const unreadable = bytes.length < sizeBytes ? '(efault)' : undefined;
  const bad = badPointer(services, value) ?? unreadable;
  if (bad !== undefined) return errorText(services, conversion, widths, bad);
  return print(bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
}

function addressSize({ profile }: PrintServices, extension: string): number {
  const name = extension[1] === 'd' ? 'dma_addr_t' : 'phys_addr_t';
  let type: unknown = profile.types.typedef(name);
  while (isTypedef(type)) type = type.target;
  const { sizeBytes } = (type ?? {}) as { sizeBytes?: number };
  return sizeBytes ?? profile.pointerSize;
}

const isTypedef = (type: unknown): type is { readonly target: unknown } =>
  typeof type === 'object' && type !== null && 'kind' in type && type.kind === 'typedef';

function symbolText(services: PrintServices, value: Value, withOffset: boolean): string {
  const { profile } = services;
  const found = typeof value === 'number' ? profile.symbolAt(asVirt(value)) : undefined;
  if (found === undefined) return `0x${pointerBits(services, value).toString(16)}`;
  const { symbol, offset } = found;
  if (!withOffset) return symbol.name;
  return `${symbol.name}+0x${offset.toString(16)}/0x${symbol.sizeBytes.toString(16)}`;
}

/** A word of another kernel has names here, too, but they mean nothing. */
const foreignText = ({ release }: Profile, bits: bigint): string =>
  `0x${bits.toString(16)} is neither a flag nor a field of this kernel, Linux ${release}: a word of another kernel has other flags and fields, so that the names do not hold for it`;

function flags(
  services: PrintServices,
  conversion: Conversion,
  widths: Widths,
  value: Value,
): string {
  const { profile } = services;
  const size = profile.pointerSize;
  const print = (sizeBytes: number, text: (object: bigint) => string): string =>
    withObject(services, conversion, widths, value, sizeBytes, text);
  switch (conversion.extension[1]) {
    case 'p':
      return print(size, (object) => {
        const foreign = foreignPageFlags(profile, object);
        if (foreign !== 0n) services.note?.('%pGp', object, foreignText(profile, foreign));
        return pageFlagsText(profile, object);
      });
    case 'g':
      return print(4, (object) => {
        const foreign = foreignGfp(profile, Number(object));
        if (foreign !== 0) services.note?.('%pGg', object, foreignText(profile, BigInt(foreign)));
        return gfpText(profile, Number(object));
      });
    case 'v':
      return print(size, (object) => vmaFlags(profile, object));
    default:
      return errorText(services, conversion, widths, '(%pG?)');
  }
}

const VMA_FLAGS =
  'READ WRITE EXEC SHARED MAYREAD MAYWRITE MAYEXEC MAYSHARE GROWSDOWN PFNMAP LOCKED IO SEQ_READ RAND_READ DONTCOPY ' +
  'DONTEXPAND LOCKONFAULT ACCOUNT NORESERVE HUGETLB SYNC DONTDUMP MIXEDMAP HUGEPAGE NOHUGEPAGE MERGEABLE';

function vmaFlags(profile: Profile, object: bigint): string {
  const names: string[] = [];
  let rest = object;
  for (const name of VMA_FLAGS.split(' ')) {
    const mask = BigInt(profile.findConstant(`VM_${name}`) ?? 0);
    if (mask === 0n || (rest & mask) !== mask) continue;
    names.push(name.toLowerCase().replace('_', ''));
    rest &= ~mask;
  }
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.join('|');
}

/** `%*ph`: up to 64 bytes in hexadecimal, one without a width. */
function bytesText(
  services: PrintServices,
  conversion: Conversion,
  { width, precision }: Widths,
  value: Value,
): string {
  if (width === 0) return '';
  const bad = badPointer(services, value);
  const widths = { width: undefined, precision };
  if (bad !== undefined) return errorText(services, conversion, widths, bad);
  const length = Math.min(width ?? 1, 64);
  const bytes = services.readBytes(value, length);
  if (bytes.length < length) return errorText(services, conversion, widths, '(efault)');
  const separator = { C: ':', D: '-', N: '' }[conversion.extension[1] ?? ''] ?? ' ';
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

/** `%*pb`: words of 32 bits in hexadecimal from the highest; `%*pbl`: ranges. The width is the number of bits. */
function bitmap(
  services: PrintServices,
  conversion: Conversion,
  { width }: Widths,
  value: Value,
  ranges: boolean,
): string {
  const nrBits = Math.max(0, width ?? 0);
  const none = { width: undefined, precision: undefined };
  const sizeBytes = Math.ceil(nrBits / 8);
  return withObject(services, conversion, none, value, sizeBytes, (object) => {
    const bits = BigInt.asUintN(nrBits, object);
    return ranges ? bitRanges(bits, nrBits) : bitWords(bits, nrBits);
  });
}

function bitWords(bits: bigint, nrBits: number): string {
  const words: string[] = [];
  for (let at = 0; at < nrBits; at += 32) {
    const width = Math.min(32, nrBits - at);
    const word = BigInt.asUintN(32, bits >> BigInt(at));
    words.unshift(word.toString(16).padStart(Math.ceil(width / 4), '0'));
  }
  return words.join(',');
}

function bitRanges(bits: bigint, nrBits: number): string {
  const isSet = (bit: number): boolean => ((bits >> BigInt(bit)) & 1n) === 1n;
  const ranges: string[] = [];
  for (let bit = 0; bit < nrBits; bit++) {
    if (!isSet(bit)) continue;
    const start = bit;
    while (bit + 1 < nrBits && isSet(bit + 1)) bit++;
    ranges.push(start === bit ? `${start}` : `${start}-${bit}`);
  }
  return ranges.join(',');
}

/** `-ENOMEM` for an error pointer. */
function errorName(services: PrintServices, value: Value): string | undefined {
  const size = services.profile.pointerSize * 8;
  const error = -Number(BigInt.asIntN(size, pointerBits(services, value)));
  if (error < 1 || error > 4095) return undefined;
  for (const [name, { body }] of preludeMacros())
    if (/^E[A-Z0-9]+$/.test(name) && body[0]?.text === String(error)) return `-${name}`;
  return `-${error}`;
}
