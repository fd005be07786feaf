/**
 * `%slabs` as text: a block of lines for each cache, newest first. Fields are `name=value`; what a line without a name begins
 * with says what it is (`cpu0`, `node`, `part`, ...).
 */
import { parseAddress, type VirtAddr } from '../../memory/address.js';
import { ImageError } from '../kernelImage.js';
import { expandSequence } from './sequence.js';

export interface SlabLine {
  /** The first word: `kc`, `cpu0`, `node`, `part`. */
  readonly word: string;
  readonly fields: ReadonlyMap<string, string>;
  /** The tokens behind `:`, `fl` or `lockless`. */
  readonly sequence: readonly string[];
}

export interface CacheText {
  readonly name: string;
  readonly kc: SlabLine;
  readonly lines: readonly SlabLine[];
}

/** The caches of a dump, newest first; none for a dump that has geometries only. */
export function parseSlabs(lines: readonly string[]): CacheText[] {
  const caches: CacheText[] = [];
  let block: { readonly name: string; readonly lines: SlabLine[] } | undefined;
  for (const line of lines) {
    if (line.startsWith('%slab ')) {
      block = { name: line.slice('%slab '.length), lines: [] };
    } else if (line === '%end' && block !== undefined) {
      const [kc, ...rest] = block.lines;
      if (kc === undefined) throw new ImageError(`The cache ${block.name} has no geometry.`);
      caches.push({ name: block.name, kc, lines: rest });
      block = undefined;
    } else {
      block?.lines.push(parseLine(line));
    }
  }
  return caches;
}

/** Words that begin a sequence. */
const BEFORE_SEQUENCE = new Set([':', 'fl', 'lockless']);

function parseLine(line: string): SlabLine {
  const [word = '', ...words] = line.trim().split(' ');
  const at = words.findIndex((each) => BEFORE_SEQUENCE.has(each));
  const fields = at < 0 ? words : words.slice(0, at);
  return {
    word,
    fields: new Map(
      fields.flatMap((field) => {
        const [name = '', value] = field.split('=');
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
    sequence: at < 0 ? [] : words.slice(at + 1),
  };
}

/** A decimal field. */
export function decimalOf(line: SlabLine, name: string): number {
  const value = Number(line.fields.get(name));
  if (!Number.isInteger(value)) throw new ImageError(`A slab line lacks ${name}.`);
  return value;
}

/** A hexadecimal field of at most 32 bits. */
export function hexOf(line: SlabLine, name: string): number {
  const value = parseInt(line.fields.get(name) ?? '', 16);
  if (Number.isNaN(value)) throw new ImageError(`A slab line lacks ${name}.`);
  return value;
}

export function addressOf(line: SlabLine, name: string, pointerSize: 4 | 8): VirtAddr {
  return address(line.fields.get(name) ?? '', pointerSize);
}

function address(text: string, pointerSize: 4 | 8): VirtAddr {
  const value = parseAddress(`0x${text}`, pointerSize);
  if (value === undefined) throw new ImageError(`'${text}' is not an address.`);
  return value;
}

/** A sequence of addresses, whose first values a number of a trace need not hold. */
export function addressesOf(line: SlabLine, pointerSize: 4 | 8): VirtAddr[] {
  return line.sequence.flatMap((token) => {
    const [first = '', count, step] = token.split(':');
    const start = address(first, pointerSize);
    if (count === undefined || step === undefined) return [start];
    const [nr = 0] = expandSequence([count]) ?? [];
    const [by = 0] = expandSequence([step]) ?? [];
    return Array.from({ length: nr }, (_, i) => (start + i * by) as VirtAddr);
  });
}

/** A sequence of small numbers. */
export function numbersOf(line: SlabLine): number[] {
  const numbers = expandSequence(line.sequence);
  if (numbers === undefined) throw new ImageError('A slab line has a malformed sequence.');
  return numbers;
}
