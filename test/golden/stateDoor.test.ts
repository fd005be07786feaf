/**
 * Scenarios on a machine that was rebuilt from a recorded state: what the state does not tell, and the calls need (caches, areas, page
 * tables, slots, pools), is made anew, and the calls of a recorded run have the kernel's results.
 */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { openBeginning } from '../../src/engine/image/state/beginning.js';
import { dumpZones, readTrace, type TraceDump } from '../../src/engine/image/state/index.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { readText } from '../../src/cli/openFile.js';
import { compileScenario, ScenarioVm } from '../../src/scenario/index.js';
import { recordedTraces, recording, titleOf } from '../recordings.js';
import { scenarioOf } from './scenarioText.js';

/** What failed, in the words of the task or of the `expect`. */
function run(text: string, image: KernelImage): string[] {
  const { program, diagnostics } = compileScenario(text, image.profile);
  assert.ok(program !== undefined, JSON.stringify(diagnostics.slice(0, 3)));
  const vm = new ScenarioVm(program, image, { kernel, name: 'run.mms' });
  const failed: string[] = [];
  for (;;) {
    const result = vm.runStatement();
    if (result.kind === 'failed' || result.kind === 'deadlock') failed.push(result.kind);
    if (result.kind === 'exited' || result.kind === 'deadlock') return failed;
    for (const event of result.failedExpects) failed.push(event.source);
  }
}

/** Frames of blocks that say they are free. */
function freeFrames({ mm: k, maxPfn }: KernelImage): number {
  let free = 0;
  for (let pfn = 0; pfn < maxPfn;) {
    const page = k.pfn_to_page(asPfn(pfn));
    const isFree = page !== NULL && kernel.PageBuddy(k, page);
    const nrFrames = isFree ? 1 << kernel.buddy_order(k, page) : 1;
    if (isFree) free += nrFrames;
    pfn += nrFrames;
  }
  return free;
}

/** The last dump of the zones: behind every call. */
function zonesAtEnd(trace: Iterable<string>): readonly string[] {
  const dumps: TraceDump[] = [];
  for (const item of readTrace(trace)) {
    if (item.kind === 'ran') break;
    if (item.kind === 'dump' && item.name === 'zones') dumps.push(item);
  }
  assert.ok(dumps.length > 1, 'the trace has no zones behind its calls');
  return dumps.at(-1)?.lines ?? [];
}

describe('a scenario of a recorded run, from the state that its trace begins with', () => {
  const runs = recordedTraces('.', /^(kmap|vmalloc|contig|cma|mixed)-(n\d{1,3}-)?s/);
  assert.ok(runs.length > 0);
  for (const file of runs)
    it(titleOf(file), () => {
      const trace = [...readText(file)];
      const image = openBeginning(trace);
      const { text, unknown } = scenarioOf(trace);
      assert.deepEqual(unknown, []);
      assert.deepEqual(run(text, image).slice(0, 3), []);
      const kernels = zonesAtEnd(trace);
      const ours = dumpZones(image);
      const first = ours.findIndex((line, i) => line !== kernels[i]);
      assert.equal(ours[first], kernels[first]);
    });
});

/** What each kind of state tells, by a family that records it at its start. */
const STATES: readonly (readonly [string, RegExp])[] = [
  ['zones alone', /^pcp0-(n\d{1,3}-)?s/],
  ['caches too', /^idle-s/],
  ['areas and their tables too', /^vmalloc-n100-s|^vmalloc-n1500-s109/],
];

describe('what a state does not tell', () => {
  for (const [what, family] of STATES)
    for (const [kernelName, file] of new Map(
      recordedTraces('.', family).map((each) => [titleOf(each).replace(/-\d+[MG].*/, ''), each]),
    ))
      it(`is made where calls need it: ${what}, ${kernelName}`, () => {
        const image = openBeginning(readText(file));
        const before = dumpZones(image);
        const free = freeFrames(image);
        image.unrecorded?.make();
        assert.deepEqual(dumpZones(image), before);
        // What was lent for it and not needed is not left as a block that is free and on no list.
        assert.equal(freeFrames(image), free);
        assert.deepEqual(run(CALLS, image), []);
      });

  it('is not made where none does', () => {
    const image = openBeginning(readText(recording('x86_64-slub-512M', 'pcp0-n120-s11.trace.gz')));
    assert.deepEqual(
      run('struct page *page = alloc_page(GFP_KERNEL); __free_page(page);', image),
      [],
    );
    assert.equal(kernel.slab_is_available(image.mm), false);
  });
});

const CALLS = `
char *object = kmalloc(100, GFP_KERNEL);
object[99] = 7;
kfree(object);
char *area = vmalloc(3 * PAGE_SIZE);
area[5000] = 3;
expect(area[5000] == 3 && page_address(vmalloc_to_page(area + 5000)) || PageHighMem(vmalloc_to_page(area + 5000)));
vfree(area);
struct page *page = alloc_page(GFP_HIGHUSER);
char *at = kmap(page);
*at = 5;
kunmap(page);
at = kmap_local_page(page);
expect(*at == 5);
kunmap_local(at);
__free_page(page);
int *counts = alloc_percpu(int);
expect(counts);
free_percpu(counts);
struct kmem_cache *cache = kmem_cache_create("mine", 120, 0, 0, NULL);
object = kmem_cache_alloc(cache, GFP_KERNEL);
object[119] = 1;
kmem_cache_free(cache, object);
kmem_cache_destroy(cache);
void *io = ioremap(0xfeb00000, PAGE_SIZE);
expect(io);
iounmap(io);

char *buf = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
buf[0] = 1;
if (fork() == 0) { buf[0] = 2; exit(3); }
int status;
wait(&status);
expect(buf[0] == 1 && WEXITSTATUS(status) == 3);
int fd = memfd_create("file", 0);
ftruncate(fd, 2 * PAGE_SIZE);
char *shared = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
shared[PAGE_SIZE] = 9;
char c;
pread(fd, &c, 1, PAGE_SIZE);
expect(c == 9);
close(fd);
sysctl("vm.nr_hugepages=2");
char *huge = mmap(NULL, HPAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
huge[HPAGE_SIZE - 1] = 1;
`;
