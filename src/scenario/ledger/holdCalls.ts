/**
 * Which calls take references and pins of pages for the scenario, and which give them back: one table, read when a call is done.
 *
 * Source: Linux 6.1 include/linux/mm.h: get_user_pages() and its like; mm/gup.c.
 */
import type { BuiltinCall } from '../builtins/call.js';
import type { HoldKind } from '../builtins/ledger.js';
import type { Value } from '../semantics/arithmetic.js';

/** A call that is done: its arguments, and what it gave. */
interface Done {
  readonly call: BuiltinCall;
  readonly args: readonly Value[];
  readonly result: Value;
}

type Holding = (done: Done) => void;

/** The result says how many pages the array, argument `array`, has now. */
const takesArray =
  (kind: HoldKind, array: number): Holding =>
  ({ call, args, result }) => {
    for (const page of inArray(call, args[array] ?? 0, Number(result)))
      call.ledger.holds(kind, page);
  };

/** Argument `array` has pages, as many as argument 1 says. */
const dropsArray =
  (kind: HoldKind): Holding =>
  ({ call, args }) => {
    for (const page of inArray(call, args[0] ?? 0, Number(args[1] ?? 0)))
      call.ledger.drops(kind, page);
  };

/** The page itself is argument 0. */
const takesPage: Holding = ({ call, args, result }) => {
  // Those that give nothing succeed; the others say whether they did.
  if (result !== 0) call.ledger.holds('get', args[0] ?? 0);
};

/** Given for 0: a page that is off its LRU list is the caller's. */
const isolates: Holding = ({ call, args, result }) => {
  if (result === 0) call.ledger.holds('get', args[0] ?? 0);
};

/** With FOLL_GET among the flags, argument 2. What is an error is not the address of a page. */
const follows: Holding = ({ call, args, result }) => {
  if (result !== 0 && (Number(args[2] ?? 0) & call.k.FOLL_GET) !== 0)
    call.ledger.holds('get', result);
};

const getsPage: Holding = ({ call, args }) => call.ledger.holds('get', args[0] ?? 0);

const givesPage: Holding = ({ call, result }) => {
  if (result !== 0) call.ledger.holds('get', result);
};

const drops =
  (kind: HoldKind): Holding =>
  ({ call, args }) =>
    call.ledger.drops(kind, args[0] ?? 0);

/** Consecutive pages from argument 0 on. */
const dropsRange: Holding = ({ call, args }) => {
  const size = call.k.stride.page * 4;
  for (let i = 0; i < Number(args[1] ?? 0); i++)
    call.ledger.drops('pin', call.offset(args[0] ?? 0, i * size));
};

function* inArray(call: BuiltinCall, pages: Value, nr: number): Generator<Value> {
  if (pages === 0) return;
  const size = call.profile.pointerSize;
  for (let i = 0; i < nr; i++) {
    const page = call.memory.load(call.offset(pages, i * size), size);
    if (page !== 0) yield page;
  }
}

/** Where each of the family has its array of pages. */
const ARRAY_OF = [
  ['user_pages', 3],
  ['user_pages_fast', 3],
  ['user_pages_fast_only', 3],
  ['user_pages_unlocked', 2],
  ['user_pages_remote', 4],
] as const;

const HOLDINGS: ReadonlyMap<string, Holding> = new Map<string, Holding>([
  ...ARRAY_OF.map(([name, at]) => [`get_${name}`, takesArray('get', at)] as const),
  ...ARRAY_OF.map(([name, at]) => [`pin_${name}`, takesArray('pin', at)] as const),
  ['get_page', getsPage],
  ['folio_get', getsPage],
  ['try_get_page', takesPage],
  ['folio_try_get', takesPage],
  ['get_page_unless_zero', takesPage],
  ['isolate_lru_page', isolates],
  ['putback_lru_page', drops('get')],
  ['follow_page', follows],
  ['find_get_page', givesPage],
  ['find_lock_page', givesPage],
  ['put_page', drops('get')],
  ['folio_put', drops('get')],
  ['put_page_testzero', drops('get')],
  ['release_pages', dropsArray('get')],
  ['unpin_user_page', drops('pin')],
  ['unpin_user_pages', dropsArray('pin')],
  ['unpin_user_pages_dirty_lock', dropsArray('pin')],
  ['unpin_user_page_range_dirty_lock', dropsRange],
]);

/** A builtin has returned. */
export function noteHolds(
  call: BuiltinCall,
  name: string,
  args: readonly Value[],
  result: Value,
): void {
  HOLDINGS.get(name)?.({ call, args, result });
}
