/** How page-table entries go between a scenario, where they are structs, and the kernel's functions, where they are words. */
import type { PteVal } from '../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import {
  fromPteWords,
  pteAnd,
  pteAndNot,
  pteOr,
  toPteWords,
} from '../../engine/machine/pteWords.js';
import { asUnsigned64, convert, wrap64, type Value } from '../semantics/arithmetic.js';
import type { BuiltinCall } from './call.js';

const entryBytes = ({ k }: BuiltinCall): 4 | 8 => (k.pte_words === 1 ? 4 : 8);

/** The entry at an address: a struct argument, or what a pointer points to. */
export const entryAt = (call: BuiltinCall, address: Value): PteVal =>
  entryBits(call, call.memory.load(address, entryBytes(call)));

/** A struct result: put where the caller wants it. */
export function putEntry(call: BuiltinCall, result: Value, entry: PteVal): Value {
  call.memory.store(result, entryBytes(call), entryValue(call, entry));
  return result;
}

/** pteval_t */
export const entryValue = (call: BuiltinCall, entry: PteVal): Value =>
  call.k.pte_words === 1 ? entry.low >>> 0 : convert(wrap64(fromPteWords(entry)), 'u64');

/** What a parameter of type pteval_t or pgprotval_t holds. */
export const entryBits = (call: BuiltinCall, value: Value): PteVal =>
  pteAnd(toPteWords(asUnsigned64(value)), call.k.pte_mask);

/** The entry with bits set and cleared, of which the build may not have all. */
export const changedEntry = (
  call: BuiltinCall,
  entry: PteVal,
  set: PteVal,
  clear: PteVal,
): PteVal => pteOr(pteAndNot(entry, clear), pteAnd(set, call.k.pte_mask));
