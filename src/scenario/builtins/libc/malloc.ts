/** malloc() and its family, on the heap of heap.ts. */
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { needsProcess } from '../needs.js';
import { sizeOf, va } from '../pointers.js';
import { Heap } from './heap.js';
import { print, STDERR } from './print.js';

const ENOMEM = 12;
const EINVAL = 22;

const memory = (call: BuiltinCall, heap: Heap, chunk: number): Value => {
  if (chunk !== 0) return heap.memOf(chunk);
  call.process.errno = ENOMEM;
  return 0;
};

/** A size that no request can have: PTRDIFF_MAX. */
const isTooLarge = (call: BuiltinCall, bytes: number): boolean =>
  bytes >= 2 ** (call.profile.pointerSize * 8 - 1);

export function malloc(call: BuiltinCall, bytes: number): Value {
  const heap = new Heap(call);
  return memory(call, heap, isTooLarge(call, bytes) ? 0 : heap.take(bytes));
}

/** Ends the program where the pointer is not one of malloc()'s. */
export function free(call: BuiltinCall, pointer: Value): void {
  if (pointer === 0) return;
  const heap = new Heap(call);
  const mem = va(pointer);
  const fault = heap.fault(mem);
  if (fault === undefined) heap.give(heap.chunkOf(mem));
  else {
    print(call, `${fault}\n`, STDERR);
    call.abort(`glibc says: ${fault}`);
  }
}

function clear(call: BuiltinCall, pointer: Value, bytes: number): Value {
  // An area is zero already.
  const heap = new Heap(call);
  if (pointer !== 0 && !heap.isArea(heap.chunkOf(va(pointer))))
    call.memory.writeBytes(pointer, new Uint8Array(bytes));
  return pointer;
}

export function realloc(call: BuiltinCall, pointer: Value, bytes: number): Value {
  if (pointer === 0) return malloc(call, bytes);
  if (bytes === 0) {
    free(call, pointer);
    return 0;
  }
  const heap = new Heap(call);
  const chunk = heap.chunkOf(va(pointer));
  const room = heap.room(chunk);
  if (heap.isArea(chunk) && !isTooLarge(call, bytes)) {
    const moved = heap.remap(chunk, bytes);
    if (moved !== 0) return heap.memOf(moved);
  } else if (bytes <= room) return pointer;
  const copy = malloc(call, bytes);
  if (copy === 0) return 0;
  call.memory.writeBytes(copy, call.memory.readBytes(pointer, Math.min(room, bytes)).slice());
  free(call, pointer);
  return copy;
}

const row = (
  signature: string,
  doc: string,
  run: (call: BuiltinCall, ...args: Value[]) => Value | undefined,
): BuiltinRow => ({ signature, doc, changes: true, sleeps: 'always', needs: needsProcess, run });

function takeAligned(call: BuiltinCall, alignment: Value, size: Value): Value {
  const heap = new Heap(call);
  return memory(call, heap, heap.takeAligned(sizeOf(call, alignment), sizeOf(call, size)));
}

export const mallocs: readonly Builtin[] = group('process', '', [
  row(
    'void *malloc(size_t size)',
    "Memory of the program's heap, which brk() makes longer; from 128 KiB on, an area of its own. NULL and errno without memory. Its pages come when they are first used.",
    (call, size) => malloc(call, sizeOf(call, size)),
  ),
  row(
    'void *calloc(size_t nmemb, size_t size)',
    'Like malloc(), for an array, and zero.',
    (call, nmemb, size) => {
      const bytes = sizeOf(call, nmemb) * sizeOf(call, size);
      return clear(call, malloc(call, bytes), bytes);
    },
  ),
  row(
    'void *realloc(void *ptr, size_t size)',
    'Memory of malloc() gets another size; it may move, and what is in it goes with it. An area of its own moves by mremap().',
    (call, pointer, size) => realloc(call, pointer, sizeOf(call, size)),
  ),
  row(
    'void free(void *ptr)',
    'Gives memory of malloc() back to the heap; an area of its own goes. What is not memory of malloc(), or was freed before, ends the program as in glibc.',
    (call, pointer) => {
      free(call, pointer);
      return undefined;
    },
  ),
  row(
    'void *aligned_alloc(size_t alignment, size_t size)',
    'Like malloc(), at a multiple of a power of two.',
    takeAligned,
  ),
  row('void *memalign(size_t alignment, size_t size)', 'Like aligned_alloc().', takeAligned),
  row(
    'int posix_memalign(void **memptr, size_t alignment, size_t size)',
    'Like aligned_alloc(), to *memptr: 0, ENOMEM, or EINVAL if the alignment is not a power of two that a pointer has.',
    (call, memptr, alignment, size) => {
      const to = sizeOf(call, alignment);
      if (to < call.profile.pointerSize || !Number.isInteger(Math.log2(to))) return EINVAL;
      const heap = new Heap(call);
      const chunk = heap.takeAligned(to, sizeOf(call, size));
      if (chunk === 0) return ENOMEM;
      call.memory.store(memptr, call.profile.pointerSize, heap.memOf(chunk));
      return 0;
    },
  ),
  row(
    'size_t malloc_usable_size(void *ptr)',
    'How many bytes memory of malloc() has, which may be more than were asked for.',
    (call, pointer) => {
      if (pointer === 0) return 0;
      const heap = new Heap(call);
      return heap.room(heap.chunkOf(va(pointer)));
    },
  ),
  row('char *strdup(const char *s)', 'A copy of a text, in memory of malloc().', (call, s) => {
    const bytes = call.bytes(s);
    const copy = malloc(call, bytes.length + 1);
    if (copy !== 0) call.memory.writeBytes(copy, Uint8Array.from([...bytes, 0]));
    return copy;
  }),
]);
