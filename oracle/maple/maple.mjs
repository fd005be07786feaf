/**
 * `npm run oracle -- maple --to DIR [--seeds A..B] [--ops N]`: random changes of maple trees, performed by Linux's own
 * lib/maple_tree.c (harness.c), on 32 and 64 bit. Writes DIR/maple-32.txt.gz and DIR/maple-64.txt.gz: a line of what is done, and
 * behind it what came of it. `LINUX` is the folder of the kernel's source.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';

const LINUX = process.env.LINUX ?? '/root/linux/linux-source-6.1';
/** Every header that the file or maple_tree.h names: all are the shim. */
const HEADERS =
  `linux/kernel.h linux/rcupdate.h linux/spinlock.h linux/xarray.h linux/types.h linux/export.h linux/slab.h
  linux/limits.h asm/barrier.h trace/events/maple_tree.h`.split(/\s+/);

/** ma_flags: mostly those of an address space; without RCU; without gaps, too. Not 302: there this file frees some nodes twice. */
const KINDS = ['303', '301', '300'];

export function maple(args) {
  const { values } = parseArgs({
    args,
    options: {
      to: { type: 'string' },
      seeds: { type: 'string', default: '1..5' },
      ops: { type: 'string', default: '500' },
    },
  });
  if (values.to === undefined) throw new Error('--to DIR is missing');
  const [first = 1, last = first] = values.seeds.split('..').map(Number);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'maple-'));
  for (const bits of [32, 64]) {
    const program = build(dir, bits);
    const lines = [];
    for (let seed = first; seed <= last; seed++)
      lines.push(...operations(bits, seed, Number(values.ops)));
    const operationsFile = path.join(dir, `ops-${bits}`);
    const input = `${lines.join('\n')}\n`;
    fs.writeFileSync(operationsFile, input);
    const output = execFileSync(program, { input, maxBuffer: 2 ** 30 }).toString();
    const results = output.trimEnd().split('\n');
    const text = lines.map((line, i) => `${line} |${results[i]}\n`).join('');
    const file = path.join(values.to, `maple-${bits}.txt.gz`);
    fs.writeFileSync(file, zlib.gzipSync(text, { level: 9 }));
    console.log(`${file}: ${lines.length} operations, ${program} < ${operationsFile}`);
  }
}

/** Linux's file within the harness. */
function build(dir, bits) {
  const include = path.join(dir, 'include');
  for (const header of HEADERS) {
    fs.mkdirSync(path.join(include, path.dirname(header)), { recursive: true });
    fs.writeFileSync(path.join(include, header), '#include "shim.h"\n');
  }
  const program = path.join(dir, `maple-${bits}`);
  const here = import.meta.dirname;
  execFileSync(
    process.env.CC ?? 'gcc',
    // prettier-ignore
    ['-std=gnu11', '-O1', '-w', `-m${bits}`, `-D__BITS_PER_LONG=${bits}`, '-I', include, '-I', here, '-I', path.join(LINUX, 'include'),
      '-I', LINUX, path.join(here, 'harness.c'), '-o', program],
    { stdio: 'inherit' },
  );
  return program;
}

// --- random changes ------------------------------------------------------------------------------------------------------

/** Numbers of a seed: mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/**
 * One run: trees of one size and of all kinds. On 64 bit every index is a page's first or last byte, as numbers there hold no more, and
 * beyond 4 GiB, so that none looks like half an address.
 */
function operations(bits, seed, nr) {
  const random = randomOf(seed * 64 + bits);
  const unit = bits === 64 ? 4096 : 1;
  const base = bits === 64 ? 2 ** 32 : 0;
  const nrUnits = [40, 150, 600, 3000, 20_000][random(5)];
  const greatest = bits === 64 ? 'ffffffffffffffff' : 'ffffffff';
  const hex = (value) => value.toString(16);
  const at = (units) => hex(units === 0 ? 0 : base + units * unit);
  const entry = () => hex(1 + random(4000));
  const kind = () => hex(parseInt(KINDS[random(3) === 0 ? random(3) : 0], 16));
  const range = (most) => {
    const start = random(8) === 0 ? 0 : random(nrUnits);
    const end = random(40) === 0 ? undefined : start + 1 + random(most);
    return [at(start), end === undefined ? greatest : hex(base + end * unit - 1)];
  };
  const size = () => [1, 2, 4, 16, Math.ceil(nrUnits / 3), nrUnits][random(6)];
  const store = (op) => {
    const most = size();
    return [op, ...range(most), random(3) === 0 ? '0' : entry()].join(' ');
  };
  const area = (op) => {
    const min = random(2) === 0 ? 0 : random(nrUnits);
    const max = min + 1 + random(nrUnits);
    const size = (1 + random(8)) * unit;
    return [op, at(min), hex(base + max * unit - 1), hex(size), entry()].join(' ');
  };
  let hasGaps = false;
  const fresh = () => {
    const of = kind();
    hasGaps = (parseInt(of, 16) & 1) === 1;
    return `t ${of}`;
  };
  const bulk = () => {
    const n = 1 + random([60, 900, Math.min(nrUnits, 4000)][random(3)]);
    const m = random(3) === 0 ? Math.max(1, n - random(n)) : n;
    const gap = random(3) * random(3);
    const args = [hex(n), hex(m), at(random(9)), hex((1 + random(3)) * unit), hex(gap * unit)];
    return [fresh(), `b ${args.join(' ')}`];
  };
  const lines = [fresh()];
  while (lines.length < nr) {
    const which = random(200);
    if (which < 70) lines.push(store('s'));
    else if (which < 108) lines.push(store('p'));
    else if (which < 112) lines.push(`${store('x')} ${random(3)}`);
    else if (which < 114) lines.push(`s 0 0 ${entry()}`);
    else if (which < 136) lines.push(`e ${at(random(nrUnits))}`);
    else if (which < 154 && hasGaps) lines.push(area('r'));
    else if (which < 164 && hasGaps) lines.push(area('a'));
    else if (which < 178)
      lines.push(`f ${at(random(nrUnits))} ${random(3) === 0 ? at(random(nrUnits)) : greatest}`);
    else if (which < 184) lines.push(`w ${at(random(nrUnits))}`);
    else if (which < 195) lines.push('g');
    else if (which < 197) lines.push(...bulk());
    else if (random(3) === 0) lines.push(fresh());
  }
  return lines;
}
