/**
 * What of a machine a call needs. A recorded state that does not tell it gets it where the text of the scenario has such a call
 * (engine/image/state/unrecorded.ts); without one, as in the debug console, this is said.
 */
import type { BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const MISSING = {
  caches: 'has no slab caches',
  areas: 'does not know the areas of its vmalloc space',
  pkmap: 'does not have the table of its pkmap slots',
  tables: 'does not have its page tables',
} as const;

const lacks = (call: BuiltinCall, name: string, what: keyof typeof MISSING): never =>
  call.bug(
    `BUG: ${name}() cannot be performed: this machine ${MISSING[what]}, as its recorded state tells none; they are made where the scenario's text calls a function that needs them`,
  );

export function needsCaches(call: BuiltinCall, name: string): void {
  // What allocates notes where it was called from.
  call.k.machine.caller = call.caller;
  if (!call.kernel.slab_is_available(call.k)) lacks(call, name, 'caches');
}

/** A function that changes the machine, and allocates or frees objects. */
export const withCaches = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes: true,
  needs: needsCaches,
  run,
});

export function needsAreas(call: BuiltinCall, name: string): void {
  const { k } = call;
  needsCaches(call, name);
  if (k.words[k.globals.vmap_area_list] === 0) lacks(call, name, 'areas');
  if (!k.machine.processor(k.cpu).hasTables) lacks(call, name, 'tables');
}

/** A build without highmem maps nothing: there the page's own address is enough. */
export function needsPkmap(call: BuiltinCall, name: string): void {
  const { k } = call;
  if (k.LAST_PKMAP <= 0) return;
  if (k.read_ptr(k.globals.pkmap_page_table) === 0) lacks(call, name, 'pkmap');
}

/** The running task has memory of its own: a scenario that calls any such function is a process from its beginning. */
export function needsProcess(call: BuiltinCall, name: string): void {
  needsCaches(call, name);
  call.process.needsMemory(name);
}
