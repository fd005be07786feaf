/**
 * Random programs (generator.ts, kinds/) against gcc, -m32 and -m64: `npm run test:gcc -- COUNT FIRST KIND`. Where there is no gcc, or none
 * that makes 32-bit programs, nothing is compared.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { generate } from './generator.js';
import { generateKind, KIND_NAMES, type KindName } from './kinds/all.js';
import { runProgram } from './program.js';

/** Every byte of an object. */
const BYTES =
  'static void bytes(const char *name, void *at, unsigned size) { unsigned char *p = at; ' +
  'printf("%s", name); for (unsigned i = 0; i < size; i++) printf(" %02x", p[i]); printf("\\n"); }\n';
const FOR_GCC = `#include <stdio.h>\n#include <stdarg.h>\n#include <string.h>\n${BYTES}`;
const FOR_SCENARIO = `#define printf pr_cont\n${BYTES}`;
/** Kernels are built so. */
const FLAGS = ['-O0', '-w', '-fwrapv', '-fno-strict-aliasing', '-std=gnu11'];
const BATCH = 25;

const first = Number(process.env.GCC_FIRST ?? 1);
/** So many of each kind; without a number, few. */
const countOf = (source: Source): number =>
  Number(process.env.GCC_COUNT ?? (source === 'mixed' ? 25 : 4));
const wanted = process.env.GCC_KIND;

type Source = 'mixed' | KindName;
const SOURCES: readonly Source[] = (['mixed', ...KIND_NAMES] as const).filter(
  (name) => wanted === undefined || wanted === '' || wanted === name,
);
const textOf = (source: Source, seed: number): string =>
  source === 'mixed' ? generate(seed) : generateKind(source, seed);

const TARGETS: readonly (readonly [flag: string, profile: ProfileName])[] = [
  ['-m64', 'x86_64-slub'],
  ['-m32', 'i386-highmem4g-slub'],
];

/** What the programs print when gcc has compiled them, by seed; undefined if it cannot. */
function byGcc(
  folder: string,
  flag: string,
  source: Source,
  seeds: readonly number[],
): Map<number, string> | undefined {
  const file = path.join(folder, 'batch.c');
  const program = path.join(folder, 'batch');
  const calls = seeds.map((seed) => `printf("@${seed}\\n"); test_${seed}();`).join('\n');
  const text = `${FOR_GCC}${seeds.map((seed) => textOf(source, seed)).join('\n')}\nint main(void)\n{\n${calls}\nreturn 0;\n}\n`;
  writeFileSync(file, text);
  const compiled = spawnSync('gcc', [flag, ...FLAGS, '-o', program, file], { encoding: 'utf8' });
  if (compiled.error !== undefined) return undefined;
  assert.equal(compiled.status, 0, compiled.stderr.slice(0, 2000));
  const ran = spawnSync(program, { encoding: 'latin1', maxBuffer: 1 << 28 });
  assert.equal(ran.status, 0);
  const outputs = ran.stdout.split(/^@(\d+)\n/m).slice(1);
  const result = new Map<number, string>();
  for (let i = 0; i < outputs.length; i += 2) result.set(Number(outputs[i]), outputs[i + 1] ?? '');
  return result;
}

/** Says which line is the first that differs. */
function assertSame(ours: string, gccs: string, title: string): void {
  if (ours === gccs) return;
  const [left, right] = [ours.split('\n'), gccs.split('\n')];
  const at = left.findIndex((line, i) => line !== right[i]);
  const before = left.slice(Math.max(0, at - 2), at).join('\n');
  assert.fail(
    `${title}, line ${at + 1}, behind\n${before}\nours  ${left[at] ?? ''}\ngcc's ${right[at] ?? ''}`,
  );
}

describe('random programs against gcc', () => {
  for (const source of SOURCES)
    for (const [flag, profile] of TARGETS)
      for (let start = first; start < first + countOf(source); start += BATCH)
        it(`${source} ${flag} ${start}`, function () {
          const seeds = Array.from(
            { length: Math.min(BATCH, first + countOf(source) - start) },
            (_, i) => start + i,
          );
          const folder = mkdtempSync(path.join(tmpdir(), 'mmscope-gcc-'));
          try {
            const expected = byGcc(folder, flag, source, seeds);
            if (expected === undefined) this.skip();
            for (const seed of seeds) {
              const text = `${FOR_SCENARIO}${textOf(source, seed)}test_${seed}();\n`;
              const run = runProgram(text, profile);
              assert.deepEqual(run.errors, [], `seed ${seed}`);
              assert.equal(run.failure, undefined, `seed ${seed}`);
              assertSame(run.output, expected.get(seed) ?? '', `seed ${seed}`);
            }
          } finally {
            rmSync(folder, { recursive: true, force: true });
          }
        });
});
