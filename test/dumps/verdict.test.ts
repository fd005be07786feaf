/** "Would this request succeed now": judged by the dump's own numbers, which drgn tells too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { verdictAnswer } from '../../src/adapter/dump/verdict.js';
import { Unanswerable } from '../../src/engine/inspect/ask/answer.js';
import { KernelSpace } from '../../src/engine/image/dump/kernelSpace.js';
import { Inspected } from '../../src/engine/inspect/inspected.js';
import { populatedZonesOf } from '../../src/engine/inspect/zones.js';
import { knownDumps, openKnown, reducedKernel, replaced } from './dumps.js';

interface DrgnZone {
  readonly name: string;
  readonly nr_free: readonly number[];
  readonly watermark: readonly number[];
  readonly boost: number;
  readonly reserve: readonly number[];
}

interface Told {
  readonly succeeds: boolean;
  readonly cause: string;
  readonly zone: string | null;
  readonly zones: readonly { readonly zone: string; readonly refusal: string | null }[];
}

function verdict(k: Inspected, expression: string): Told & { readonly text: string } {
  const answer = verdictAnswer(k, expression);
  assert.ok(answer);
  return { ...(answer.data as unknown as Told), text: answer.text };
}

describe('verdicts on a dumped machine', function () {
  for (const known of knownDumps())
    it(`${known.title}: each order, by drgn's numbers`, async () => {
      const k = await openKnown(known);
      const { zones } = JSON.parse(readFileSync(known.drgn, 'utf8')) as { zones: DrgnZone[] };
      for (let order = 0; order < 11; order++) {
        const told = verdict(k, `verdict(GFP_KERNEL, ${order})`);
        // No dump of these has CMA or a reserve for high-atomic requests.
        const fits = zones
          .filter(({ name }) => name !== 'HighMem' && name !== 'Movable')
          .some(({ nr_free, watermark, boost, reserve }) => {
            const free = nr_free.reduce((sum, nr, at) => sum + nr * 2 ** at, 0);
            const min = (watermark[0] ?? 0) + boost;
            // GFP_KERNEL: the zone Normal, whose index is that of the last but Movable, Device and HighMem.
            const index = k.dump.arch === 'x86_64' ? 2 : 1;
            return (
              free - (2 ** order - 1) > min + (reserve[index] ?? 0) &&
              nr_free.slice(order).some((nr) => nr > 0)
            );
          });
        assert.equal(told.succeeds, fits, `order ${order}: ${told.text}`);
      }
    });

  it('a machine at its watermark: which number refuses', () => {
    const k = withWatermarks(10 ** 7);
    const told = verdict(k, 'verdict(GFP_KERNEL, 0)');
    assert.deepEqual([told.succeeds, told.cause, told.zone], [false, 'shortage', null]);
    assert.ok(told.zones.every(({ refusal }) => refusal === 'mark'));
    assert.match(told.text, /^No: order 0 by GFP_KERNEL does not succeed now/);
    assert.match(told.text, /min 10000\d+ pages/);
    // An atomic one may go to 10^7 / 2 - 10^7 / 8, which is still more than there is.
    assert.match(verdict(k, 'verdict(GFP_ATOMIC, 0)').text, /lowered to/);
    assert.equal(verdict(k, 'verdict(__GFP_MEMALLOC, 0)').succeeds, true);
  });

  it('masks are those of the release', () => {
    const k = reducedKernel();
    assert.equal(verdict(k, 'verdict(0xcc0, 2)').text, verdict(k, 'verdict(GFP_KERNEL, 2)').text);
    assert.throws(() => verdictAnswer(k, 'verdict(GFP_SOON, 2)'), /'GFP_SOON' is not a GFP flag/);
    assert.throws(() => verdictAnswer(k, 'verdict()'), Unanswerable);
    assert.match(verdict(k, 'verdict(GFP_KERNEL, 11)').text, /largest block is of order 10/);
  });
});

/** The reduced dump with another WMARK_MIN in each zone. */
function withWatermarks(min: number): Inspected {
  const { dump, space } = reducedKernel();
  const k = reducedKernel();
  const pages = new Map<number, Uint8Array>();
  for (const { at } of populatedZonesOf(k)) {
    const va = at + k.offset('zone', '_watermark[0]');
    const phys = space.physOf((va - (va & 4095)) as typeof at) ?? 0;
    const frame = Math.floor(phys / 4096);
    const bytes = pages.get(frame) ?? Uint8Array.from(space.memory.read(frame * 4096, 4096));
    new DataView(bytes.buffer).setBigUint64(va & 4095, BigInt(min), true);
    pages.set(frame, bytes);
  }
  const changed = new KernelSpace(replaced(space.memory, pages), space.paging);
  changed.setLinearMaps([{ start: dump.pageOffset, sizeBytes: 65504 * 4096, startPhys: 0 }]);
  return new Inspected({ ...dump, space: changed });
}
