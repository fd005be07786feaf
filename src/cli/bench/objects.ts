/**
 * How long objects and mappings take, each with its free: kmalloc(), a cache, vmalloc(), kmap().
 *
 * On machines that have caches and areas; where one lacks them, its rows are left out.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  alloc_pages,
  kfree,
  kmalloc,
  kmap,
  kmem_cache_alloc,
  kmem_cache_create,
  kmem_cache_free,
  kunmap,
  slab_is_available,
  vfree,
  vmalloc,
} from '../../engine/entry/functions.js';
import { asVirt } from '../../engine/memory/address.js';
import type { Meter } from './bench.js';
import { bestOf } from './best.js';
import type { Native, Row } from './rows.js';

interface Subject {
  readonly name: string;
  /** So many allocations, each with its free: in a loop of its own, as the native ones are, and not by a call of whatever comes. */
  readonly repeat: (pairs: number) => void;
  readonly pairs: number;
  readonly native: number | null;
  readonly targetRatio?: { readonly off: number; readonly on: number };
  /** Nanoseconds. */
  readonly target?: number;
}

const RATIOS = { off: 2, on: 4 } as const;
/** The native kernel flushes TLBs for it. */
const AREA_RATIOS = { off: 1, on: 1 } as const;
/** Nanoseconds that a TLB of the native kernel costs. It has no highmem, so that nothing else is known of its kmap(). */
const KMAP_TARGET_NS = 144_000;

/** The same calls with the tape off and on: V8 compiles a call for the machine that it is of, and others for any. */
export function measureObjects(meter: Meter, native: Native, image: KernelImage): Row[] {
  const subjects = subjectsOf(image, native);
  return [false, true].flatMap((recording) => {
    image.tape.setRecording(recording);
    return subjects.map((subject) => measureSubject(meter, subject, recording));
  });
}

function measureSubject(meter: Meter, subject: Subject, recording: boolean): Row {
  const { name, repeat, pairs, native, targetRatio, target } = subject;
  const round = (): number => {
    const start = meter.nowMs();
    repeat(pairs);
    return ((meter.nowMs() - start) * 1e6) / pairs;
  };
  return {
    name: `${name}, tape ${recording ? 'on' : 'off'}`,
    value: bestOf(meter, round),
    unit: 'ns',
    native,
    ...(targetRatio && { targetRatio: recording ? targetRatio.on : targetRatio.off }),
    ...(target !== undefined && { target }),
  };
}

function subjectsOf({ mm, profile }: KernelImage, native: Native): Subject[] {
  const hasHighmem = profile.constant('CONFIG_HIGHMEM') === 1;
  if (!slab_is_available(mm)) return [];
  const { GFP_KERNEL } = mm;
  const nativeOf = (name: string): number | null => native.pairNs[name] ?? null;
  // As large as the native one's.
  const cache = kmem_cache_create(mm, 'bench', 128, 0, 0);
  const subjects: Subject[] = [
    {
      name: 'kmalloc(128) + kfree',
      repeat: (nr) => {
        for (let i = 0; i < nr; i++) kfree(mm, kmalloc(mm, 128, GFP_KERNEL));
      },
      pairs: 2000,
      native: nativeOf('kmalloc'),
      targetRatio: RATIOS,
    },
    {
      name: 'kmem_cache_alloc + kmem_cache_free',
      repeat: (nr) => {
        for (let i = 0; i < nr; i++)
          kmem_cache_free(mm, cache, kmem_cache_alloc(mm, cache, GFP_KERNEL));
      },
      pairs: 2000,
      native: nativeOf('kmem_cache'),
      targetRatio: RATIOS,
    },
  ];
  // Of the builds with highmem only what they alone have.
  if (hasHighmem) subjects.length = 0;
  else if (mm.words[mm.globals.vmap_area_list] !== 0 && mm.machine.processor(0).hasTables)
    subjects.push({
      name: 'vmalloc(64K) + vfree',
      repeat: (nr) => {
        for (let i = 0; i < nr; i++) vfree(mm, vmalloc(mm, 65536, asVirt(0)));
      },
      pairs: 20,
      native: nativeOf('vmalloc'),
      targetRatio: AREA_RATIOS,
    });
  if (hasHighmem && mm.read_ptr(mm.globals.pkmap_page_table) !== 0) {
    const page = alloc_pages(mm, mm.GFP_USER | mm.__GFP_HIGHMEM, 0);
    subjects.push({
      name: 'kmap + kunmap',
      repeat: (nr) => {
        for (let i = 0; i < nr; i++) {
          kmap(mm, page);
          kunmap(mm, page);
        }
      },
      pairs: 2000,
      native: nativeOf('kmap'),
      target: KMAP_TARGET_NS,
    });
  }
  return subjects;
}
