/** Files of caches below /sys/kernel/slab, and validate_slab_cache(): beside /proc/slabinfo, and what writing does. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { compile, log, runToEnd } from './machines.js';

const boot = (profile: ProfileName, commandLine = '') =>
  bootMachine({ profile: loadProfile(profile), ramBytes: 256 << 20, commandLine });

function run(text: string, profile: ProfileName = 'x86_64-slub'): string[] {
  const vm = new ScenarioVm(compile(text, profile), boot(profile), { kernel, name: 'test.mms' });
  const bad = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
  assert.deepEqual(bad, []);
  return log(vm);
}

const DEBUGGED =
  'kmem_cache_create("mine", 64, 0, SLAB_POISON | SLAB_RED_ZONE | SLAB_CONSISTENCY_CHECKS, NULL)';

describe('files of caches below /sys/kernel/slab', function () {
  this.timeout(120_000);

  const number = (k: Kernel, cache: string, file: string): number =>
    Number(kernel.sysfs_text(k, `/sys/kernel/slab/${cache}/${file}`));

  for (const profile of ['x86_64-slub', 'x86_64-slub-smp', 'i386-highmem4g-slub'] as const)
    it(`${profile}: say what /proc/slabinfo says of each cache, merged or not`, () => {
      for (const commandLine of ['', 'slab_nomerge']) {
        const k = boot(profile, commandLine).mm;
        const lines = kernel.proc_lines(k, 'slabinfo') ?? [];
        assert.ok(lines.length > 60);
        for (const line of lines.slice(2)) {
          const [cache = '', active, total, size, perSlab] = line.split(/ +/);
          const files = ['objects', 'total_objects', 'slab_size', 'objs_per_slab'];
          const ours = files.map((file) => number(k, cache, file));
          assert.deepEqual(ours, [active, total, size, perSlab].map(Number), line);
          const slabs = number(k, cache, 'slabs');
          assert.equal(slabs, Number(line.split(/ +/)[14]), line);
          assert.equal(2 ** number(k, cache, 'order'), Number(line.split(/ +/)[5]), line);
          const onNode = number(k, cache, 'objects_partial');
          assert.ok(onNode < number(k, cache, 'partial') * Number(perSlab) + 1, line);
        }
      }
    });

  it('a merged cache is found under its own name and under that of its kind', () => {
    const { mm } = boot('x86_64-slub');
    const s = kernel.kmem_cache_create(mm, 'mine', 128, 0, 0);
    assert.equal(s, kernel.findCache(mm, kernel.cacheName(mm, s)));
    const aliases = number(mm, 'mine', 'aliases');
    assert.ok(aliases > 0);
    assert.equal(number(mm, ':0000128', 'aliases'), aliases);
    kernel.kmem_cache_create(mm, 'mine too', 124, 0, 0);
    assert.equal(number(mm, 'mine', 'aliases'), aliases + 1);
  });

  it('what is read only, what is not there, and what no number is', () => {
    const { mm } = boot('x86_64-slub');
    const store = (file: string, text: string): number =>
      kernel.sysfs_store(mm, `/sys/kernel/slab/dentry/${file}`, text);
    const [EINVAL, EACCES, ENOENT] = [22, 13, 2];
    assert.equal(store('objects', '1'), -EACCES);
    assert.equal(store('none', '1'), -ENOENT);
    assert.equal(store('min_partial', 'x'), -EINVAL);
    assert.equal(store('min_partial', '7\n'), 0);
    assert.equal(number(mm, 'dentry', 'min_partial'), 7);
    // One CPU: there are no lists of CPUs.
    assert.equal(store('cpu_partial', '30'), -EINVAL);
    assert.equal(store('validate', '1'), -EINVAL);
    assert.equal(
      kernel.sysfs_text(boot('x86_64-slab').mm, '/sys/kernel/slab/dentry/objects'),
      undefined,
    );
  });

  it('cpu_partial of an SMP kernel: objects become slabs, and what CPUs hold goes back', () => {
    const { mm } = boot('x86_64-slub-smp');
    const path = '/sys/kernel/slab/dentry/cpu_partial';
    assert.equal(kernel.sysfs_store(mm, path, '42'), 0);
    assert.equal(kernel.sysfs_text(mm, path), '42');
    const s = kernel.findCache(mm, 'dentry');
    const perSlab = number(mm, 'dentry', 'objs_per_slab');
    assert.equal(mm.words[s + mm.kmem_cache.cpu_partial_slabs], Math.ceil(84 / perSlab));
    assert.equal(number(mm, 'dentry', 'cpu_slabs'), 0);
  });

  it('shrink gives back what nobody uses, validate tells what is wrong', () => {
    const told = run(`
      struct kmem_cache *s = ${DEBUGGED};
      void *a = kmem_cache_alloc(s, GFP_KERNEL), *b = kmem_cache_alloc(s, GFP_KERNEL);
      kmem_cache_free(s, b);
      expect(validate_slab_cache(s) == 1);
      ((char *)b)[5] = 0;
      expect(sysfs("/sys/kernel/slab/mine/validate=1") == 0);
      kmem_cache_free(s, a);
      expect(sysfs("/sys/kernel/slab/mine/slabs") == 1);
      expect(sysfs("/sys/kernel/slab/mine/shrink=1") == 0);
      expect(sysfs("/sys/kernel/slab/mine/slabs") == 0);
      kmem_cache_destroy(s);
      expect(sysfs("/sys/kernel/slab/mine/slabs") == -1 && errno == ENOENT);`);
    assert.equal(told.filter((line) => line.includes('BUG mine')).length, 1);
    assert.ok(told.some((line) => line.includes('BUG mine (Not tainted): Poison overwritten')));
    assert.ok(told.at(-1)?.includes('caches below /sys/kernel/slab'));
  });

  it('a program reads and writes them', () => {
    run(`
      char text[16];
      int fd = open("/sys/kernel/slab/dentry/object_size", O_RDONLY);
      long n = read(fd, text, 15);
      expect(n == 4 && text[3] == '\\n');
      close(fd);
      fd = open("/sys/kernel/slab/dentry/min_partial", O_RDWR);
      expect(write(fd, "9\\n", 2) == 2);
      expect(read(fd, text, 15) == 0);
      expect(pread(fd, text, 15, 0) == 2 && text[0] == '9');
      close(fd);`);
  });
});
