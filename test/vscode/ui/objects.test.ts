/**
 * Objects of caches under the debugger: a kmalloc() stepped into down to ___slab_alloc() and new_slab(), in C; a stop at the report of a double
 * free; the caches of the machine as a tree, down to an object and who freed it. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runToText } from './kernelLines.js';
import { lineOf, tell, workspace } from './story.js';

const SCENARIO = 'objects.mms';
/** The cache for DMA has no slab yet: the first object of it needs one. */
const TEXT = `#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="slub_debug=FZU,session"
long inuse = 77, offset = 77, lock = 77, next = 77, cpu_slab = 77;
char *buffer = kmalloc(100, GFP_KERNEL | GFP_DMA);
struct kmem_cache *cache = kmem_cache_create("session", 64, 0, 0, NULL);
void *other = kmem_cache_alloc(cache, GFP_KERNEL);
void *object = kmem_cache_alloc(cache, GFP_KERNEL);
kmem_cache_free(cache, object);
kmem_cache_free(cache, object); // again
kfree(buffer);
`;
const at = (text: string): number => lineOf(SCENARIO, text);

tell('objects in VS Code', { shots: 'objects', prepare }, (step) => {
  step('steps into a kmalloc()', async (bench) => {
    await bench.editor.open(SCENARIO);
    await bench.session.start(at('long inuse'));
    await bench.session.step('Step Over');
    for (const name of ['kmalloc', '__kmalloc', '__do_kmalloc_node']) {
      await bench.session.step('Step Into');
      await bench.session.stoppedAt(name);
    }
    await runToText(bench, '__kmem_cache_alloc_node(');
    await bench.session.settled();
  });

  step('and into the slow path of SLUB', async (bench) => {
    for (const name of ['__kmem_cache_alloc_node', 'slab_alloc_node']) {
      await bench.session.step('Step Into');
      await bench.session.stoppedAt(name);
    }
    await runToText(bench, '___slab_alloc(s');
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('___slab_alloc');
    await bench.session.settled();
  });

  step('down to a new slab', async (bench) => {
    await runToText(bench, 'new_slab(s, ', 50);
    // Values beside the kernel's lines are its locals': a member does not show a variable of the scenario that has its name.
    await bench.eventually(async () => {
      const values = await bench.editor.inlineValues();
      assert.ok(values.length > 0, 'no value beside a line');
      assert.ok(!values.some((value) => value.includes('= 77')), values.join('\n'));
    });
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('new_slab');
    await bench.editor.withText('return allocate_slab(s, flags').waitFor();
    await bench.session.settled();
  });

  step('stops where a double free is reported', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.stoppedAt('free_consistency_checks');
    const text = await bench.session.exceptionText();
    assert.match(text, /BUG session .*: Object already free/);
    await bench.session.settled();
  });

  step('shows the caches of the machine', async (bench) => {
    await bench.quick.command('Run and Debug: Focus on Machine View');
    await bench.machine.open('Caches', 'session');
    await bench.machine.goTo('created');
    const created = `at line ${at('kmem_cache_create(')} by kmem_cache_create()`;
    await bench.machine.row('created').filter({ hasText: created }).waitFor();
    await bench.session.settled();
  });

  step('ends the session', (bench) => bench.session.end());
});

function prepare(): void {
  writeFileSync(path.join(workspace, SCENARIO), TEXT);
}
