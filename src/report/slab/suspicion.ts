/**
 * Who did it, as far as the pattern tells: the owner of the object, its neighbour, somebody with a stale pointer, or the memory itself.
 *
 * Source: Linux include/linux/poison.h (red zones 0xbb, 0xcc; poison 0x6b, 0x5a, 0xa5; SLAB's RED_ACTIVE, RED_INACTIVE); mm/slub.c.
 */
import { hex, plural } from '../render/amount.js';
import { slabRedZones } from './slabRedZones.js';
import type { SlabReport } from './slabReport.js';
import type { SlotLayout } from './slotLayout.js';

export interface Suspicion {
  readonly kind: string;
  /** Without a full stop. */
  readonly headline: string;
  readonly items: readonly string[];
  readonly remedies: readonly string[];
}

export function suspicion(report: SlabReport, layout: SlotLayout | undefined): Suspicion {
  const { problem } = report;
  if (report.redZones) return slabRedZones(report.redZones, !/alloc/.test(report.foundIn ?? ''));
  if (/remaining/i.test(problem)) return remaining(report);
  if (/already free|double free/i.test(problem)) return doubleFree(report);
  if (/poison/i.test(problem)) return poison(report);
  if (/kmalloc redzone/i.test(problem)) return beyondRequest(report);
  if (/redzone|outside object/i.test(problem)) return redZone(report, layout);
  if (/free\s?(?:pointer|chain|list)|freelist/i.test(problem)) return freePointer(report);
  if (/padding/i.test(problem))
    return plainSuspicion('padding', 'the padding behind an object is overwritten', [
      'The write reached past the red zone and the tracks, to the end of the slot or of the slab: a long overflow, or a stray write.',
    ]);
  if (/wrong slab cache|doesn't belong|not in slab|invalid object/i.test(problem))
    return plainSuspicion(
      'wrong-cache',
      `an object was freed to another cache than it is from (${problem})`,
      [
        'kmem_cache_free() was given an object of another cache, or a pointer into the middle of an object, or memory that no slab has (from vmalloc(), the stack, alloc_pages()).',
      ],
    );
  return plainSuspicion('other', problem, []);
}

const plainSuspicion = (kind: string, headline: string, items: readonly string[]): Suspicion => ({
  kind,
  headline,
  items,
  remedies: ['KASAN stops at the access itself, with both stacks.'],
});

/** Since 6.2 what is left of a kmalloc() object behind what was asked for is a red zone, too. */
function beyondRequest({ hit, object, objectSize, tracks }: SlabReport): Suspicion {
  const owner = tracks.find(({ what }) => what === 'allocated')?.where;
  const asked = hit && object ? hit.from - object.address : undefined;
  return {
    kind: 'overflow',
    headline: `a write ran past what was asked for${asked === undefined ? '' : ` (at most ${plural(asked, 'byte')}${objectSize === undefined ? '' : ` of the object's ${objectSize}`})`}`,
    items: [
      `The object is large enough for the write, the request was not: kmalloc() was asked for ${asked === undefined ? 'less' : `${plural(asked, 'byte')} or less`}, and its owner${owner === undefined ? '' : ` (allocated in ${owner})`} wrote behind that. With a cache of another size the same write would hit a neighbour.`,
    ],
    remedies: [
      'Compare the size asked for with what is written (a device that writes by DMA counts, too: its length is rounded up to cache lines). KASAN stops at the write of a CPU.',
    ],
  };
}

function redZone(report: SlabReport, layout: SlotLayout | undefined): Suspicion {
  const { hit, object, objectSize, tracks } = report;
  const owner = tracks.find(({ what }) => what === 'allocated')?.where;
  const isFree = hit?.expected === 0xbb;
  const isLeft = hit && object ? hit.from < object.address : /left/i.test(report.problem);
  const helps = [
    'KASAN stops at the write itself. Without it: a hardware watchpoint on the bytes, if they are hit again (slab_nomerge slub_debug=FZPU,cache keeps other caches out).',
  ];
  if (!isLeft) {
    // Of hashed addresses the last wrong byte is only known by the rows.
    const isWhole = report.isHashed !== true || report.bytes.size > 0;
    const by =
      hit && object && objectSize !== undefined && isWhole
        ? Number(hit.to - object.address - BigInt(objectSize) + 1n)
        : undefined;
    return {
      kind: 'overflow',
      headline: `a write ran past the end of an object${by === undefined ? '' : ` by up to ${plural(by, 'byte')}`}`,
      items: [
        `The red zone behind the object is hit${isFree ? ' (0xbb: the object was free at that time)' : ' (0xcc: the object was in use)'}: an overflow by its owner${owner === undefined ? '' : ` (allocated in ${owner})`} is the first suspicion. The function named allocated the object; the write is elsewhere.`,
      ],
      remedies: helps,
    };
  }
  const before = hit && object ? object.address - hit.from : undefined;
  const items = [
    `The bytes lie in the left red zone of this object${before === undefined ? '' : `, ${hex(before)} before it`}.`,
    ...neighbour(report, layout),
    `So: a write with a negative offset from this object (an index of -1, container_of() with the wrong type), or a stray write through a stale pointer. ${owner === undefined ? 'The owner' : `${owner} is the owner`} of the object${owner === undefined ? ' that is named' : ''}, not necessarily the culprit.`,
  ];
  return {
    kind: 'underflow',
    headline: 'bytes in front of an object are overwritten (its left red zone)',
    items,
    remedies: helps,
  };
}

/** Whether the object before it can have run over. */
function neighbour(
  { hit, object, objectSize }: SlabReport,
  layout: SlotLayout | undefined,
): string[] {
  if (!layout || !hit || object?.offset === undefined || objectSize === undefined) return [];
  if (layout.index === 0)
    return ['It is the first object of the slab: nothing of this slab is before it.'];
  const previousEnd = layout.slotOffset - layout.slotSize + layout.leftRedZone + objectSize;
  const hitOffset = object.offset - Number(object.address - hit.from);
  const between = layout.slotOffset - previousEnd;
  return [
    `The object in front of it (slot ${layout.index - 1}) ends at ${previousEnd}; the hit bytes begin at ${hitOffset}. An overflow of that one would have had to cross ${plural(between, 'byte')} first: its own right red zone, free pointer, tracks and padding. None of these is reported, so that it is not the suspect.`,
  ];
}

function poison({ hit, object, tracks, bytes }: SlabReport): Suspicion {
  const freed = tracks.find(({ what }) => what === 'freed')?.where;
  const found = hit ? (bytes.get(hit.from) ?? hit.found) : undefined;
  const offset = hit && object ? hit.from - object.address : undefined;
  const items = [
    `A freed object is filled with 0x6b (0xa5 at its end); ${offset === undefined ? 'bytes of it' : `bytes from offset ${hex(offset)} on`} have another value: somebody wrote to it after it was freed${freed === undefined ? '' : ` in ${freed}`}. Found when it was to be handed out again (or validated); whoever asked is innocent.`,
  ];
  if (hit && found !== undefined) {
    const change = found ^ hit.expected;
    const isOneBit = hit.from === hit.to && (change & (change - 1)) === 0;
    if (hit.expected === 0x6b && found === 0x6a)
      items.push(
        '0x6b became 0x6a: a counter was lowered by one, as put() of a reference count or an unlock does in memory that is already free.',
      );
    else if (hit.expected === 0x6b && found === 0x6c)
      items.push(
        '0x6b became 0x6c: a counter was raised by one, as get() of a reference count does in memory that is already free.',
      );
    else if (isOneBit)
      items.push(
        'Exactly one bit differs: it may be a set_bit() through a stale pointer, or memory that is going bad (test it if such reports differ in cache and offset).',
      );
  }
  return {
    kind: 'use-after-free',
    headline: `a freed object was written to${offset === undefined ? '' : ` at offset ${hex(offset)}`} (use after free)`,
    items,
    remedies: [
      'Look for who may keep a pointer after the free shown: a timer, a work, an RCU reader without synchronize_rcu(), a list. KASAN names the writer.',
    ],
  };
}

function doubleFree({ tracks }: SlabReport): Suspicion {
  const freed = tracks.find(({ what }) => what === 'freed')?.where;
  return {
    kind: 'double-free',
    headline: `an object was freed twice${freed === undefined ? '' : `, the first time in ${freed}`}`,
    items: [
      `The object is on the freelist already${freed === undefined ? '' : `: ${freed} freed it`}; the call trace shows the second free. Two owners each believe that it is theirs to free: a reference count too low, or an error path that frees what its caller frees too.`,
    ],
    remedies: ['Set the pointer to NULL at the first free, or count references (kref).'],
  };
}

function freePointer({ hit }: SlabReport): Suspicion {
  return {
    kind: 'freelist',
    headline: 'the pointer to the next free object is overwritten',
    items: [
      `A free object holds the address of the next one${hit ? ` (wrong at ${hex(hit.from)})` : ''}: in the middle of the object since 5.7, before that at its start, or behind it with debugging. Its value does not lead into the slab: a write after free, or an overflow of the object in front.`,
      'With CONFIG_SLAB_FREELIST_HARDENED the pointer is stored xor-ed with a number of the cache and its own address (byte-swapped): a plain pointer or a small number there decodes to nonsense, and the kernel sees it only at the next allocation.',
      'The rest of the freelist is cut off: those objects leak, the kernel goes on.',
    ],
    remedies: [
      'slub_debug=FZPU for the cache (or KASAN) finds the write; without it the report comes at the next allocation.',
    ],
  };
}

function remaining({ remaining: objects, tracks, slab }: SlabReport): Suspicion {
  const owner = tracks.find(({ what }) => what === 'allocated')?.where;
  const count = objects.length > 0 ? objects.length : (slab?.used ?? 0);
  return {
    kind: 'leak',
    headline: `${count > 0 ? plural(count, 'object') : 'objects'} ${count === 1 ? 'was' : 'were'} not freed when the cache was destroyed`,
    items: [
      `kmem_cache_destroy() found objects still in use${owner === undefined ? '' : `, allocated in ${owner}`}: they leak${slab ? ` (in this slab ${slab.used} of ${slab.objects})` : ''}. The cache stays, and its name with it: loading the module again can fail with "already exists", or use freed memory if constructors of the module remain in use.`,
      'If they are freed by RCU (kfree_rcu, SLAB_TYPESAFE_BY_RCU), rcu_barrier() has to come before kmem_cache_destroy().',
    ],
    remedies: [
      'Free each object (and wait for what frees later) before the cache is destroyed; the addresses listed are the ones to look for.',
    ],
  };
}
