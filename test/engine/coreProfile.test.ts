import assert from 'node:assert/strict';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { profileFrom } from '../../src/engine/image/core/profileFrom.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import { dumpZones, readTrace } from '../../src/engine/image/state/index.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedBytes, recordedText } from '../recordings.js';
import { kernelFile } from './recorded.js';

describe('a profile from BTF and System.map', function () {
  this.timeout(60_000);

  /** The kernel, its recorded core, and a bundled kernel that it is not. */
  const builds: readonly (readonly [name: ProfileName, core: string, nearest: ProfileName])[] = [
    ['x86_64-slub', 'x86_64-slub-192M', 'x86_64-slub-smp'],
    ['x86_64-slab', 'x86_64-slab-192M', 'x86_64-slub'],
    ['x86_64-slub-smp', 'x86_64-slub-smp-192M', 'x86_64-slub'],
    ['i386-highmem4g-slub', 'i386-highmem4g-slub-256M', 'i386-highmem4g-slub'],
    ['i386-pae-slab', 'i386-pae-slab-256M', 'i386-pae-slab'],
  ];
  /** What the types cannot tell, where the nearest kernel is another one. */
  const unknowable =
    /^(CONFIG_NR_CPUS|CONFIG_SLUB_\w+|CONFIG_HAVE_ALIGNED_STRUCT_PAGE|KMALLOC_SHIFT_LOW|KMALLOC_MIN_SIZE)$/;

  for (const [name, folder, nearest] of builds)
    it(`${name}, ${nearest === name ? 'bundled' : `as if only ${nearest} were bundled`}`, () => {
      const btf = kernelFile(name, 'vmlinux.btf.gz');
      const systemMap = kernelFile(name, 'System.map.gz').toString('latin1');
      assert.equal(profileFrom({ btf, systemMap }).name, name, 'the nearest one is itself');
      const profile = profileFrom({ btf, systemMap, nearest: loadProfile(nearest) });
      const bundled = loadProfile(name);
      assert.deepEqual([profile.arch, profile.smp], [bundled.arch, bundled.smp]);
      for (const constant of bundled.constantNames())
        if (!unknowable.test(constant))
          assert.equal(profile.findConstant(constant), bundled.findConstant(constant), constant);
      for (const symbol of bundled.symbolNames()) {
        const [ours, theirs] = [profile.symbol(symbol), bundled.symbol(symbol)];
        assert.equal(ours?.address, theirs?.address, symbol);
        assert.equal(ours?.perCpu, theirs?.perCpu, symbol);
      }
      assert.equal(
        profile.types.struct('zone')?.sizeBytes,
        bundled.types.struct('zone')?.sizeBytes,
      );
      const start = profile.symbol('start_kernel') ?? assert.fail();
      const at = profile.symbolAt((start.address + 7) as typeof start.address);
      assert.deepEqual([at?.symbol.name, at?.offset], ['start_kernel', 7]);

      const core = recordedBytes('cores', folder, 'before.vmcore.gz');
      const image = openCore(randomAccessOf(core), { profiles: [profile] });
      const trace = recordedText('cores', folder, 'before.trace.gz');
      for (const item of readTrace(trace))
        if (item.kind === 'dump' && item.name === 'zones')
          assert.deepEqual(dumpZones(image), item.lines);
    });

  it('is refused when it cannot be of such a kernel', () => {
    const btf = kernelFile('x86_64-slub', 'vmlinux.btf.gz');
    assert.throws(
      () => profileFrom({ btf, systemMap: 'ffffffff81000000 T _text\n' }),
      (error) => error instanceof ImageError && /contig_page_data/.test(error.message),
    );
    assert.throws(() => profileFrom({ btf: btf.subarray(0, 1000), systemMap: '' }), /BTF/);
  });
});
