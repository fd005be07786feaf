/**
 * Views, questions, verdicts and breakpoints on every kind of machine: booted, rebuilt from a recorded state, started from a core; of each
 * kernel. What a machine has besides differs, what the scenario has done to it does not.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { recording } from '../recordings.js';
import { scratchFolder } from '../scratch.js';
import { RequestFailed } from './adapterClient.js';
import { Drive, lineOf, scenario } from './drive.js';
import { build, withAdapter } from './session.js';

interface Kernel {
  readonly name: string;
  /** Of the pragma. */
  readonly booted: string;
  readonly state: string;
  readonly core: string;
}

const KERNELS: readonly Kernel[] = [
  {
    name: 'x86_64-slub',
    booted: 'arch=x86_64 slab=slub',
    state: 'x86_64-slub-512M/vmalloc-n100-s18',
    core: 'x86_64-slub-192M',
  },
  {
    name: 'x86_64-slab',
    booted: 'arch=x86_64 slab=slab',
    state: 'x86_64-slab-512M/vmalloc-n1500-s109',
    core: 'x86_64-slab-192M',
  },
  {
    name: 'x86_64-slub-smp',
    booted: 'arch=x86_64 slab=slub cpus=2',
    state: 'x86_64-slub-smp-512M/vmalloc-n1500-s109',
    core: 'x86_64-slub-smp-192M',
  },
  {
    name: 'i386-highmem4g-slub',
    booted: 'arch=i386 slab=slub',
    state: 'i386-highmem4g-slub-1G/vmalloc-n100-s18',
    core: 'i386-highmem4g-slub-256M',
  },
  {
    name: 'i386-pae-slab',
    booted: 'arch=i386-pae slab=slab',
    state: 'i386-pae-slab-1536M/vmalloc-n100-s18',
    core: 'i386-pae-slab-256M',
  },
];

const STARTS: Readonly<Record<string, (kernel: Kernel) => string>> = {
  booted: ({ booted }) => `machine ${booted} ram=1G cma=16M`,
  state: ({ state }) => `state "${recording(`${state}.trace.gz`)}"`,
  core: ({ core }) => `core "${recording('cores', core, 'before.vmcore.gz')}"`,
};

let written: string | undefined;

/** A scenario on another machine than its text names. */
function elsewhere(name: string, pragma: string): string {
  const text = readFileSync(scenario(name), 'utf8');
  const file = path.join((written ??= scratchFolder()), name);
  writeFileSync(
    file,
    text.replace(/^#pragma mmscope .*$/m, () => `#pragma mmscope ${pragma}`),
  );
  return file;
}

const onMachine = (name: string, pragma: string, test: (drive: Drive) => Promise<void>) =>
  withAdapter(async (client) => {
    const drive = new Drive(client, elsewhere(name, pragma));
    await drive.launch({ program: drive.program }, { stopAtEnd: true });
    await test(drive);
  });

async function runTo(drive: Drive, marker: string): Promise<void> {
  const line = lineOf(drive.program, marker);
  await drive.setLines([{ line }]);
  assert.equal((await drive.go('continue')).reason, 'breakpoint');
}

/** What a question answers, or why it has no answer. */
async function answer(drive: Drive, expression: string): Promise<string> {
  try {
    return await drive.value(expression);
  } catch (error) {
    if (error instanceof RequestFailed) return error.sentence;
    throw error;
  }
}

describe('on every kind of machine', function () {
  before(build);

  for (const kernel of KERNELS)
    for (const [start, pragmaOf] of Object.entries(STARTS)) {
      const pragma = (): string => pragmaOf(kernel);
      const hasHighmem = kernel.name.startsWith('i386');

      it(`${kernel.name}, ${start}: views, questions and verdicts`, () =>
        onMachine('every-start.mms', pragma(), async (drive) => {
          const at = (marker: string): string => `at line ${lineOf(drive.program, marker)}`;
          await runTo(drive, 'large');
          const value = async (...names: string[]): Promise<string> =>
            (await drive.find('Machine', ...names)).value;
          const rows = async (...names: string[]): Promise<string[]> => {
            const { variablesReference } = await drive.find('Machine', ...names);
            return (await drive.variables(variablesReference)).map((row) => row.value);
          };

          assert.match(await value('Caches', 'mine'), /^1 of \d+ objects of 200 bytes in use$/);
          assert.equal(
            await value('Caches', 'mine', 'created'),
            `${at('cache')} by kmem_cache_create()`,
          );
          const kept = kernel.name.endsWith('-slab') ? 'node: partial' : 'CPU 0: slab';
          const [slab] = await rows('Caches', 'mine', kept);
          assert.match(slab ?? '', /^1 of (\d+) objects used, \d+ kept by CPU 0$/);
          assert.match(
            await drive.value('mine->flags'),
            kernel.name.includes('slub')
              ? /^0x40000000 \(__CMPXCHG_DOUBLE\)$/
              : /^0x40000000 \(CFLGS_OBJFREELIST_SLAB\)$/,
          );
          const areas = await rows('Virtual areas');
          assert.ok(
            areas.some((row) => /, 16 KiB: vmalloc by main$/.test(row)),
            areas.join('\n'),
          );
          assert.ok(areas.some((row) => /, 8 KiB: freed, waiting for the purge$/.test(row)));
          assert.ok(!areas.some((row) => / by 0x0*$/.test(row)));
          const [cma] = await rows('CMA areas');
          assert.match(cma ?? '', /^100 of \d+ pages given out, largest hole \d+ pages$/);
          assert.match(
            await value('Persistent kernel maps'),
            hasHighmem ? /^1 of \d+ slots used, 0 mapped without a user$/ : /no highmem/,
          );

          const answers: readonly (readonly [string, RegExp])[] = [
            [
              'where(object)',
              new RegExp(
                `; mine: \\d+ objects of 200 bytes, 1 used.*, allocated; allocated ${at('object')} by kmem_cache_alloc\\(\\)$`,
              ),
            ],
            ['where(given)', /, free, on the (freelist|array) of CPU 0$/],
            [
              'where(area)',
              new RegExp(
                `^vmalloc area: vmalloc, .*, 3 pages, requested by main; in the area: page 0 of 3; allocated ${at('area')} by vmalloc\\(\\); pfn `,
              ),
            ],
            [
              'where((char *)area + 3 * 4096)',
              /in the area: its guard page, mapped by nothing: an access behind the area faults; .*no page is mapped there$/,
            ],
            ['where(gone)', /^vmalloc area: none, freed and waiting for the purge, /],
            [
              'where(counter)',
              new RegExp(
                `per-CPU memory: bytes \\d+–\\d+ of .* unit, allocated, chunk 0; allocated ${at('per-CPU')} by alloc_percpu\\(\\); `,
              ),
            ],
            [
              'where(per_cpu_ptr(counter, 0))',
              new RegExp(
                `per-CPU memory: bytes \\d+–\\d+ of CPU 0's unit, allocated, chunk 0; allocated ${at('per-CPU')} by`,
              ),
            ],
            [
              'where(range)',
              new RegExp(
                `: allocated page of zone \\w+, 1 reference; allocated ${at('range')} by cma_alloc\\(\\)$`,
              ),
            ],
            [
              'where(compound + 1)',
              new RegExp(
                `: tail 1 of the compound page of order 2 at pfn 0x[0-9a-f]+; allocated ${at('compound')} by`,
              ),
            ],
            ['where(mapped)', hasHighmem ? /^pkmap slot: \d+: mapped, 1 user; pfn / : /^pfn 0x/],
            [
              'where(window)',
              hasHighmem
                ? /^fixmap slot: 3: FIX_KMAP_BEGIN: kmap_local slot 0 of CPU 0, mapped; pfn /
                : /^pfn 0x/,
            ],
            ['where(&contig_page_data)', /^symbol: contig_page_data; pfn /],
            ['where(nothing)', /^It is NULL: a pointer that leads nowhere\.$/],
            ['walk(area)', /^kernel: physical 0x[0-9a-f]+, in a 4 KiB page: writable, kernel only/],
          ];
          for (const [question, expected] of answers)
            assert.match(await answer(drive, question), expected, question);

          const verdicts: readonly RegExp[] = [
            /^kmalloc of 67108864 bytes failed: more than 8192 bytes are whole pages, not an object of a cache: order 14 failed: no block is larger than order 10/,
            /^kcalloc\(\) asked for no pages, objects or addresses: /,
            /^vmalloc of 2147483648 bytes failed: 524288 pages are more than the \d+ that the machine has$/,
            /^cma_alloc of \d+ pages from reserved failed: -12: the bitmap has no hole of \d+ pages: 100 of \d+ pages are given out, the largest hole has \d+$/,
            /^alloc_contig_range of pfn 0x[0-9a-f]+–0x[0-9a-f]+ failed: -16: pfn 0x[0-9a-f]+ is busy: allocated, _refcount 1, and it cannot be moved$/,
          ];
          for (const expected of verdicts) {
            await drive.go('next');
            assert.match(await drive.value('verdict()'), expected);
          }
        }));

      it(`${kernel.name}, ${start}: breakpoints on what happens, forward and in reverse`, () =>
        onMachine('every-start.mms', pragma(), async (drive) => {
          const condition = 'strcmp(cache->name, "mine") == 0';
          const breakpoints = [
            ...['object-allocated', 'object-freed', 'slab-new'].map((name) => ({
              name,
              condition,
            })),
            { name: 'vmalloc-failed', condition: 'too_large' },
          ];
          for (const { verified, message } of await drive.setFunctions(breakpoints))
            assert.equal(verified, true, message);
          const seen: string[] = [];
          const hashes: string[] = [];
          for (;;) {
            const { reason, text = '' } = await drive.go('continue');
            if (reason !== 'function breakpoint') break;
            const line = (await drive.frames()).at(-1)?.line;
            seen.push(`${line} ${/^[^:]*/.exec(text)?.[0]}`);
            hashes.push(await drive.hash());
          }
          const line = (marker: string): number => lineOf(drive.program, marker);
          assert.deepEqual(seen, [
            `${line('object')} new slab`,
            `${line('object')} object allocated`,
            `${line('given')} object allocated`,
            `${line('free')} object freed`,
            `${line('huge')} vmalloc failed`,
          ]);
          for (const hash of hashes.toReversed()) {
            assert.equal((await drive.go('reverseContinue')).reason, 'function breakpoint');
            assert.equal(await drive.hash(), hash);
          }
        }));

      it(`${kernel.name}, ${start}: slabs, slots, areas and corruption, forward and in reverse`, () =>
        onMachine('every-event.mms', pragma(), async (drive) => {
          const condition = 'strcmp(cache->name, "three") == 0';
          const isSlub = kernel.name.includes('slub');
          const breakpoints = [
            { name: 'slab-full', condition },
            { name: 'slab-empty', condition },
            { name: 'pkmap-flush', condition: 'unused >= 3' },
            { name: 'lazy-purge' },
          ];
          for (const { verified, message } of await drive.setFunctions(breakpoints))
            assert.equal(verified, true, message);
          await drive.client.body('setExceptionBreakpoints', {
            filters: [],
            filterOptions: [
              {
                filterId: 'slab-corruption',
                condition: 'cache == NULL || strcmp(cache->name, "victim") == 0',
              },
            ],
          });
          const line = (marker: string): number => lineOf(drive.program, marker);
          const seen: string[] = [];
          const hashes: string[] = [];
          for (;;) {
            const { reason, text = '' } = await drive.go('continue');
            if (reason !== 'function breakpoint' && reason !== 'exception') break;
            seen.push(`${(await drive.frames()).at(-1)?.line} ${/^[^:]*/.exec(text)?.[0]}`);
            hashes.push(await drive.hash());
          }
          assert.deepEqual(seen, [
            `${line('full')} slab full`,
            `${line('empty')} slab empty`,
            ...(hasHighmem ? [`${line('flush')} pkmap flush`] : []),
            `${line('purge')} lazy purge`,
            ...(isSlub
              ? [
                  `${line('double free')} BUG victim (Not tainted)`,
                  `${line('objects left')} BUG victim (Tainted`,
                ]
              : []),
            `${line('objects left')} kmem_cache_destroy victim`,
          ]);
          for (const hash of hashes.toReversed()) {
            await drive.go('reverseContinue');
            assert.equal(await drive.hash(), hash);
          }
        }));
    }
});
