/** Memory by the byte: kmalloc() and its like. */
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { checkRoom, objectAt, sizeOf, va } from './pointers.js';

const changes = true;

/** Tells the ledger of a new object. */
export function newObject(call: BuiltinCall, address: VirtAddr, sizeBytes: number): Value {
  if (address !== 0) call.ledger.allocated({ kind: 'object', address, sizeBytes });
  return address;
}

/** A row that allocates: its flags are a parameter. */
const allocating = (
  signature: string,
  doc: string,
  sleeps: number,
  allocate: (call: BuiltinCall, ...args: Value[]) => Value,
): BuiltinRow => ({ signature, doc, changes, sleeps, needs: needsCaches, run: allocate });

/** A row that frees what a pointer names. */
const freeing = (
  signature: string,
  doc: string,
  free: (call: BuiltinCall, object: VirtAddr) => void,
): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs: needsCaches,
  run: (call, pointer) => {
    const object = objectAt(call, pointer);
    call.ledger.freed('object', object);
    free(call, object);
  },
});

const kmalloc = (call: BuiltinCall, size: Value, flags: Value): Value => {
  const bytes = sizeOf(call, size);
  return newObject(call, call.kernel.kmalloc(call.k, bytes, Number(flags)), bytes);
};

const kzalloc = (call: BuiltinCall, size: Value, flags: Value): Value =>
  kmalloc(call, size, Number(flags) | call.k.__GFP_ZERO);

const kmallocArray = (call: BuiltinCall, n: Value, size: Value, flags: Value): Value => {
  const [count, bytes] = [sizeOf(call, n), sizeOf(call, size)];
  const address = call.kernel.kmalloc_array(call.k, count, bytes, Number(flags));
  return newObject(call, address, count * bytes);
};

const kcalloc = (call: BuiltinCall, n: Value, size: Value, flags: Value): Value =>
  kmallocArray(call, n, size, Number(flags) | call.k.__GFP_ZERO);

const kmallocs: readonly BuiltinRow[] = [
  allocating(
    'void *kmalloc(size_t size, gfp_t flags)',
    'Allocates size bytes, contiguous in physical memory; NULL if there is none. 0 bytes give ZERO_SIZE_PTR.',
    1,
    kmalloc,
  ),
  allocating(
    'void *kzalloc(size_t size, gfp_t flags)',
    'Like kmalloc; the memory is zero.',
    1,
    kzalloc,
  ),
  allocating(
    'void *kmalloc_node(size_t size, gfp_t flags, int node)',
    'Like kmalloc; there is one node.',
    1,
    kmalloc,
  ),
  allocating(
    'void *kzalloc_node(size_t size, gfp_t flags, int node)',
    'Like kzalloc; there is one node.',
    1,
    kzalloc,
  ),
  allocating(
    'void *kmalloc_array(size_t n, size_t size, gfp_t flags)',
    'Memory for n elements of size bytes; NULL too if n * size overflows.',
    2,
    kmallocArray,
  ),
  allocating(
    'void *kcalloc(size_t n, size_t size, gfp_t flags)',
    'Like kmalloc_array; the memory is zero.',
    2,
    kcalloc,
  ),
  allocating(
    'void *kmalloc_array_node(size_t n, size_t size, gfp_t flags, int node)',
    'Like kmalloc_array; there is one node.',
    2,
    kmallocArray,
  ),
  allocating(
    'void *kcalloc_node(size_t n, size_t size, gfp_t flags, int node)',
    'Like kcalloc; there is one node.',
    2,
    kcalloc,
  ),
  allocating(
    'void *kmalloc_large(size_t size, gfp_t flags)',
    'A compound block of the page allocator, as kmalloc() takes it for more than two pages.',
    1,
    (call, size, flags) => {
      const bytes = sizeOf(call, size);
      return newObject(call, call.kernel.kmalloc_large(call.k, bytes, Number(flags)), bytes);
    },
  ),
];

/** The object that a pointer names grows or stays: the ledger knows it by its new address. */
function reallocated(call: BuiltinCall, old: VirtAddr, now: VirtAddr, bytes: number): Value {
  if (now === 0) return now;
  call.ledger.freed('object', old);
  return newObject(call, now, bytes);
}

const changingSize: readonly BuiltinRow[] = [
  allocating(
    'void *krealloc(const void *p, size_t new_size, gfp_t flags)',
    'An object of new_size bytes with the contents of the old one, which is freed; NULL, and the old one stays, if there is no memory.',
    2,
    (call, p, size, flags) => {
      const [old, bytes] = [objectAt(call, p), sizeOf(call, size)];
      const now = call.kernel.krealloc(call.k, old, bytes, Number(flags));
      return reallocated(call, old, now, bytes);
    },
  ),
  allocating(
    'void *krealloc_array(void *p, size_t new_n, size_t new_size, gfp_t flags)',
    'Like krealloc, for new_n elements of new_size bytes.',
    3,
    (call, p, n, size, flags) => {
      const old = objectAt(call, p);
      const [count, bytes] = [sizeOf(call, n), sizeOf(call, size)];
      const now = call.kernel.krealloc_array(call.k, old, count, bytes, Number(flags));
      return reallocated(call, old, now, count * bytes);
    },
  ),
  freeing(
    'void kfree(const void *object)',
    'Frees what kmalloc() or kmem_cache_alloc() gave; does nothing for NULL.',
    (call, object) => {
      call.kernel.kfree(call.k, object);
    },
  ),
  freeing(
    'void kfree_sensitive(const void *p)',
    'Like kfree; overwrites the object with zeros before.',
    (call, object) => {
      call.kernel.kfree_sensitive(call.k, object);
    },
  ),
  {
    signature: 'size_t ksize(const void *objp)',
    doc: 'How many bytes of an object may be used: at least as many as were asked for.',
    needs: needsCaches,
    run: (call, object) => call.kernel.ksize(call.k, objectAt(call, object)),
  },
  {
    signature: 'size_t kmalloc_size_roundup(size_t size)',
    doc: 'How many bytes kmalloc() would give for a request of this size.',
    needs: needsCaches,
    run: (call, size) => call.kernel.kmalloc_size_roundup(call.k, sizeOf(call, size)),
  },
];

// --- copies ----------------------------------------------------------------------------------------------------------------

/** So many bytes at `from`, copied behind what a call of kmalloc() gave. */
function duplicate(
  call: BuiltinCall,
  from: Value,
  length: number,
  terminated: boolean,
  flags: Value,
): Value {
  const size = length + (terminated ? 1 : 0);
  const address = call.kernel.kmalloc(call.k, size, Number(flags));
  if (address === 0) return address;
  checkRoom(call, from, length);
  const copy = new Uint8Array(size);
  copy.set(call.memory.readBytes(from, length));
  call.memory.writeBytes(address, copy);
  return newObject(call, address, size);
}

const MAX_STRING = 1 << 20;

function lengthOf(call: BuiltinCall, s: Value, most: number): number {
  for (let i = 0; i < most; i++) if (call.memory.load(call.offset(s, i), 1) === 0) return i;
  return most;
}

const copies: readonly BuiltinRow[] = [
  allocating(
    'char *kstrdup(const char *s, gfp_t gfp)',
    'A copy of a string in an object of its own; NULL for NULL or without memory.',
    1,
    (call, s, gfp) => {
      if (s === 0) return 0;
      return duplicate(call, s, lengthOf(call, s, MAX_STRING), true, gfp);
    },
  ),
  allocating(
    'char *kstrndup(const char *s, size_t max, gfp_t gfp)',
    'A copy of at most max characters of a string, and a zero behind them.',
    2,
    (call, s, max, gfp) => {
      if (s === 0) return 0;
      const most = Math.min(MAX_STRING, sizeOf(call, max));
      return duplicate(call, s, lengthOf(call, s, most), true, gfp);
    },
  ),
  allocating(
    'void *kmemdup(const void *src, size_t len, gfp_t gfp)',
    'A copy of len bytes in an object of its own; NULL without memory.',
    2,
    (call, source, length, gfp) => duplicate(call, source, sizeOf(call, length), false, gfp),
  ),
  allocating(
    'char *kmemdup_nul(const char *s, size_t len, gfp_t gfp)',
    'A copy of len bytes as a string: with a zero behind them.',
    2,
    (call, s, length, gfp) => (s === 0 ? 0 : duplicate(call, s, sizeOf(call, length), true, gfp)),
  ),
  allocating(
    'const char *kstrdup_const(const char *s, gfp_t gfp)',
    "The string itself if it lies in the kernel's read-only data, else a copy; free it with kfree_const().",
    1,
    (call, s, gfp) => {
      if (s === 0 || call.kernel.is_kernel_rodata(call.k, va(s))) return s;
      return duplicate(call, s, lengthOf(call, s, MAX_STRING), true, gfp);
    },
  ),
  {
    signature: 'void kfree_const(const void *x)',
    doc: 'Frees a string of kstrdup_const().',
    changes,
    needs: needsCaches,
    run: (call, x) => {
      if (call.kernel.is_kernel_rodata(call.k, va(x))) return;
      const object = objectAt(call, x);
      call.ledger.freed('object', object);
      call.kernel.kfree(call.k, object);
    },
  },
];

export const kmallocFamily: readonly Builtin[] = [
  ...group('slab', 'include/linux/slab.h', kmallocs),
  ...group('slab', 'mm/slab_common.c', changingSize),
  ...group('slab', 'mm/util.c', copies),
];
