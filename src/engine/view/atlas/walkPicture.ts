/**
 * A page walk with everything that a picture of it shows: the address cut into fields, each table on the way with the entry
 * taken and that entry's bits, and the end, whole or broken.
 *
 * Invariant: its steps are those of x86/walk.ts, entry by entry.
 *
 * Source: SDM vol. 3A 4.3 to 4.5 (fields, entries), 4.7 (error code), by way of x86/formats.ts.
 */
import { asVirt, formatAddress, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { errorCodeWords, type Access } from '../../x86/access.js';
import { decode, entryHex, FLAGS, flagText, type Entry, type Level } from '../../x86/formats.js';
import { indexAt, offsetInPage, type Paging } from '../../x86/paging.js';
import type { TableMemory } from '../../x86/tableMemory.js';
import { walk, type Exception, type MappedPage, type Walk, type WalkStep } from '../../x86/walk.js';
import { sizeText } from '../whereIs.js';
import { rightsText } from './rightsText.js';
import {
  ENTRY_STATES,
  type AddressField,
  type BitBody,
  type FaultBody,
  type PageBody,
  type StepBody,
} from './pageWalk.js';

/** A step, its table's entries as bytes. */
export type StepPicture = Omit<StepBody, 'entries' | 'expression'> & {
  readonly entries: Uint8Array;
  readonly step: WalkStep;
};

export interface WalkPicture {
  readonly fields: readonly AddressField[];
  readonly steps: readonly StepPicture[];
  readonly page?: PageBody;
  readonly fault?: FaultBody;
}

export function walkPicture(
  paging: Paging,
  memory: TableMemory,
  va: VirtAddr,
  access?: Access,
): WalkPicture {
  const found = walk(paging, memory, va, access);
  const { page, exception } = found;
  return {
    fields: addressFields(paging, found),
    steps: found.steps.map((step) => stepPicture(memory, step)),
    ...(page !== undefined && { page: pageBody(page) }),
    ...(exception !== undefined && { fault: faultBody(paging, exception, access) }),
  };
}

/** From the highest bit down. A large page's offset takes the place of the fields below it. */
function addressFields(paging: Paging, { va, steps, page }: Walk): AddressField[] {
  const { levels, addressBits, pointerSize } = paging;
  const leaf = page === undefined ? undefined : steps.at(-1)?.level;
  const fields: AddressField[] = [];
  if (addressBits < pointerSize * 8)
    fields.push({
      name: 'unused',
      high: pointerSize * 8 - 1,
      low: addressBits,
      value: hex(offsetInPage(asVirt(Math.floor(va / 2 ** addressBits)), 2 ** (64 - addressBits))),
    });
  for (const level of levels) {
    const { name, shift, indexBits } = level;
    fields.push({ name, high: shift + indexBits - 1, low: shift, value: hex(indexAt(level, va)) });
    if (level === leaf) break;
  }
  const shift = leaf?.shift ?? levels.at(-1)?.shift ?? 0;
  const offset = levels.length === 0 ? va : offsetInPage(va, 2 ** shift);
  return [
    ...fields,
    { name: 'offset', high: (shift || addressBits) - 1, low: 0, value: hex(offset) },
  ];
}

function stepPicture(memory: TableMemory, step: WalkStep): StepPicture {
  const { level, tablePhys, index, entryPhys, entry } = step;
  const nrEntries = 2 ** level.indexBits;
  return {
    step,
    level: level.name,
    intelName: level.intelName,
    table: hex(tablePhys),
    index,
    nrEntries,
    entries: entryStates(memory, level, tablePhys, nrEntries),
    at: hex(entryPhys),
    entryBytes: level.entryBytes,
    value: `0x${entryHex(entry)}`,
    text: entryLine(level, entry),
    present: entry.present,
    leaf: entry.leaf,
    ...(entry.present && { leadsTo: hex(entry.phys) }),
    bits: entryBits(level, entry),
    reservedBits: entry.present ? entry.reservedBits : [],
  };
}

function entryLine(level: Level, entry: Entry): string {
  const flags = flagText(entry);
  if (!entry.present) return flags;
  const to = entry.leaf
    ? `page ${hex(entry.phys)}, ${sizeText(2 ** level.shift)}`
    : `table ${hex(entry.phys)}`;
  return `${flags} → ${to}`;
}

function entryStates(
  memory: TableMemory,
  level: Level,
  phys: WalkStep['tablePhys'],
  nrEntries: number,
): Uint8Array {
  const perEntry = level.entryBytes / 4;
  const states = new Uint8Array(nrEntries);
  const words = memory.readWords(phys, nrEntries * perEntry);
  if (words === undefined) return states;
  for (let i = 0; i < nrEntries; i++) {
    const low = words[i * perEntry] ?? 0;
    const high = perEntry === 2 ? (words[i * 2 + 1] ?? 0) : 0;
    if (low === 0 && high === 0) continue;
    const { present, leaf } = decode(level, low, high);
    states[i] = !present ? ENTRY_STATES.kept : leaf ? ENTRY_STATES.page : ENTRY_STATES.table;
  }
  return states;
}

/** The bits that the format names at this level, from bit 0 up. */
function entryBits(level: Level, { low, high }: Entry): BitBody[] {
  const upper = level.mapsPage !== 'always';
  return FLAGS.filter(
    ({ bit, where }) =>
      bit < level.entryBytes * 8 && (where === 'all' || (where === 'upper levels') === upper),
  ).map(({ name, bit, meaning }) => {
    const word = bit < 32 ? low : high;
    return { name, bit, set: ((word >>> (bit & 31)) & 1) === 1, meaning };
  });
}

function pageBody(page: MappedPage): PageBody {
  return {
    phys: hex(page.phys),
    pagePhys: hex(page.pagePhys),
    pageSize: page.pageSize,
    offset: hex(page.phys - page.pagePhys),
    pfn: Math.floor(page.phys / PAGE_SIZE),
    rights: rightsText(page.rights),
    user: page.rights.user,
    global: page.global,
    dirty: page.dirty,
    ...(page.memoryType !== undefined && { memoryType: page.memoryType }),
  };
}

/** The error code tells the access: of a translation alone there is none. */
function faultBody(
  { pointerSize }: Paging,
  exception: Exception,
  access: Access | undefined,
): FaultBody {
  const { kind, reason } = exception;
  if (kind !== 'page fault') return { kind, reason };
  return {
    kind,
    reason,
    level: exception.level.name,
    cr2: formatAddress(asVirt(exception.cr2), pointerSize),
    ...(access !== undefined && {
      errorCode: hex(exception.errorCode),
      errorText: errorCodeWords(exception.errorCode),
    }),
  };
}

const hex = (value: number): string => `0x${value.toString(16)}`;
