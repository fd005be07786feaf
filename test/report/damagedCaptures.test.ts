/** Captures of /proc that are cut, flipped or of another kind than their name says: an answer or none, never a failure, and no memory beyond theirs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { CaptureMachine } from '../../src/extension/capture/captureMachine.js';
import { binaryFindings, type BinaryKind } from '../../src/report/binary/explain.js';
import { FrameCapture } from '../../src/report/binary/frameCapture.js';
import { damageFactor, Figures } from '../damage.js';
import { random as seeded } from '../engine/random.js';
import { bytesOf, capturedFrames } from '../web/capturedFrames.js';
import { found, words } from './field.js';

/** Of a Debian 12 with 256 MiB, in a guest. */
const FOLDER = 'test/data/captures';
const CAPTURES = readdirSync(FOLDER).map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));
const ROUNDS = 200;
const KINDS: readonly BinaryKind[] = ['kpageflags', 'kpagecount', 'pagemap'];

describe('captures of /proc', () => {
  it('as text, damaged: never throws', () => {
    const below = seeded(815);
    const figures = new Figures('captures of /proc, text');
    for (let round = 0; round < ROUNDS * (damageFactor(ROUNDS) ?? 1); round++) {
      figures.next();
      const pick = (): string => CAPTURES[below(CAPTURES.length)] ?? '';
      let text = pick() + (below(3) === 0 ? pick() : '');
      for (let change = below(6); change >= 0; change--) {
        const at = below(text.length + 1);
        const forms = [
          () => text.slice(0, at) + text.slice(at + below(80)),
          () => text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1),
          () => text.slice(0, at),
          () =>
            text.replace(/\d+/g, (number) =>
              below(10) === 0 ? (HUGE[below(HUGE.length)] ?? '') : number,
            ),
          () =>
            text
              .split('\n')
              .toSorted(() => below(3) - 1)
              .join('\n'),
        ];
        text = (forms[below(forms.length)] ?? String)();
      }
      for (const finding of found(text))
        assert.ok(
          !/NaN|Infinity|undefined|\[object/.test(words(finding)),
          `${words(finding)}\n---\n${text}`,
        );
    }
    figures.done();
  }).timeout(7_200_000);

  it('as words of frames, damaged: never throws', () => {
    const below = seeded(4242);
    const { flags, counts } = capturedFrames(2048);
    const present = counts.map((count, pfn) => (count > 0n ? (1n << 63n) | BigInt(pfn) : 0n));
    const whole = [bytesOf(flags), bytesOf(counts), bytesOf(present)];
    const figures = new Figures('captures of frames');
    for (let round = 0; round < ROUNDS * (damageFactor(ROUNDS) ?? 1); round++) {
      figures.next();
      const capture = new FrameCapture();
      const files = KINDS.flatMap((kind, at) => {
        if (below(3) === 0) return [];
        const bytes = damaged(whole[below(4) === 0 ? below(3) : at] ?? new Uint8Array(0), below);
        for (let start = 0; start < bytes.length; start += 3000)
          capture.add(kind, bytes.subarray(start, start + 3000));
        return [{ name: kind, kind, pieces: () => [bytes] }];
      });
      for (const finding of binaryFindings(files))
        assert.ok(!/NaN|Infinity|undefined|\[object/.test(words(finding)), words(finding));
      askAll(new CaptureMachine(capture), capture.frames);
    }
    figures.done();
  }).timeout(7_200_000);
});

const HUGE = ['99999999999999999999', '0', '4294967296', '-1', 'a'];

function damaged(whole: Uint8Array, below: (count: number) => number): Uint8Array {
  const bytes = below(3) === 0 ? whole.slice(0, below(whole.length)) : whole.slice();
  for (let change = below(40); change > 0 && bytes.length > 0; change--) {
    const at = below(bytes.length);
    if (below(2) === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else bytes.fill(below(256), at, at + below(64));
  }
  return bytes;
}

/** All that the window asks. */
function askAll(machine: CaptureMachine, frames: number): void {
  for (const framesPerCell of [1, 512]) {
    const asked = { firstPfn: 0, framesPerCell, cells: 64 };
    const { machine: kind } = machine.answer('mmscope/map', asked) as {
      machine: { flags: string[]; colourings: string[] };
    };
    for (const by of [...kind.colourings.filter((id) => id !== 'use'), ...kind.flags.slice(0, 3)])
      machine.answer('mmscope/frameValues', { ...asked, by });
  }
  machine.answer('mmscope/frameLabels', { firstPfn: 0, nrFrames: 64 });
  if (frames > 0) machine.answer('mmscope/frame', { pfn: frames - 1 });
}
