/** Arrays by index (struct xarray) and numbers for pointers (struct idr), on the kernel's own nodes. */
import { EINVAL } from '../../engine/kernel/include/linux/errno.h.js';
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { truth, va } from './pointers.js';

const changes = true;
const needs = needsCaches;

/** An index: an unsigned long, which may come with its highest bit as a sign. */
const indexOf = (index: Value): number => {
  const number = Number(index);
  return number < 0 ? number + 2 ** 64 : number;
};

const entryOf = (entry: Value): VirtAddr => va(entry);

/** An entry, or an error in place of one, as a pointer of the build. */
const pointerOf = ({ k }: BuiltinCall, entry: number): Value =>
  k.wide || entry >= 0 ? entry : entry + 2 ** 32;

/** The next entry that a filter lets through: its index goes where a pointer says; NULL: there is none. */
function find(
  call: BuiltinCall,
  xa: Value,
  indexp: Value,
  max: Value,
  filter: Value,
  from: number,
): Value {
  const { k, kernel } = call;
  const array = call.cell(xa);
  const index = kernel.findIndex(k, array, from, indexOf(max), Number(filter));
  if (index < 0) return 0;
  call.memory.store(indexp, call.profile.pointerSize, index);
  return kernel.xa_load(k, array, index);
}

const indexAt = (call: BuiltinCall, indexp: Value): number =>
  indexOf(call.memory.load(indexp, call.profile.pointerSize));

const rows: readonly BuiltinRow[] = [
  {
    signature: 'void *xa_load(struct xarray *xa, unsigned long index)',
    doc: 'The entry at an index; NULL where there is none.',
    run: (call, xa, index) => call.kernel.xa_load(call.k, call.cell(xa), indexOf(index)),
  },
  {
    signature: 'void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)',
    doc: 'Stores an entry: a pointer to something aligned, or a value of xa_mk_value(). What was there, or an error for xa_err().',
    changes,
    needs,
    sleeps: 3,
    run: (call, xa, index, entry) =>
      pointerOf(
        call,
        call.kernel.__xa_store(call.k, call.cell(xa), indexOf(index), entryOf(entry)),
      ),
  },
  {
    signature: 'void *xa_erase(struct xarray *xa, unsigned long index)',
    doc: 'Takes an entry out; what was there.',
    changes,
    needs,
    run: (call, xa, index) => call.kernel.__xa_erase(call.k, call.cell(xa), indexOf(index)),
  },
  {
    signature: 'int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)',
    doc: 'Stores an entry where there is none; -EBUSY where there is one.',
    changes,
    needs,
    sleeps: 3,
    run: (call, xa, index, entry) =>
      call.kernel.__xa_insert(call.k, call.cell(xa), indexOf(index), entryOf(entry)),
  },
  {
    signature:
      'void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old, void *entry, gfp_t gfp)',
    doc: 'Stores an entry where another one is; what was there.',
    changes,
    needs,
    sleeps: 4,
    run: (call, xa, index, old, entry) => {
      const array = call.cell(xa);
      const current = call.kernel.__xa_cmpxchg(
        ...([call.k, array, indexOf(index), entryOf(old), entryOf(entry)] as const),
      );
      return pointerOf(call, current);
    },
  },
  {
    signature:
      'int __xa_alloc_range(struct xarray *xa, u32 *id, void *entry, u32 min, u32 max, gfp_t gfp)',
    doc: 'The function behind xa_alloc(): finds a free index for an entry, and stores it.',
    changes,
    needs,
    sleeps: 5,
    run: (call, xa, id, entry, min, max) => {
      const array = call.cell(xa);
      const index = call.kernel.__xa_alloc(
        ...([call.k, array, entryOf(entry), indexOf(min), indexOf(max)] as const),
      );
      if (index < 0) return index;
      call.memory.store(id, 4, index);
      return 0;
    },
  },
  {
    signature:
      'void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter)',
    doc: 'The first entry from *index on, up to max; its index is in *index then. XA_PRESENT: any; else those with a mark.',
    changes,
    run: (call, xa, indexp, max, filter) =>
      find(call, xa, indexp, max, filter, indexAt(call, indexp)),
  },
  {
    signature:
      'void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter)',
    doc: 'Like xa_find, behind *index.',
    changes,
    run: (call, xa, indexp, max, filter) =>
      find(call, xa, indexp, max, filter, indexAt(call, indexp) + 1),
  },
  {
    signature: 'void xa_set_mark(struct xarray *xa, unsigned long index, unsigned int mark)',
    doc: 'Marks an entry, if there is one.',
    changes,
    run: (call, xa, index, mark) => {
      call.kernel.xa_set_mark(call.k, call.cell(xa), indexOf(index), Number(mark));
    },
  },
  {
    signature: 'void xa_clear_mark(struct xarray *xa, unsigned long index, unsigned int mark)',
    doc: 'Takes a mark from an entry.',
    changes,
    run: (call, xa, index, mark) => {
      call.kernel.xa_clear_mark(call.k, call.cell(xa), indexOf(index), Number(mark));
    },
  },
  {
    signature: 'bool xa_get_mark(struct xarray *xa, unsigned long index, unsigned int mark)',
    doc: 'Whether an entry has a mark.',
    run: (call, xa, index, mark) =>
      truth(call.kernel.xa_get_mark(call.k, call.cell(xa), indexOf(index), Number(mark))),
  },
  {
    signature: 'void xa_destroy(struct xarray *xa)',
    doc: "Takes all entries out; what they point to is the caller's.",
    changes,
    needs,
    run: (call, xa) => {
      call.kernel.xa_destroy(call.k, call.cell(xa));
    },
  },
];

const idrs: readonly BuiltinRow[] = [
  {
    signature: 'void idr_init(struct idr *idr)',
    doc: 'Makes an empty idr.',
    changes,
    run: (call, idr) => {
      call.kernel.idr_init(call.k, call.cell(idr));
    },
  },
  {
    signature: 'int idr_alloc(struct idr *idr, void *ptr, int start, int end, gfp_t gfp)',
    doc: 'The first free number from start on and below end (0: there is no end), for a pointer; -ENOSPC if there is none.',
    changes,
    needs,
    sleeps: 4,
    run: (call, idr, ptr, start, end, gfp) => {
      const cell = call.cell(idr);
      return call.kernel.idr_alloc(
        ...([call.k, cell, entryOf(ptr), Number(start), Number(end), Number(gfp)] as const),
      );
    },
  },
  {
    signature: 'int idr_alloc_cyclic(struct idr *idr, void *ptr, int start, int end, gfp_t gfp)',
    doc: 'Like idr_alloc, but goes on behind the last number that it gave.',
    changes,
    needs,
    sleeps: 4,
    run: (call, idr, ptr, start, end, gfp) => {
      const max = Number(end) > 0 ? Number(end) - 1 : 0x7fff_ffff;
      if (Number(start) < 0) return -EINVAL;
      return call.kernel.idr_alloc_cyclic(
        ...([call.k, call.cell(idr), entryOf(ptr), Number(start), Number(gfp), max] as const),
      );
    },
  },
  {
    signature: 'void *idr_find(const struct idr *idr, unsigned long id)',
    doc: 'What a number stands for; NULL: nothing.',
    run: (call, idr, id) => call.kernel.idr_find(call.k, call.cell(idr), indexOf(id)),
  },
  {
    signature: 'void *idr_remove(struct idr *idr, unsigned long id)',
    doc: 'A number is free again; what it stood for.',
    changes,
    needs,
    run: (call, idr, id) => call.kernel.idr_remove(call.k, call.cell(idr), indexOf(id)),
  },
  {
    signature: 'void *idr_replace(struct idr *idr, void *ptr, unsigned long id)',
    doc: 'A number stands for another pointer; what it stood for, or an error pointer.',
    changes,
    run: (call, idr, ptr, id) =>
      pointerOf(call, call.kernel.idr_replace(call.k, call.cell(idr), entryOf(ptr), indexOf(id))),
  },
  {
    signature: 'void *idr_get_next(struct idr *idr, int *nextid)',
    doc: 'The first pointer from *nextid on, whose number is in *nextid then; NULL: there is none.',
    changes,
    run: (call, idr, nextid) => {
      const { k, kernel } = call;
      const tree = k.plus(call.cell(idr), k.idr.idr_rt);
      const from = Number(call.memory.load(nextid, 4));
      const index = kernel.findIndex(k, tree, from, 0x7fff_ffff, kernel.XA_PRESENT);
      if (index < 0) return 0;
      call.memory.store(nextid, 4, index);
      return kernel.xa_load(k, tree, index);
    },
  },
  {
    signature: 'void idr_destroy(struct idr *idr)',
    doc: "Frees what an idr needs itself; the pointers are the caller's.",
    changes,
    needs,
    run: (call, idr) => {
      const { k, kernel } = call;
      const cell = call.cell(idr);
      const tree = k.plus(cell, k.idr.idr_rt);
      for (;;) {
        const index = kernel.findIndex(k, tree, 0, 0x7fff_ffff, kernel.XA_PRESENT);
        if (index < 0) return;
        kernel.idr_remove(k, cell, index);
      }
    },
  },
];

const idas: readonly BuiltinRow[] = [
  {
    signature: 'void ida_init(struct ida *ida)',
    doc: 'Makes an ida of which no number is taken.',
    changes,
    run: (call, ida) => {
      call.kernel.ida_init(call.k, call.cell(ida));
    },
  },
  {
    signature:
      'int ida_alloc_range(struct ida *ida, unsigned int min, unsigned int max, gfp_t gfp)',
    doc: 'The first free number from min to max; -ENOSPC: all are taken.',
    changes,
    needs,
    sleeps: 3,
    run: (call, ida, min, max, gfp) =>
      call.kernel.ida_alloc_range(
        ...([call.k, call.cell(ida), Number(min) >>> 0, Number(max) >>> 0, Number(gfp)] as const),
      ),
  },
  {
    signature: 'void ida_free(struct ida *ida, unsigned int id)',
    doc: 'A number is free again; a warning if it was not taken.',
    changes,
    needs,
    run: (call, ida, id) => {
      call.kernel.ida_free(call.k, call.cell(ida), Number(id) >>> 0);
    },
  },
  {
    signature: 'void ida_destroy(struct ida *ida)',
    doc: 'Frees all numbers, and what the ida needs itself.',
    changes,
    needs,
    run: (call, ida) => {
      call.kernel.ida_destroy(call.k, call.cell(ida));
    },
  },
];

export const xarrays: readonly Builtin[] = [
  ...group('memory', 'lib/xarray.c', rows),
  ...group('memory', 'lib/idr.c', [...idrs, ...idas]),
];
