/**
 * What `mmscope/lastWrite` and `mmscope/nextWrite` are asked about: a variable of a tree, what an expression denotes, or bytes by
 * address, wherever they lie: also where only page tables lead, or in memory without a kernel address.
 */
import { cellAt } from '../../engine/image/assemble.js';
import { asCell, asPhys, asVirt, type Cell } from '../../engine/memory/address.js';
import type { WatchedWord } from '../../engine/memory/writeSearch.js';
import type { Place } from '../../engine/types/access.js';
import { formatPlace } from '../../engine/types/format.js';
import { sizeOf } from '../../engine/types/layout.js';
import { counted } from '../../engine/view/counted.js';
import type { WriteArguments } from '../../engine/view/history.js';
import { watchedWords } from '../breakpoints/dataTarget.js';
import { locateMemory, parseReference } from '../debuggee/memoryReference.js';
import type { Target } from '../debuggee/target.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { findTarget } from './dataBreakpoints.js';

/** What is asked about: its words, and how it reads where memory is now. */
export interface Asked {
  readonly label: string;
  readonly words: readonly WatchedWord[];
  readonly read: () => string;
}

export function labelOf({ name, expression, memoryReference }: WriteArguments): string {
  return expression ?? name ?? memoryReference ?? '';
}

/** What is to be searched for, or the reason why nothing can be. */
export function askedFor(session: Session, args: WriteArguments): Asked | string {
  const { target } = session.current;
  if (args.memoryReference !== undefined) return bytesAsked(target, args, args.memoryReference);
  const { variablesReference = 0, name, expression, frameId } = args;
  const wanted = expression ?? name;
  if (wanted === undefined)
    throw errors.badArguments(
      "Name what was written by 'variablesReference' and 'name', by 'expression', or by 'memoryReference'.",
    );
  const found = findTarget(session, {
    name: wanted,
    ...(expression === undefined ? { variablesReference } : frameId !== undefined && { frameId }),
  });
  if (typeof found === 'string') return found;
  const words = watchedWords(target.image, found.place) ?? mappedWords(target, found.place);
  if (words.length === 0) return `There is no memory at ${found.label}.`;
  return { label: found.label, words, read: () => textOf(target, found.place) };
}

const MAX_BYTES = 1 << 20;

function bytesAsked(
  target: Target,
  { offset = 0, count = 1 }: WriteArguments,
  reference: string,
): Asked | string {
  const { image } = target;
  const memory = locateMemory(image, reference, offset);
  if (memory === undefined) throw errors.badAddress(reference);
  if (count < 1 || count > MAX_BYTES)
    throw errors.badArguments(`'count' must be from 1 to ${MAX_BYTES}.`);
  const physical = /^phys:(0x[0-9a-f]+)$/i.exec(reference.trim())?.[1];
  const start = physical === undefined ? parseReference(image, reference) : Number(physical);
  const words = wordsFrom((start ?? 0) + offset, count, (address) =>
    physical === undefined ? cellAt(image, asVirt(address)) : image.memory.cell(asPhys(address)),
  );
  const label = `${counted(count, 'byte')} at ${memory.address}`;
  if (words.length === 0) return `There is no memory at ${memory.address}.`;
  return { label, words, read: () => hexBytes(memory.read(Math.min(count, MAX_SHOWN_BYTES))) };
}

const MAX_SHOWN_BYTES = 16;

const hexBytes = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** The words of an object that only page tables lead to (vmalloc space, user pages), as they are now. */
function mappedWords({ image }: Target, place: Place): readonly WatchedWord[] {
  const size = Math.max(1, sizeOf(place.type, image.profile.pointerSize));
  return wordsFrom(place.address, size, (address) => cellAt(image, asVirt(address)));
}

function wordsFrom(
  start: number,
  count: number,
  cellOf: (address: number) => Cell,
): readonly WatchedWord[] {
  const masks = new Map<Cell, number>();
  for (let address = start; address < start + count; address++) {
    const inWord = address & 3;
    const cell = cellOf(address - inWord);
    if (cell !== 0) masks.set(cell, (masks.get(cell) ?? 0) | (0xff << (inWord * 8)));
  }
  return [...masks].map(([cell, mask]) => ({ cell: asCell(cell), mask }));
}

function textOf({ context }: Target, place: Place): string {
  return formatPlace(context.profile, context.memory, place, { maxDepth: 2, maxLength: 120 });
}
