/**
 * Refuses BTF types that lead back to themselves without a pointer in between: nothing could be said about their size, and
 * whoever followed them would never come back.
 */
import { BtfError, KIND, MAX_NESTING, TRANSPARENT, type BtfRecords } from './btfRecords.js';

export class BtfCircles {
  /** Structs whose members are being followed: to meet one again is a circle. */
  private readonly open = new Set<number>();
  /** Structs that are known not to contain themselves. */
  private readonly finite = new Set<number>();

  constructor(private readonly records: BtfRecords) {}

  /** @param at the record of the typedef `id` */
  refuseTypedef(id: number, at: number): void {
    const { records } = this;
    let next = records.u32(at + 8);
    for (let steps = 0; next !== 0; steps++) {
      const record = records.record(next, at + 8);
      const kind = records.kind(record);
      if (kind !== KIND.typedef && !TRANSPARENT.has(kind)) return;
      if (steps > records.endId) throw new BtfError(`type ${id} contains itself`, at);
      next = records.u32(record + 8);
    }
  }

  /** @param at the record of the struct or union `id` */
  refuseStruct(id: number, at: number): void {
    if (this.finite.has(id)) return;
    if (this.open.has(id)) throw new BtfError(`type ${id} contains itself`, at);
    if (this.open.size === MAX_NESTING) throw new BtfError('types nested too deeply', at);
    this.open.add(id);
    for (const entry of this.records.entries(at, 12)) {
      const inner = this.structInside(entry + 4);
      if (inner !== 0) this.refuseStruct(inner, this.records.record(inner, entry + 4));
    }
    this.open.delete(id);
    this.finite.add(id);
  }

  /** The id of the struct or union that the type whose id stands at `at` holds by value; 0 if none. */
  private structInside(at: number): number {
    const { records } = this;
    let from = at;
    for (let steps = 0; steps <= records.endId; steps++) {
      const id = records.u32(from);
      if (id === 0) return 0;
      const record = records.record(id, from);
      const kind = records.kind(record);
      if (kind === KIND.struct || kind === KIND.union) return id;
      if (kind === KIND.array) from = record + 12;
      else if (kind === KIND.typedef || TRANSPARENT.has(kind)) from = record + 8;
      else return 0;
    }
    throw new BtfError('a type contains itself', at);
  }
}
