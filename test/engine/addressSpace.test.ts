import assert from 'node:assert/strict';
import { asPhys, asVirt, parseAddress } from '../../src/engine/memory/address.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import type { Profile, ProfileName } from '../../src/engine/types/profile.js';
import { AddressSpace, type RegionKind } from '../../src/engine/x86/addressSpace.js';
import { recordedTexts } from './recorded.js';

/** The machines of the recorded runs, by their last frames. */
const MACHINES: Readonly<Record<string, AddressSpace>> = {
  'i386 2G': new AddressSpace(loadProfile('i386-highmem4g-slub'), {
    maxPfn: 0x7ffe0,
    maxLowPfn: 0x373fe,
  }),
  'pae 5G': new AddressSpace(loadProfile('i386-pae-slab'), {
    maxPfn: 0x180000,
    maxLowPfn: 0x375fe,
  }),
  'x86_64 512M': new AddressSpace(loadProfile('x86_64-slub'), {
    maxPfn: 0x1ffe0,
    maxLowPfn: 0x1ffe0,
  }),
};

const at = (profile: Profile, text: string) => {
  const va = parseAddress(text, profile.pointerSize);
  assert.ok(va !== undefined, text);
  return va;
};

/** A kernel virtual address, what it is, and where the linear maps put it. */
const CASES: readonly (readonly [machine: string, va: string, kind: RegionKind, phys?: number])[] =
  [
    ['i386 2G', '0x0', 'user'],
    ['i386 2G', '0xbfffffff', 'user'],
    ['i386 2G', '0xc0000000', 'directMap', 0],
    ['i386 2G', '0xc1000000', 'kernelImage', 0x1000000],
    ['i386 2G', '0xc1710fff', 'kernelImage', 0x1710fff],
    ['i386 2G', '0xf73fdfff', 'directMap', 0x373fdfff],
    ['i386 2G', '0xf73fe000', 'hole'],
    ['i386 2G', '0xf7bfdfff', 'hole'],
    ['i386 2G', '0xf7bfe000', 'vmalloc'],
    ['i386 2G', '0xff3fdfff', 'vmalloc'],
    ['i386 2G', '0xff3fe000', 'hole'],
    ['i386 2G', '0xff400000', 'pkmap'],
    ['i386 2G', '0xff7fffff', 'pkmap'],
    ['i386 2G', '0xff800000', 'ldt'],
    ['i386 2G', '0xffc00000', 'cpuEntryArea'],
    ['i386 2G', '0xffffc000', 'fixmap'],
    ['i386 2G', '0xfffff000', 'fixmap'],
    ['pae 5G', '0xc0000000', 'directMap', 0],
    ['pae 5G', '0xf75fdfff', 'directMap', 0x375fdfff],
    ['pae 5G', '0xf7dfe000', 'vmalloc'],
    ['pae 5G', '0xff600000', 'pkmap'],
    ['pae 5G', '0xff7fffff', 'pkmap'],
    ['x86_64 512M', '0x0', 'user'],
    ['x86_64 512M', '0x7fffffffefff', 'user'],
    ['x86_64 512M', '0x7ffffffff000', 'hole'],
    ['x86_64 512M', '0x800000000000', 'nonCanonical'],
    ['x86_64 512M', '0xffff7fffffffffff', 'nonCanonical'],
    ['x86_64 512M', '0xffff800000000000', 'hole'],
    ['x86_64 512M', '0xffff888000000000', 'directMap', 0],
    ['x86_64 512M', '0xffff88801ffdffff', 'directMap', 0x1ffdffff],
    ['x86_64 512M', '0xffff88801ffe0000', 'hole'],
    ['x86_64 512M', '0xffffc90000000000', 'vmalloc'],
    ['x86_64 512M', '0xffffe8ffffffffff', 'vmalloc'],
    ['x86_64 512M', '0xffffe90000000000', 'hole'],
    ['x86_64 512M', '0xffffea0000000000', 'vmemmap'],
    ['x86_64 512M', '0xffffeb0000000000', 'hole'],
    ['x86_64 512M', '0xfffffe0000001000', 'cpuEntryArea'],
    ['x86_64 512M', '0xffffffff80000000', 'hole'],
    ['x86_64 512M', '0xffffffff81000000', 'kernelImage', 0x1000000],
    ['x86_64 512M', '0xffffffff81aef0c0', 'kernelImage', 0x1aef0c0],
    ['x86_64 512M', '0xffffffffa0000000', 'modules'],
    ['x86_64 512M', '0xffffffffff7ff000', 'fixmap'],
    ['x86_64 512M', '0xffffffffffffffff', 'hole'],
  ];

describe('address space', () => {
  for (const [name, text, kind, phys] of CASES) {
    it(`${name}: ${text} is ${kind}${phys === undefined ? '' : ` at 0x${phys.toString(16)}`}`, () => {
      const space = MACHINES[name];
      assert.ok(space);
      const va = at(space.profile, text);
      assert.equal(space.classify(va), kind);
      assert.equal(space.virtToPhysLinear(va), phys);
      if (phys === undefined) return;
      assert.equal(space.__pa(va), phys);
      if (kind === 'directMap') assert.equal(space.__va(asPhys(phys)), va);
      assert.equal(space.virtToPhysLinear(space.__va(asPhys(phys))), phys);
    });
  }

  for (const [name, space] of Object.entries(MACHINES)) {
    it(`${name}: regions cover every address once`, () => {
      const { regions } = space;
      regions.slice(1).forEach((region, i) => assert.equal(region.start, regions[i]?.end));
      for (const { start, end } of regions) assert.ok(start < end);
      const wide = space.profile.pointerSize === 8;
      assert.deepEqual(
        [regions[0]?.start, regions.at(-1)?.end],
        wide ? [-Infinity, Infinity] : [0, 2 ** 32],
      );
    });
  }

  it('a highmem frame has no address of its own', () => {
    const space = MACHINES['i386 2G'];
    assert.ok(space);
    assert.equal(space.virtOf(asPhys(0x373fd000)), 0xf73fd000);
    assert.equal(space.virtOf(asPhys(0x373fe000)), undefined);
  });

  it('a kernel loaded elsewhere moves with phys_base', () => {
    const space = new AddressSpace(loadProfile('x86_64-slub'), {
      maxPfn: 0x40000,
      maxLowPfn: 0x40000,
      physBase: 0x5000000,
    });
    const text = at(space.profile, '0xffffffff81000000');
    assert.equal(space.virtToPhys(text), 0x6000000);
    assert.equal(space.linear.kernelMap?.startFrame, 0x6000);
    assert.equal(space.virtToPhys(at(space.profile, '0xffff888000001000')), 0x1000);
  });

  it('vmemmap is resolved by the machine', () => {
    const profile = loadProfile('x86_64-slub');
    const machine = { maxPfn: 0x1ffe0, maxLowPfn: 0x1ffe0 };
    const page = at(profile, '0xffffea0000000040');
    assert.equal(new AddressSpace(profile, machine).virtToPhys(page), undefined);
    const resolved = new AddressSpace(profile, {
      ...machine,
      vmemmapToPhys: (va) => asPhys(va - profile.constant('VMEMMAP_START') + 0x1f000000),
    });
    assert.equal(resolved.virtToPhys(page), 0x1f000040);
  });

  for (const name of PROFILE_NAMES) {
    it(`${name}: bounds are those of every recorded boot`, () => {
      let boots = 0;
      for (const { file, text } of recordedTexts(name, /^static.*\.trace\.gz$/)) {
        checkBoot(name, text, file);
        boots++;
      }
      assert.ok(boots > 0);
    });
  }
});

/** high_memory, VMALLOC_START and symbols, as the running kernel said them. */
function checkBoot(name: ProfileName, text: string, file: string): void {
  const profile = loadProfile(name);
  const recorded = (constant: string): number => {
    const value = text
      .split('\n')
      .find((line) => line.startsWith(`const ${constant} `))
      ?.split(' ')
      .at(-1);
    assert.ok(value, `${file}: ${constant}`);
    return at(profile, value);
  };
  const space = new AddressSpace(profile, {
    maxPfn: recorded('max_pfn'),
    maxLowPfn: recorded('max_low_pfn'),
  });
  const lowmemEnd = asPhys(recorded('max_low_pfn') * 4096);
  assert.equal(space.__va(lowmemEnd), recorded('(unsigned long)high_memory'), file);
  assert.equal(space.region('vmalloc')?.start, recorded('VMALLOC_START'), file);
  assert.equal(space.regionAt(asVirt(recorded('VMALLOC_END') - 1)).kind, 'vmalloc', file);
  const image = space.region('kernelImage');
  assert.ok(image && image.start <= recorded('(unsigned long)_text'));
  assert.ok(image.end >= recorded('(unsigned long)_end'));
  assert.equal(profile.symbol('init_mm')?.address, recorded('(unsigned long)&init_mm'), file);
  assert.equal(
    profile.symbol('contig_page_data')?.address,
    recorded('(unsigned long)&contig_page_data'),
    file,
  );
  const firstPage = asVirt(recorded('(unsigned long)pfn_to_page(0)'));
  assert.equal(
    space.classify(firstPage),
    profile.pointerSize === 8 ? 'vmemmap' : 'directMap',
    file,
  );
}
