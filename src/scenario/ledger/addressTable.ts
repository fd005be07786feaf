/**
 * What the scenario has taken from the kernel besides pages (objects, areas, caches, per-CPU memory), by the address that names it.
 *
 *     entry    0 kind    1, 2 address    3 place, counted from 1    4 task    5 bytes
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { fromWords, highWord, lowWord, type Cell } from '../../engine/memory/address.js';
import type { Allocation } from '../builtins/ledger.js';
import type { Mark } from './pageTable.js';
import { WordTable } from './wordTable.js';

export type AddressKind = Exclude<Allocation['kind'], 'pages'>;

const KINDS: readonly AddressKind[] = [
  ...(['object', 'area', 'per-CPU', 'cache'] as const),
  ...(['device region', 'cdev', 'class', 'device', 'workqueue'] as const),
];

export interface HeldAddress {
  readonly kind: AddressKind;
  readonly address: number;
  readonly sizeBytes: number;
  readonly allocated: Mark;
}

export class AddressTable {
  private readonly table: WordTable;

  constructor(private readonly k: Kernel) {
    this.table = new WordTable(k);
  }

  /** What was known of the address before is forgotten. */
  take(kind: AddressKind, address: number, sizeBytes: number, { place, task }: Mark): void {
    this.giveBack(kind, address);
    const words = [lowWord(address), highWord(address)] as const;
    this.table.add([KINDS.indexOf(kind) + 1, ...words, place, task, sizeBytes]);
  }

  /** Nothing happens where it is not known. */
  giveBack(kind: AddressKind, address: number): void {
    const at = this.find(kind, address);
    if (at !== undefined) this.table.remove(at);
  }

  /** What is held at an address. */
  holding(kind: AddressKind, address: number): HeldAddress | undefined {
    const at = this.find(kind, address);
    return at === undefined ? undefined : this.heldAt(at);
  }

  *held(): Generator<HeldAddress> {
    for (const at of this.table.all()) yield this.heldAt(at);
  }

  private find(kind: AddressKind, address: number): Cell | undefined {
    const { table } = this;
    const wanted = KINDS.indexOf(kind) + 1;
    for (const at of table.withKey(lowWord(address)))
      if (table.word(at, 0) === wanted && table.word(at, 2) === highWord(address)) return at;
    return undefined;
  }

  private heldAt(at: Cell): HeldAddress {
    const { table } = this;
    const low = table.word(at, 1);
    return {
      kind: KINDS[table.word(at, 0) - 1] ?? 'object',
      address: this.k.wide ? fromWords(low, table.word(at, 2)) : low >>> 0,
      sizeBytes: table.word(at, 5) >>> 0,
      allocated: { place: table.word(at, 3), task: table.word(at, 4) },
    };
  }
}
