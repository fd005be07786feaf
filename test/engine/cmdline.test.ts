/** The kernel's command line: how it is read, and what each parameter does to a booted machine. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { memparse } from '../../src/engine/image/boot/cmdline.js';
import { readArguments } from '../../src/engine/image/boot/commandLine.js';
import { isUnknownParameter } from '../../src/engine/image/boot/kernelParameters.js';
import { ImageError, type KernelImage } from '../../src/engine/image/kernelImage.js';
import { readZones } from '../../src/engine/image/state/index.js';
import {
  VMALLOC_END,
  VMALLOC_START,
} from '../../src/engine/kernel/arch/x86/include/asm/pgtable_areas.h.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';

const MiB = 2 ** 20;

const boot = (name: ProfileName, mib: number, commandLine: string): KernelImage =>
  bootMachine({ profile: loadProfile(name), ramBytes: mib * MiB, commandLine });

/** Pages of lowmem. */
const lowmem = ({ mm }: KernelImage): number => mm.read_ulong(mm.symbol('max_low_pfn'));

const cacheOf = ({ mm }: KernelImage, name: string): Record<string, number> => {
  const line = (kernel.proc_lines(mm, 'slabinfo') ?? []).find((each) =>
    each.startsWith(`${name} `),
  );
  const [, , , size, objects, pages] = line?.split(/ +/) ?? [];
  return { size: Number(size), objects: Number(objects), pages: Number(pages) };
};

describe("the kernel's command line", function () {
  it('is words, of which a quoted part may hold spaces', () => {
    assert.deepEqual(readArguments('slab-nomerge foo="a b" vmalloc=256M -- init=x'), [
      { name: 'slab_nomerge', value: '' },
      { name: 'foo', value: 'a b' },
      { name: 'vmalloc', value: '256M' },
    ]);
    assert.equal(isUnknownParameter('slab_nomrege'), true);
    assert.equal(isUnknownParameter('quiet'), false);
  });

  it('sizes', () => {
    assert.equal(memparse('16M'), 16 * MiB);
    assert.equal(memparse('0x10k'), 16384);
    assert.equal(memparse('16M@4G'), 16 * MiB);
    assert.equal(memparse('much'), undefined);
  });

  it('vmalloc= moves the border of lowmem, and what is above it is vmalloc space', () => {
    for (const name of ['i386-highmem4g-slub', 'i386-pae-slab'] as const) {
      const usual = boot(name, 1024, '');
      const large = boot(name, 1024, 'vmalloc=256M');
      // 128 MiB more, and the hole before it: parse_vmalloc() adds 8 MiB.
      assert.equal(lowmem(usual) - lowmem(large), (136 * MiB) / 4096);
      assert.equal(large.mm.words[large.mm.symbol('__VMALLOC_RESERVE')], 264 * MiB);
      const space = ({ mm }: KernelImage): number => VMALLOC_END(mm) - VMALLOC_START(mm);
      assert.equal(space(large) - space(usual), 136 * MiB);
      const area = kernel.vmalloc(large.mm, 200 * MiB, kernel.ZERO_SIZE_PTR);
      assert.notEqual(area, 0);
      assert.equal(kernel.vmalloc(usual.mm, 200 * MiB, kernel.ZERO_SIZE_PTR), 0);
    }
  });

  it('vmalloc= that leaves no lowmem is refused', () => {
    assert.throws(
      () => boot('i386-pae-slab', 1024, 'vmalloc=1G'),
      (error) =>
        error instanceof ImageError && /vmalloc=1024M leaves less than/.test(error.message),
    );
  });

  it('mem=, highmem=, cma=', () => {
    const image = boot('i386-highmem4g-slub', 512, 'mem=256M highmem=64M cma=8M');
    const zones = readZones(image).zones.map(({ populated }) => populated?.fields);
    assert.equal(zones[2]?.present, (64 * MiB) / 4096);
    assert.equal(
      zones.reduce((sum, zone) => sum + (zone?.cma ?? 0), 0),
      (8 * MiB) / 4096,
    );
    assert.equal(image.maxPfn, (256 * MiB) / 4096);
  });

  it('slab_nomerge: as many caches as were made; else those that are alike are one', () => {
    const names = (image: KernelImage): string[] =>
      [...kernel.slabCaches(image.mm)].map((s) => kernel.cacheName(image.mm, s));
    const alone = names(boot('x86_64-slub', 64, 'slab_nomerge'));
    const merged = names(boot('x86_64-slub', 64, ''));
    assert.ok(alone.includes('kernfs_node_cache') && !merged.includes('kernfs_node_cache'));
    assert.ok(merged.length < alone.length - 8);
    assert.deepEqual(names(boot('x86_64-slub', 64, 'slab_nomerge slub_merge')), merged);
  });

  it('the orders of slabs', () => {
    const order0 = boot('x86_64-slub', 64, 'slab_nomerge slub_max_order=0');
    assert.deepEqual(cacheOf(order0, 'kmalloc-1k'), { size: 1024, objects: 4, pages: 1 });
    assert.equal(cacheOf(boot('x86_64-slub', 64, ''), 'kmalloc-1k')['pages'], 2);
    const many = boot('x86_64-slub', 64, 'slab_nomerge slub_min_objects=32');
    assert.deepEqual(cacheOf(many, 'kmalloc-1k'), { size: 1024, objects: 32, pages: 8 });
    const slab = boot('x86_64-slab', 64, 'slab_nomerge slab_max_order=0');
    assert.deepEqual(cacheOf(slab, 'task_struct'), { size: 2688, objects: 1, pages: 1 });
  });

  it('slub_debug: caches are laid out for it, and work', () => {
    const { mm } = boot('x86_64-slub', 64, 'slub_debug=ZP');
    const s = kernel.findCache(mm, 'kmalloc-64');
    assert.notEqual(s, NULL);
    // Two red zones and a free pointer behind the object.
    assert.equal(mm.words[s + mm.kmem_cache.red_left_pad], 64);
    assert.ok((mm.words[s + mm.kmem_cache.size] ?? 0) > 128);
    const objects = Array.from({ length: 500 }, () => kernel.kmalloc(mm, 64, mm.GFP_KERNEL));
    assert.equal(new Set(objects).size, 500);
    for (const object of objects) kernel.kfree(mm, object);
  });

  /** Flags of debugging that caches have, by name: `session FZPU`. */
  function debugged(commandLine: string, ...names: string[]): string[] {
    const { mm } = boot('x86_64-slub', 64, commandLine);
    const letters = [
      ['F', mm.SLAB_CONSISTENCY_CHECKS],
      ['Z', mm.SLAB_RED_ZONE],
      ['P', mm.SLAB_POISON],
      ['U', mm.SLAB_STORE_USER],
      ['T', 0x200000],
    ] as const;
    return names.map((name) => {
      const found = kernel.findCache(mm, name);
      const s =
        found === NULL ? kernel.kmem_cache_create_usercopy(mm, name, 64, 0, 0, 0, 0) : found;
      const flags = mm.words[s + mm.kmem_cache.flags] ?? 0;
      const has = letters.filter(([, flag]) => (flags & flag) !== 0);
      return `${name} ${has.map(([letter]) => letter).join('')}`;
    });
  }

  it('slub_debug= with lists of caches: the first block that names a cache decides, others stay alone', () => {
    const names = ['session', 'kmalloc-64', 'kmalloc-1k', 'dentry'];
    const of = (commandLine: string): string[] => debugged(commandLine, ...names);
    assert.deepEqual(of('slub_debug=FZ,session'), [
      'session FZ',
      'kmalloc-64 ',
      'kmalloc-1k ',
      'dentry ',
    ]);
    assert.deepEqual(of('slub_debug=,kmalloc-*,dentry'), [
      'session ',
      'kmalloc-64 FZPU',
      'kmalloc-1k FZPU',
      'dentry FZPU',
    ]);
    assert.deepEqual(of('slub_debug=P;;Z,kmalloc-6*;-,dentry'), [
      'session P',
      'kmalloc-64 Z',
      'kmalloc-1k P',
      'dentry ',
    ]);
    // Checks alone leave objects as they are: without slab_nomerge, `session` would be kmalloc-64.
    assert.deepEqual(of('slab_nomerge slub_debug=U-F,dent,session;T,sess*;A,dentry'), [
      'session F',
      'kmalloc-64 ',
      'kmalloc-1k ',
      'dentry ',
    ]);
    assert.deepEqual(of('slub_debug'), of('slub_debug=FZPU'));
    assert.deepEqual(of('slub_debug=-'), ['session ', 'kmalloc-64 ', 'kmalloc-1k ', 'dentry ']);
  });

  it('slub_debug=O: not for caches whose slabs would have to be larger', () => {
    assert.deepEqual(debugged('slub_debug=FZPUO', 'kmalloc-64', 'kmalloc-4k'), [
      'kmalloc-64 FZPU',
      'kmalloc-4k F',
    ]);
    // And objects of such a cache come and go.
    const { mm } = boot('x86_64-slub', 64, 'slub_debug=FZPUO');
    const objects = Array.from({ length: 20 }, () => kernel.kmalloc(mm, 4096, mm.GFP_KERNEL));
    assert.equal(new Set(objects).size, 20);
    for (const object of objects) kernel.kfree(mm, object);
    assert.equal(
      kernel.proc_lines(mm, 'slabinfo')?.some((line) => line.includes('kmalloc-4k')),
      true,
    );
    assert.deepEqual(debugged('slub_debug=FZPU', 'kmalloc-4k'), ['kmalloc-4k FZPU']);
  });

  it('slub_debug=T: a line for each object; unknown letters are told', () => {
    const image = boot('x86_64-slub', 64, 'slub_debug=TX,session');
    const { mm } = image;
    const at = mm.tape.cursor;
    const s = kernel.kmem_cache_create_usercopy(mm, 'session', 64, 0, 0, 0, 0);
    const object = kernel.kmem_cache_alloc(mm, s, mm.GFP_KERNEL);
    kernel.kmem_cache_free(mm, s, object);
    const between = (from: number, to: number): string[] =>
      mm.tape
        .marksBetween(from, to)
        .flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));
    assert.ok(between(0, at + 1).includes("slub_debug option 'X' unknown. skipped"));
    const lines = between(at, mm.tape.cursor + 1).filter((line) => !line.startsWith('slub_debug'));
    assert.match(lines[0] ?? '', /^TRACE session alloc 0x[0-9a-f]{16} inuse=1 fp=0x[0-9a-f]{16}$/);
    assert.match(lines[1] ?? '', /^TRACE session free 0x[0-9a-f]{16} inuse=1 fp=0x[0-9a-f]{16}$/);
    assert.match(lines[2] ?? '', /^Object [0-9a-f]{16}: 00 00/);
  });

  it('structures on slabs of several pages lie in one piece', () => {
    const { mm } = boot('x86_64-slub', 64, 'slub_min_order=2 slab_nomerge');
    const kmem_cache = mm.read_ptr(mm.symbol('kmem_cache'));
    const size = mm.words[kmem_cache + mm.kmem_cache.size] ?? 0;
    let straddling = 0;
    for (const s of kernel.slabCaches(mm)) {
      const last = asVirt(mm.va_of(s) + size - 4);
      assert.equal(mm.cell_at(last), s + size / 4 - 1, kernel.cacheName(mm, s));
      if (Math.floor(mm.va_of(s) / 4096) !== Math.floor(last / 4096)) straddling++;
    }
    assert.ok(straddling > 0);
  });

  it('sysctl.vm.*', () => {
    const minimum = (commandLine: string): number =>
      readZones(boot('x86_64-slub', 256, commandLine)).zones[1]?.populated?.wmark.min ?? 0;
    assert.ok(minimum('sysctl.vm.min_free_kbytes=16384') > 3 * minimum(''));
  });
});
