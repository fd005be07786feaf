/**
 * Page tables as variables: each address space from its top level down, only what is present, neighbours that differ in the
 * address alone as one range. An entry is an object that can be set and watched, and so is each of its bits.
 *
 * Source: SDM vol. 3A 4.3 to 4.5, by way of src/engine/x86/formats.ts.
 */
import { asPhys, formatAddress, type PhysAddr } from '../../engine/memory/address.js';
import type { Space } from '../../engine/view/addressSpaces.js';
import { sizeText } from '../../engine/view/whereIs.js';
import { addressBits, decode, flagText, type Entry, type Level } from '../../engine/x86/formats.js';
import { addressOf, type Paging } from '../../engine/x86/paging.js';
import { inspected } from '../../engine/x86/tableMemory.js';
import type { Walk, WalkStep } from '../../engine/x86/walk.js';
import type { MachineContext } from './context.js';
import { bitsOf, entryObject, entryText, placed, readEntry } from './pageTableEntry.js';
import { fact, group, type Container, type Shown } from './shown.js';

/** `page tables`, with a child for each address space; nothing for a machine that has none. */
export function pageTables(context: MachineContext): Shown | undefined {
  const spaces = context.surveyor.spaces.all();
  if (spaces.length === 0) return undefined;
  const count = spaces.length === 1 ? '1 address space' : `${spaces.length} address spaces`;
  return group('page tables', count, {
    named: () => context.surveyor.spaces.all().map((space) => showSpace(context, space)),
  });
}

function showSpace(context: MachineContext, { name, paging, isKernel, isCurrent }: Space): Shown {
  const root = hex(paging.rootPhys);
  const loaded = isCurrent ? ', loaded' : '';
  const value = `${isKernel ? 'init_mm' : 'cr3'} at physical ${root}, ${paging.mode}${loaded}`;
  return group(name, value, tablesShown(context, paging));
}

/** The entries of an address space from its top level down. */
export const tablesShown = (context: MachineContext, paging: Paging): Container =>
  entriesOf(context, { paging, depth: 0, phys: paging.rootPhys, first: 0 });

/** A table and what part of the address space lies below it. */
interface Table {
  readonly paging: Paging;
  readonly depth: number;
  readonly phys: PhysAddr;
  /** Number of the first page below it. */
  readonly first: number;
}

interface Indexed {
  readonly index: number;
  readonly entry: Entry;
}

function entriesOf(context: MachineContext, table: Table): Container {
  return {
    named: () => {
      const runs = runsOf(readTable(context, table), levelOf(table));
      return runs.map((run) =>
        run.length === 1 && run[0] !== undefined
          ? showEntry(context, table, run[0])
          : showRun(context, table, run),
      );
    },
  };
}

const levelOf = ({ paging, depth }: Table): Level => paging.levels[depth] as Level;

/** The entries that are not zero. */
function readTable({ image }: MachineContext, table: Table): readonly Indexed[] {
  const level = levelOf(table);
  const perEntry = level.entryBytes / 4;
  const words = inspected(image.memory).readWords(table.phys, 2 ** level.indexBits * perEntry);
  const found: Indexed[] = [];
  for (let index = 0; index < 2 ** level.indexBits && words !== undefined; index++) {
    const low = words[index * perEntry] ?? 0;
    const high = perEntry === 2 ? (words[index * 2 + 1] ?? 0) : 0;
    if (low !== 0 || high !== 0) found.push({ index, entry: decode(level, low, high) });
  }
  return found;
}

/** Neighbours that map a page each, one behind the other, with the same bits. */
function runsOf(entries: readonly Indexed[], level: Level): readonly (readonly Indexed[])[] {
  const runs: Indexed[][] = [];
  const bits = addressBits(level, true);
  for (const each of entries) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const goesOn =
      last !== undefined &&
      each.index === last.index + 1 &&
      each.entry.leaf &&
      last.entry.leaf &&
      each.entry.phys === last.entry.phys + 2 ** level.shift &&
      ((each.entry.low ^ last.entry.low) & ~bits.low) === 0 &&
      ((each.entry.high ^ last.entry.high) & ~bits.high) === 0;
    if (goesOn && run !== undefined) run.push(each);
    else runs.push([each]);
  }
  return runs;
}

function showRun(context: MachineContext, table: Table, run: readonly Indexed[]): Shown {
  const [first, last] = [run[0] as Indexed, run.at(-1) as Indexed];
  const level = levelOf(table);
  const size = 2 ** level.shift;
  const physEnd = last.entry.phys + size;
  const value = `${run.length} × ${sizeText(size)} → physical ${hex(first.entry.phys)}–${hex(physEnd)}, ${flagText(first.entry)}`;
  const name = `[${hex(first.index)}..${hex(last.index)}] ${vaText(table, first.index)}`;
  return group(name, value, { named: () => run.map((each) => showEntry(context, table, each)) });
}

function showEntry(context: MachineContext, table: Table, { index, entry }: Indexed): Shown {
  const level = levelOf(table);
  const entryPhys = asPhys(table.phys + index * level.entryBytes);
  const object = entryObject(context, level, entryPhys);
  const label = `${level.name}[${hex(index)}]`;
  /** What it leads to when somebody looks: it may have been set meanwhile. */
  const below = (now: Entry): Container | undefined =>
    now.present && !now.leaf
      ? entriesOf(context, {
          paging: table.paging,
          depth: table.depth + 1,
          phys: now.phys,
          first: pageOf(table, index),
        })
      : undefined;
  return {
    name: `[${hex(index)}] ${vaText(table, index)}`,
    value: entryText(level, entry),
    ...placed(object),
    watchName: `${label} of ${vaText(table, index)}`,
    children: {
      named: (format) => {
        const now = readEntry(context, level, entryPhys) ?? entry;
        return [
          ...(below(now)?.named?.(format) ?? []),
          ...bitsOf(level, now, object, `${label} of ${vaText(table, index)}`),
        ];
      },
    },
  };
}

/** The way of one address, each entry an object of its own: what `walk()` shows. */
export function showWalk(
  context: MachineContext,
  paging: Paging,
  { va, steps }: Walk,
  end: string,
): Container {
  return {
    named: () => [
      ...steps.map((step) => showStep(context, step, formatAddress(va, paging.pointerSize))),
      fact('leads to', end),
    ],
  };
}

function showStep(context: MachineContext, step: WalkStep, va: string): Shown {
  const { level, index, entry, entryPhys } = step;
  const object = entryObject(context, level, entryPhys);
  const label = `${level.name}[${hex(index)}]`;
  return {
    name: label,
    value: entryText(level, entry),
    ...placed(object),
    watchName: `${label} of ${va}`,
    children: {
      named: () => {
        const now = readEntry(context, level, entryPhys) ?? entry;
        return bitsOf(level, now, object, `${label} of ${va}`);
      },
    },
  };
}

const pageOf = (table: Table, index: number): number =>
  table.first + index * 2 ** (levelOf(table).shift - 12);

const vaText = (table: Table, index: number): string =>
  formatAddress(addressOf(table.paging, pageOf(table, index)), table.paging.pointerSize);

const hex = (value: number): string => `0x${value.toString(16)}`;
