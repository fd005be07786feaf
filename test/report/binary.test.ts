/** kpageflags, kpagecount and pagemap as the kernel writes them. */
import assert from 'node:assert/strict';
import {
  binaryFindings,
  binaryKindOf,
  frameFinding,
  pagemapFinding,
} from '../../src/report/binary/explain.js';
import { surveyFrames } from '../../src/report/binary/frameSurvey.js';
import { cpuMs } from '../cpuTime.js';

const KPF = {
  slab: 1n << 7n,
  buddy: 1n << 10n,
  anon: (1n << 12n) | (1n << 5n) | (1n << 11n) | (1n << 14n),
  nopage: 1n << 20n,
  reserved: 1n << 32n,
};

const bytes = (values: readonly bigint[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(values).buffer);

/** In pieces of odd sizes. */
function* pieces(whole: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size);
}

describe('captures of frames', () => {
  const flags = bytes([KPF.nopage, KPF.reserved, KPF.slab, KPF.anon, KPF.anon, KPF.buddy, 0n]);
  const counts = bytes([0n, 0n, 0n, 1n, 7n, 0n, 0n]);
  const kinds = {
    'no struct page (hole)': 1,
    reserved: 1,
    slab: 1,
    anonymous: 2,
    'free (buddy)': 1,
    'kernel, drivers': 1,
  };

  for (const size of [1, 7, 8, 4096])
    it(`are the same in pieces of ${size} bytes`, () => {
      const survey = surveyFrames(pieces(flags, size), pieces(counts, size + 3));
      assert.deepEqual(
        Object.fromEntries(survey.kinds.map(({ name, frames }) => [name, frames])),
        Object.fromEntries(
          Object.keys(kinds)
            .toSorted(
              (a, b) =>
                survey.kinds.findIndex(({ name }) => name === a) -
                survey.kinds.findIndex(({ name }) => name === b),
            )
            .map((name) => [name, kinds[name as keyof typeof kinds]]),
        ),
      );
      const anonymous = survey.kinds.find(({ name }) => name === 'anonymous');
      assert.deepEqual([anonymous?.mapped, anonymous?.shared, survey.mostMapped], [2, 1, 7]);
    });

  it('before 4.6 mark the first frame of a free block: what lies behind it is counted as far as a block can reach', () => {
    const { kinds, onlyFirstOfFree } = surveyFrames([
      bytes([
        KPF.buddy,
        0n,
        0n,
        0n,
        KPF.buddy,
        0n,
        0n,
        KPF.slab,
        KPF.buddy,
        KPF.slab,
        KPF.buddy,
        0n,
      ]),
    ]);
    const count = (name: string): number | undefined =>
      kinds.find((kind) => kind.name === name)?.frames;
    assert.deepEqual(
      [
        onlyFirstOfFree,
        count('free (buddy)'),
        count('free (behind a first frame)'),
        count('kernel, drivers'),
      ],
      [true, 4, 5, 1],
    );
    const whole = surveyFrames([bytes([KPF.buddy, KPF.buddy, KPF.buddy, KPF.buddy, 0n, 0n])]);
    assert.deepEqual(
      whole.kinds.map(({ name, frames }) => [name, frames]),
      [
        ['free (buddy)', 4],
        ['kernel, drivers', 2],
      ],
    );
  });

  it('have counts below zero where nothing is mapped (before 4.18): none', () => {
    const survey = surveyFrames([bytes([KPF.buddy, KPF.anon])], [bytes([(1n << 64n) - 127n, 2n])]);
    assert.deepEqual([survey.mostMapped, survey.kinds.map(({ mapped }) => mapped)], [2, [0, 1]]);
    const [alone] = binaryFindings([
      { name: 'kpagecount', kind: 'kpagecount', pieces: () => [bytes([(1n << 64n) - 127n, 2n])] },
    ]);
    assert.deepEqual([alone?.facts.mapped, alone?.facts.mostMapped], [1, 2]);
  });

  it('are told apart without their names', () => {
    const noise = bytes(
      Array.from({ length: 64 }, (_, at) => (at % 3 === 0 ? KPF.anon : KPF.nopage)),
    );
    assert.equal(binaryKindOf('a.bin', noise), 'kpageflags');
    assert.equal(
      binaryKindOf('a.bin', bytes(Array.from({ length: 64 }, (_, at) => BigInt(at % 3)))),
      'kpagecount',
    );
    assert.equal(
      binaryKindOf('a.bin', bytes(Array.from({ length: 64 }, () => (1n << 63n) | 0x1234n))),
      'pagemap',
    );
    assert.equal(
      binaryKindOf('dmesg.txt', new TextEncoder().encode('[ 0.000000] Linux version'.repeat(8))),
      undefined,
    );
  });

  it('of pagemap count pages, and say when frames are hidden', () => {
    const finding = pagemapFinding('pagemap', [
      bytes([0n, 1n << 63n, (1n << 63n) | (1n << 61n), 1n << 62n]),
    ]);
    assert.deepEqual(
      [
        finding.facts.present,
        finding.facts.swapped,
        finding.facts.shared,
        finding.facts.framesHidden,
      ],
      [2, 1, 1, true],
    );
  });

  it('of 64 GiB are summed up in two seconds', () => {
    const piece = bytes(
      Array.from(
        { length: 1 << 16 },
        (_, at) => [KPF.anon, KPF.buddy, KPF.slab, 0n][(at >> 4) & 3] ?? 0n,
      ),
    );
    const pieces = Array.from({ length: 256 }, () => piece);
    let finding: ReturnType<typeof frameFinding> | undefined;
    const ms = cpuMs(() => (finding = frameFinding('kpageflags', pieces, pieces)));
    assert.ok(finding !== undefined);
    assert.equal(finding.facts.frames, 1 << 24);
    assert.ok((finding.facts.cells as string).length <= 1024);
    assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
  });
});
