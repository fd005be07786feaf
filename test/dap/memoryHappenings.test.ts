/**
 * What happens in the slab allocators and where the kernel maps, as function breakpoints: each at its place, with its condition, and
 * at the same places in reverse.
 */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

/** A stop: marker of the scenario's line, innermost function, sentences. */
type Seen = readonly [marker: string, fn: string, text: RegExp];

const OBJECTS = scenario('include/objects.h');
const MAPPINGS = scenario('mappings.mms');

async function set(drive: Drive, name: string, condition?: string): Promise<Dap.Breakpoint> {
  const [answer] = await drive.setFunctions([{ name, ...(condition && { condition }) }]);
  assert.equal(answer?.verified, true, answer?.message);
  return answer;
}

interface Stop {
  readonly text: string;
  readonly line: number;
  readonly fn: string;
  readonly hash: string;
}

/** Every stop on the way. */
async function stops(drive: Drive, motion: 'continue' | 'reverseContinue'): Promise<Stop[]> {
  const found: Stop[] = [];
  for (;;) {
    const { reason, text = '' } = await drive.go(motion);
    if (reason !== 'function breakpoint') return found;
    const frames = await drive.frames();
    const hash = await drive.hash();
    found.push({ text, line: frames.at(-1)?.line ?? 0, fn: frames[0]?.name ?? '', hash });
  }
}

/** The stops of a whole run are these, and the same ones, from behind, in reverse. */
async function holds(drive: Drive, file: string, expected: readonly Seen[]): Promise<void> {
  const forward = await stops(drive, 'continue');
  assert.deepEqual(
    forward.map(({ line, fn }) => [line, fn]),
    expected.map(([marker, fn]) => [lineOf(file, marker), fn]),
  );
  for (const [i, [, , text]] of expected.entries()) assert.match(forward[i]?.text ?? '', text);
  const back = await stops(drive, 'reverseContinue');
  assert.deepEqual(
    back.map(({ hash, fn }) => [hash, fn]),
    forward.map(({ hash, fn }) => [hash, fn]).reverse(),
  );
}

const THREE = 'strcmp(cache->name, "three") == 0';
const object = (what: string, count = 1): RegExp =>
  new RegExp(`^(?:object ${what}: three, 0x[0-9a-f]{16}, 1300 bytes\\n?){${count}}$`);
const slab = (what: string): RegExp =>
  new RegExp(`^${what}: three, pfn 0x[0-9a-f]+, order 0, 3 objects`);

interface Allocator {
  readonly name: string;
  readonly expected: Readonly<Record<string, readonly Seen[]>>;
}

const ALLOCATORS: readonly Allocator[] = [
  {
    name: 'slub',
    expected: {
      'object-allocated': [
        ['first', 'slab_alloc_node', object('allocated')],
        ['second', 'slab_alloc_node', object('allocated')],
        ['third', 'slab_alloc_node', object('allocated')],
        ['bulk', 'kmem_cache_alloc_bulk', object('allocated', 4)],
      ],
      'object-freed': [
        ['free b', 'do_slab_free', object('freed')],
        ['free a', 'do_slab_free', object('freed')],
        ['free c', 'do_slab_free', object('freed')],
        // Those of one slab go together.
        ['free bulk', 'do_slab_free', object('freed')],
        ['free bulk', 'do_slab_free', object('freed', 3)],
      ],
      'slab-new': [
        ['first', 'allocate_slab', slab('new slab')],
        ['bulk', 'allocate_slab', slab('new slab')],
        ['bulk', 'allocate_slab', slab('new slab')],
      ],
      'slab-full': [
        ['third', 'slab_alloc_node', slab('slab full')],
        ['bulk', 'kmem_cache_alloc_bulk', slab('slab full')],
      ],
      'slab-empty': [['shrink', 'free_slab', slab('slab empty')]],
    },
  },
  {
    name: 'slab',
    expected: {
      'object-allocated': [
        ['first', 'slab_alloc_node', object('allocated')],
        ['second', 'slab_alloc_node', object('allocated')],
        ['third', 'slab_alloc_node', object('allocated')],
        ['bulk', 'kmem_cache_alloc_bulk', object('allocated', 4)],
      ],
      'object-freed': [
        ['free b', '__cache_free', object('freed')],
        ['free a', '__cache_free', object('freed')],
        ['free c', '__cache_free', object('freed')],
        ['free bulk', '__cache_free', object('freed')],
        ['free bulk', '__cache_free', object('freed')],
        ['free bulk', '__cache_free', object('freed')],
        ['free bulk', '__cache_free', object('freed')],
      ],
      'slab-new': [
        ['first', 'cache_grow_begin', slab('new slab')],
        ['bulk', 'cache_grow_begin', slab('new slab')],
        ['bulk', 'cache_grow_begin', slab('new slab')],
      ],
      // Its objects go to the array of the CPU at once.
      'slab-full': [
        ['first', 'fixup_slab_list', slab('slab full')],
        ['bulk', 'fixup_slab_list', slab('slab full')],
        ['bulk', 'fixup_slab_list', slab('slab full')],
      ],
      'slab-empty': [['shrink', 'slab_destroy', slab('slab empty')]],
    },
  },
];

describe('semantic breakpoints on objects and slabs', function () {
  before(build);

  for (const { name, expected } of ALLOCATORS) {
    for (const [id, seen] of Object.entries(expected))
      it(`${name}: ${id} of one cache, forward and in reverse`, () =>
        onScenario(
          `objects-${name}.mms`,
          async (drive) => {
            await set(drive, id, THREE);
            await holds(drive, OBJECTS, seen);
          },
          { stopAtEnd: true },
        ));

    it(`${name}: an object by its address, a cache by its variable, the n-th time`, () =>
      onScenario(`objects-${name}.mms`, async (drive) => {
        await set(drive, 'object-freed', 'object == strange && cache == other && size == 200');
        await drive.go('continue');
        assert.equal((await drive.frames()).at(-1)?.line, lineOf(OBJECTS, 'free strange'));
        await drive.go('reverseContinue');
        await drive.setFunctions([
          { name: 'object-allocated', condition: THREE, hitCondition: '3' },
        ]);
        await drive.go('continue');
        assert.equal((await drive.frames()).at(-1)?.line, lineOf(OBJECTS, 'third'));
        // What is handed out can be looked at.
        const local = name === 'slub' ? 'object' : 'objp';
        assert.match(await drive.value(local), /^0xffff8880/);
        const wrong = await drive.setFunctions([{ name: 'slab-new', condition: 'object == 0' }]);
        assert.match(wrong[0]?.message ?? '', /cannot be evaluated/);
      }));
  }
});

describe('semantic breakpoints where the kernel maps', function () {
  before(build);

  const EXPECTED: readonly (readonly [id: string, condition: string, seen: readonly Seen[]])[] = [
    [
      'pkmap-wrap',
      'unused == 0 && used == 1020',
      [['take', 'map_new_virtual', /^pkmap wraps, for pfn 0x\w+: 1020 slots used, 0 unused$/]],
    ],
    [
      'pkmap-flush',
      'unused == 3',
      [['flush', 'flush_all_zero_pkmaps', /^pkmap flush: 0 slots used, 3 unused$/]],
    ],
    [
      'pkmap-exhausted',
      'pfn == page_to_pfn(pages[1024])',
      [['take', 'taker', /^pkmap exhausted: all 1024 slots are used, none is left for pfn 0x\w+$/]],
    ],
    [
      'lazy-purge',
      'pages == 6 && areas == 1',
      [['purge', '__purge_vmap_area_lazy', /^lazy purge: 6 pages of address space in 1 area$/]],
    ],
    [
      'vmalloc-failed',
      'no_space || too_large && size == 2048UL << 20',
      [
        [
          'no space',
          '__vmalloc_node_range',
          /^vmalloc failed: 536870912 bytes, 131072 pages: no address space$/,
        ],
        [
          'too large',
          '__vmalloc_node_range',
          /^vmalloc failed: 2147483648 bytes, 524288 pages: the machine has not so many$/,
        ],
      ],
    ],
  ];

  it('each at its place, forward and in reverse', () =>
    onScenario(
      'mappings.mms',
      async (drive) => {
        const each = EXPECTED.map(([name, condition]) => ({ name, condition }));
        for (const answer of await drive.setFunctions(each))
          assert.equal(answer.verified, true, answer.message);
        const order = ['flush', 'purge', 'no space', 'too large', 'take'];
        const seen = EXPECTED.flatMap(([, , found]) => found).sort(
          ([a], [b]) => order.indexOf(a) - order.indexOf(b),
        );
        await holds(drive, MAPPINGS, seen);
      },
      { stopAtEnd: true },
    ));

  it('where the statement that has to wait is undone, the stop is in front of it', () =>
    onScenario('mappings.mms', async (drive) => {
      await set(drive, 'pkmap-exhausted');
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^pkmap exhausted/);
      assert.equal(await drive.value('i'), '1024');
      const { threads } = await drive.client.body<Dap.ThreadsResponse['body']>('threads');
      assert.ok(!threads.some(({ name }) => name.includes('waits')));
      // Nothing of it has happened: it is tried again when a slot is free.
      await drive.setFunctions([]);
      await drive.go('next');
      assert.equal(await drive.value('i'), '1024');
      assert.equal(await drive.value('given'), '1');
    }));
});
