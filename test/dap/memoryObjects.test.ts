/** What the tree of variables shows of caches, vmalloc space, kmap and fixmap slots, per-CPU memory and CMA areas. */
import assert from 'node:assert/strict';
import { machineContext, type MachineContext } from '../../src/adapter/present/context.js';
import { machineScope } from '../../src/adapter/present/machine.js';
import { childNamed, type Shown } from '../../src/adapter/present/shown.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { proc_lines } from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { openState } from '../../src/engine/image/state/openState.js';
import { asVirt, PAGE_SIZE } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { AddressReport } from '../../src/engine/view/address.js';
import { addressReport } from '../../src/engine/view/addressReport.js';
import type { WhereFact } from '../../src/engine/view/whereIs.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedBytes, recordedText, recording } from '../recordings.js';
import { Drive } from './drive.js';
import { build, withAdapter } from './session.js';

const MiB = 2 ** 20;

function booted(name: ProfileName, commandLine = '', cmaBytes = 16 * MiB): MachineContext {
  const profile = loadProfile(name);
  const ramBytes = name.startsWith('i386') ? 1024 * MiB : 256 * MiB;
  const cpus = name.endsWith('smp') ? 2 : 1;
  return machineContext(bootMachine({ profile, ramBytes, cmaBytes, commandLine, cpus }));
}

const core = (folder: string): MachineContext =>
  machineContext(openCore(randomAccessOf(recordedBytes('cores', folder, 'before.vmcore.gz'))));

/** Down a path of names under Machine. */
function at(context: MachineContext, ...path: readonly string[]): Shown {
  let container = machineScope(context, () => []);
  let shown: Shown | undefined;
  for (const name of path) {
    shown = childNamed(container, name);
    assert.ok(shown !== undefined, `no ${name} in ${path.join(' / ')}`);
    container = shown.children ?? {};
  }
  assert.ok(shown !== undefined);
  return shown;
}

const named = (shown: Shown): readonly Shown[] =>
  shown.children?.named?.({ numbers: 'auto', names: true }) ?? [];
const indexed = (shown: Shown): readonly Shown[] =>
  shown.children?.indexed?.(0, shown.children.nrIndexed ?? 0, { numbers: 'auto', names: true }) ??
  [];

/** All slabs of a cache, with the place that they are shown at. */
const slabsOf = (context: MachineContext, cache: string): readonly Shown[] =>
  named(at(context, 'Caches', cache))
    .filter(({ name }) => /^(CPU|node|full)/.test(name))
    .flatMap(named);

describe('Caches', function () {
  for (const name of [
    'x86_64-slub',
    'i386-highmem4g-slub',
    'x86_64-slub-smp',
    'x86_64-slab',
    'i386-pae-slab',
  ] as const)
    it(`${name}: objects come and go`, () => {
      const context = booted(name, 'slab_nomerge');
      const { mm } = context.image;
      const s = kernel.kmem_cache_create(mm, 'seen', 200, 0, 0);
      const objects = Array.from({ length: 100 }, () =>
        kernel.kmem_cache_alloc(mm, s, mm.GFP_KERNEL),
      );
      const rows = (): string[] =>
        slabsOf(context, 'seen')
          .flatMap(indexed)
          .map(({ value }) => value);
      const stateOf = (object: number): string | undefined => {
        const address =
          context.image.profile.pointerSize === 4
            ? (object >>> 0).toString(16)
            : BigInt.asUintN(64, BigInt(object)).toString(16);
        return rows()
          .find((row) => row.startsWith(`0x${address}:`))
          ?.replace(/^\S+ /, '');
      };
      for (const object of objects) assert.equal(stateOf(object), 'used');
      assert.match(at(context, 'Caches', 'seen').value, /^100 of \d+ objects of 200 bytes in use$/);
      // SLUB has full slabs that no list leads to.
      assert.ok(
        (name.includes('slab') && !name.includes('slub')) ||
          named(at(context, 'Caches', 'seen', 'full')).length >= 2,
      );
      const [first = asVirt(0), second = asVirt(0)] = objects;
      kernel.kmem_cache_free(mm, s, second);
      assert.match(stateOf(second) ?? '', /^free/);
      assert.equal(stateOf(first), 'used');
      assert.match(at(context, 'Caches', 'seen').value, /^99 of /);
    });

  it('with slub_debug=U each object says which call allocated it', () => {
    const context = booted('x86_64-slub', 'slub_debug=U');
    const { mm } = context.image;
    const call = asVirt(0x1234);
    mm.machine.addCodeText(call, 'fill_ring+0x10/0x40');
    mm.machine.caller = call;
    const object = kernel.kmalloc(mm, 64, mm.GFP_KERNEL);
    const at64 = slabsOf(context, 'kmalloc-64').flatMap(indexed);
    const row = at64.find(({ memory }) => memory === object)?.value ?? '';
    assert.match(
      row,
      /: used; allocated by fill_ring\+0x10\/0x40 \(CPU 0, pid \d+, at jiffy \d+\)/,
    );
  });

  for (const folder of ['x86_64-slub-192M', 'x86_64-slab-192M'])
    it(`${folder}: what the tree counts is what /proc/slabinfo counts`, () => {
      const context = core(folder);
      const lines = proc_lines(context.image.mm, 'slabinfo') ?? [];
      const all = named(at(context, 'Caches'));
      assert.equal(all.length, lines.length - 2);
      for (const cache of ['kmalloc-64', 'vmap_area', 'kmalloc-1k']) {
        const line = lines.find((each) => each.startsWith(`${cache} `)) ?? '';
        const [, , nrObjects = '', , , , , , , , , , , , nrSlabs = ''] = line.split(/ +/);
        const slabs = slabsOf(context, cache);
        assert.equal(slabs.length, Number(nrSlabs), cache);
        assert.equal(slabs.flatMap(indexed).length, Number(nrObjects), cache);
        const used = slabs.flatMap(indexed).filter(({ value }) => /: used/.test(value)).length;
        assert.match(at(context, 'Caches', cache).value, new RegExp(`^${used} of `), cache);
      }
    });

  it('a machine that was recorded without them says so', () => {
    const state = openState(recordedText('x86_64-slub-512M', 'bulk-n40-s16.trace.gz'));
    const context = machineContext(state);
    assert.match(at(context, 'Caches').value, /^none: /);
    assert.match(at(context, 'Virtual areas').value, /^none: /);
  });
});

describe('Virtual areas', () => {
  it('areas, guard pages, what waits for the purge, gaps: together the whole space', () => {
    const context = booted('x86_64-slub');
    const { mm } = context.image;
    const address = kernel.vmalloc(mm, 3 * PAGE_SIZE, asVirt(0));
    const second = kernel.vmalloc(mm, PAGE_SIZE, asVirt(0));
    kernel.vfree(mm, second);
    const rows = indexed(at(context, 'Virtual areas'));
    const area = rows.find(({ memory }) => memory === address);
    assert.match(area?.value ?? '', /, 16 KiB: vmalloc/);
    const children = area === undefined ? [] : named(area);
    assert.deepEqual(
      children.map(({ name }) => name),
      ['pages', 'guard page', 'struct vm_struct'],
    );
    assert.match(children[1]?.value ?? '', /^0x[0-9a-f]+–0x[0-9a-f]+, mapped by nothing$/);
    assert.ok(rows.some(({ value }) => /: freed, waiting for the purge$/.test(value)));
    // One begins where the one before it ends.
    const bounds = rows.map(({ value }) => /^(\S+)–(\S+),/.exec(value));
    bounds.slice(1).forEach((row, i) => assert.equal(row?.[1], bounds[i]?.[2]));
    assert.equal(bounds[0]?.[1], '0xffffc90000000000');
  });

  it('as many as /proc/vmallocinfo has lines', () => {
    for (const folder of ['i386-highmem4g-slub-256M', 'x86_64-slub-192M']) {
      const context = core(folder);
      const rows = indexed(at(context, 'Virtual areas')).filter(({ value }) => !/gap$/.test(value));
      assert.equal(rows.length, proc_lines(context.image.mm, 'vmallocinfo')?.length, folder);
    }
  });
});

describe('Persistent kernel maps, Fixmap', () => {
  it('slots, counts, pages', () => {
    const context = booted('i386-highmem4g-slub');
    const { mm } = context.image;
    const page = kernel.alloc_pages(mm, mm.GFP_HIGHUSER_MOVABLE, 0);
    const pfn = `0x${mm.page_to_pfn(page).toString(16)}`;
    const va = kernel.kmap(mm, page);
    const maps = at(context, 'Persistent kernel maps');
    assert.equal(maps.value, '1 of 1024 slots used, 0 mapped without a user');
    const nr = Number(at(context, 'Persistent kernel maps', 'last_pkmap_nr').value);
    const slot = at(context, 'Persistent kernel maps', `[${nr}]`);
    assert.equal(slot.memory, va);
    assert.match(slot.value, new RegExp(`: mapped, 1 user to pfn ${pfn}$`));
    kernel.kunmap(mm, page);
    assert.match(at(context, 'Persistent kernel maps', `[${nr}]`).value, /mapped, not used/);
    const local = kernel.kmap_local_page(mm, page);
    const fix = indexed(at(context, 'Fixmap')).find(({ memory }) => memory === local);
    assert.match(fix?.value ?? '', new RegExp(`kmap_local slot 0 of CPU 0, mapped to pfn ${pfn}$`));
  });

  it('a kernel without highmem says so', () => {
    assert.match(at(booted('x86_64-slub'), 'Persistent kernel maps').value, /^none: .*no highmem/);
  });
});

describe('Per-CPU', () => {
  it('areas of a chunk, and every variable on each CPU', () => {
    const context = booted('x86_64-slub-smp');
    const { mm } = context.image;
    const [chunk] = named(at(context, 'Per-CPU'));
    assert.match(chunk?.value ?? '', /the first one/);
    const used = (): number =>
      indexed(named(at(context, 'Per-CPU'))[0] ?? assert.fail()).filter(({ value }) =>
        /used$/.test(value),
      ).length;
    const before = used();
    assert.ok(kernel.__alloc_percpu(mm, 24, 8) !== 0);
    assert.equal(used(), before + 1);
    const copies = named(at(context, 'Per-CPU', 'variables', 'vm_event_states'));
    assert.deepEqual(
      copies.map(({ name }) => name),
      ['CPU 0', 'CPU 1'],
    );
    assert.notEqual(copies[0]?.memory, copies[1]?.memory);
    assert.match(at(booted('x86_64-slub'), 'Per-CPU', 'variables').value, /^none: /);
  });
});

describe('CMA areas', () => {
  it('what is given out, and the largest hole', () => {
    const context = booted('x86_64-slub');
    const { mm } = context.image;
    const area = mm.read_ptr(mm.globals.dma_contiguous_default_area);
    const first = kernel.cma_alloc(mm, area, 1000, 0, false);
    kernel.cma_alloc(mm, area, 500, 0, false);
    kernel.cma_release(mm, area, first, 1000);
    const [shown] = named(at(context, 'CMA areas'));
    assert.equal(shown?.value, '500 of 4096 pages given out, largest hole 2596 pages');
    assert.deepEqual(
      indexed(shown).map(({ value }) => value.replace(/^.*: /, '')),
      ['1000 pages not given out', '500 pages given out', '2596 pages not given out'],
    );
    assert.match(at(booted('x86_64-slub', '', 0), 'CMA areas').value, /^none: /);
  });
});

describe('in a session', () => {
  before(build);
  it('a core: the client opens a cache down to an object', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch(
        { core: recording('cores/x86_64-slub-192M/before.vmcore.gz') },
        { stopOnEntry: true },
      );
      const full = await drive.find('Machine', 'Caches', 'kmalloc-64', 'full');
      const [slab] = await drive.variables(full.variablesReference);
      const [object] = await drive.variables(slab?.variablesReference ?? 0);
      assert.match(object?.value ?? '', /^0x[0-9a-f]+: used$/);
      assert.equal(object?.memoryReference, /^0x[0-9a-f]+/.exec(object?.value ?? '')?.[0]);
    }));
});

describe('what an address belongs to', () => {
  const reportOf = (context: MachineContext, value: number): AddressReport =>
    addressReport(context.surveyor, { value, meant: 'virtual' });
  const factOf = (facts: readonly WhereFact[] | undefined, name: string): string | undefined =>
    facts?.find((each) => each.name === name)?.value;

  it('an object: its cache, its index, whether it is free, which call allocated and freed it', () => {
    const context = booted('x86_64-slub', 'slub_debug=UZ');
    const { mm } = context.image;
    const call = asVirt(0x1234);
    mm.machine.addCodeText(call, 'fill_ring+0x10/0x40');
    mm.machine.caller = call;
    const object = kernel.kmalloc(mm, 100, mm.GFP_KERNEL);
    const facts = (): readonly WhereFact[] | undefined =>
      reportOf(context, object + 4).where?.facts;
    assert.match(factOf(facts(), 'slab') ?? '', /^kmalloc-128: /);
    assert.match(factOf(facts(), 'object') ?? '', /, 4 bytes into it, allocated$/);
    assert.match(factOf(facts(), 'allocated') ?? '', /^by fill_ring\+0x10\/0x40 \(CPU 0/);
    assert.equal(factOf(facts(), 'freed'), undefined);
    kernel.kfree(mm, object);
    assert.match(factOf(facts(), 'object') ?? '', /, free/);
    assert.match(factOf(facts(), 'freed') ?? '', /^by fill_ring\+0x10\/0x40/);
  });

  it('a vmalloc address: the area, its page, the guard page, a gap', () => {
    const context = booted('x86_64-slub');
    const { mm } = context.image;
    const address = kernel.vmalloc(mm, 3 * PAGE_SIZE, asVirt(0));
    const inside = reportOf(context, address + PAGE_SIZE + 8);
    assert.match(inside.area ?? '', /^vmalloc, .*, 3 pages/);
    assert.equal(factOf(inside.place, 'in the area'), 'page 1 of 3');
    const guard = reportOf(context, address + 3 * PAGE_SIZE);
    assert.match(factOf(guard.place, 'in the area') ?? '', /^its guard page/);
    const gap = reportOf(context, address + 100 * MiB);
    assert.match(factOf(gap.place, 'vmalloc area') ?? '', /^none, a gap of /);
    kernel.vfree(mm, address);
    const freed = reportOf(context, address);
    assert.match(
      factOf(freed.place, 'vmalloc area') ?? '',
      /^none, freed and waiting for the purge/,
    );
  });

  it('slots of kmap() and kmap_local_page()', () => {
    const context = booted('i386-highmem4g-slub');
    const { mm } = context.image;
    const page = kernel.alloc_pages(mm, mm.GFP_HIGHUSER_MOVABLE, 0);
    const kmap = reportOf(context, kernel.kmap(mm, page));
    assert.match(factOf(kmap.place, 'pkmap slot') ?? '', /^\d+: mapped, 1 user$/);
    const local = reportOf(context, kernel.kmap_local_page(mm, page));
    assert.match(
      factOf(local.place, 'fixmap slot') ?? '',
      /^3: FIX_KMAP_BEGIN: kmap_local slot 0 of CPU 0, mapped$/,
    );
  });

  it('where() of an address where nothing is mapped', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch(
        { core: recording('cores/x86_64-slub-192M/before.vmcore.gz') },
        { stopOnEntry: true },
      );
      const gap = await drive.evaluate('where(0xffffd00000000000)');
      assert.match(gap.result, /^vmalloc area: none, a gap of .*; no page is mapped there$/);
    }));
});
