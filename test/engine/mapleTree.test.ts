/**
 * Maple trees against Linux's own lib/maple_tree.c: random changes that `npm run oracle -- maple` recorded on 32 and 64 bit, with a
 * hash of every word of every node, free ones and all, after each (oracle/maple/harness.c says what a line means).
 *
 * MMSCOPE_MAPLE: a folder of other runs, to be done besides.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import * as kernel from '../../src/engine/entry/functions.js';
import {
  linkSlabAllocator,
  slabAllocator,
  type SlabAllocator,
} from '../../src/engine/kernel/include/linux/slab.h.js';
import {
  MA_STATE,
  type MapleEntry,
  mas_set_range,
  type MaState,
  mt_clear_in_rcu,
  mt_init_flags,
  mt_in_rcu,
  mt_set_in_rcu,
  ULONG_MAX,
} from '../../src/engine/kernel/include/linux/maple_tree.h.js';
import { functionNamed } from '../../src/engine/kernel/kernel/rcu/tiny.js';
import { __mt_destroy } from '../../src/engine/kernel/lib/maple_tree/destroy.js';
import {
  mas_empty_area,
  mas_empty_area_rev,
} from '../../src/engine/kernel/lib/maple_tree/empty_area.js';
import { mas_find, mas_next, mas_prev } from '../../src/engine/kernel/lib/maple_tree/find.js';
import {
  mas_destroy,
  mas_erase,
  mas_expected_entries,
  mas_preallocate,
  mas_store,
  mas_store_gfp,
  mas_store_prealloc,
} from '../../src/engine/kernel/lib/maple_tree/maple_tree.js';
import { mas_is_err, mas_walk } from '../../src/engine/kernel/lib/maple_tree/walk.js';
import { type MapleTree, NULL } from '../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { openMachine } from './machines.js';

const NODE_BYTES = 256;
const NODE_WORDS = NODE_BYTES / 4;
/** 2048 nodes; the tree, and 4096 entries of 8 bytes. */
const ARENA_ORDER = 7;
const ARENA_BYTES = 4096 << ARENA_ORDER;
const ENTRIES_ORDER = 3;
const ENTRIES_BYTES = 4096 << ENTRIES_ORDER;

const DATA = path.join(process.cwd(), 'test/data/maple');

/** As the harness has it: nodes of one array, of which the one that was freed last is taken first. */
class Arena {
  readonly free: VirtAddr[] = [];
  nrUsed = 0;
  /** How many requests that must not wait have memory from now on. */
  nrNowait = Infinity;

  constructor(readonly start: VirtAddr) {}

  private hasMemory(k: Kernel, flags: number): boolean {
    if ((flags & k.__GFP_DIRECT_RECLAIM) !== 0) return true;
    if (this.nrNowait === 0) return false;
    this.nrNowait--;
    return true;
  }

  private take(): VirtAddr {
    const freed = this.free.pop();
    if (freed !== undefined) return freed;
    assert.ok(this.nrUsed * NODE_BYTES < ARENA_BYTES, 'no nodes left');
    return asVirt(this.start + this.nrUsed++ * NODE_BYTES);
  }

  allocator(of: SlabAllocator): SlabAllocator {
    return {
      ...of,
      kmem_cache_alloc: (k, _, flags) => (this.hasMemory(k, flags) ? this.take() : asVirt(0)),
      kmem_cache_free: (_k, _s, x) => void this.free.push(x),
      kmem_cache_alloc_bulk: (k, _, flags, size, p) => {
        if (!this.hasMemory(k, flags)) return 0;
        for (let i = 0; i < size; i++) p[i] = this.take();
        return size;
      },
      kmem_cache_free_bulk: (_k, _s, size, p) => void this.free.push(...p.slice(0, size)),
    };
  }
}

/** The words of one, low and high; of an address, its place as the harness has it. */
type Long = readonly [number, number];

class Run {
  private readonly k: Kernel;
  private readonly arena: Arena;
  private readonly tree: MapleTree;
  private readonly treeAt: VirtAddr;
  private readonly entries: VirtAddr;
  private readonly functions: readonly VirtAddr[];
  private readonly known = new Map<number, { words: Int32Array; hash: number }>();

  constructor(bits: string) {
    const k = openMachine(bits === '64' ? 'x86_64-slub' : 'i386-highmem4g-slub').mm;
    const take = (order: number): VirtAddr =>
      kernel.page_address(k, kernel.alloc_pages(k, k.GFP_KERNEL | k.__GFP_ZERO, order));
    this.k = k;
    this.arena = new Arena(take(ARENA_ORDER));
    this.entries = take(ENTRIES_ORDER);
    this.treeAt = take(0);
    this.tree = k.cell_at(this.treeAt);
    this.functions = [functionNamed(k, 'mt_free_rcu'), functionNamed(k, 'mt_free_walk')];
    mt_init_flags(k, this.tree, 0);
  }

  /** Does all that it is asked for, with the arena's nodes. */
  perform(lines: readonly string[]): void {
    const { k } = this;
    const of = slabAllocator(k);
    linkSlabAllocator('CONFIG_SLUB', this.arena.allocator(of));
    try {
      for (const [i, line] of lines.entries()) {
        const [op = '', expected] = line.split(' |');
        const result = `${this.results(op)} = ${this.hash()}`;
        assert.equal(result, expected, `line ${i + 1}: ${op}\n${this.words()}`);
      }
    } finally {
      linkSlabAllocator('CONFIG_SLUB', of);
    }
  }

  private results(op: string): string {
    const { k, tree } = this;
    const [name, ...args] = op.split(' ');
    const v = args.map((each) => Number(`0x${each}`));
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = v;
    const mas = MA_STATE(k, tree, first, second);
    switch (name) {
      case 't':
        __mt_destroy(k, tree);
        kernel.rcu_process_callbacks(k);
        mt_init_flags(k, tree, first);
        return '';
      case 's':
      case 'x': {
        this.arena.nrNowait = name === 'x' ? fourth : Infinity;
        const ret = mas_store_gfp(k, mas, this.entry(third), k.GFP_KERNEL);
        this.arena.nrNowait = Infinity;
        return ` ${ret} ${hex(mas.index)} ${hex(mas.last)}`;
      }
      case 'p': {
        const ret = mas_preallocate(k, mas, k.GFP_KERNEL);
        mas_store_prealloc(k, mas, this.entry(third));
        return ` ${ret}`;
      }
      case 'e':
        return this.shown(mas, mas_erase(k, mas));
      case 'r':
      case 'a':
        return this.areaResults(name, first, second, third, this.entry(fourth));
      case 'b':
        return this.bulkResults(first, second, third, fourth, fifth);
      case 'f':
        return this.findResults(first, second);
      case 'w':
        mas.last = first;
        return this.shown(mas, mas_walk(k, mas));
      default:
        kernel.rcu_process_callbacks(k);
        return '';
    }
  }

  private areaResults(
    name: string,
    min: number,
    max: number,
    size: number,
    entry: MapleEntry,
  ): string {
    const { k } = this;
    const mas = MA_STATE(k, this.tree, 0, 0);
    const find = name === 'r' ? mas_empty_area_rev : mas_empty_area;
    const ret = find(k, mas, min, max, size);
    if (ret !== 0) return ` ${ret}`;
    const text = ` 0 ${hex(mas.index)} ${hex(mas.last)}`;
    mas_set_range(mas, mas.index, mas.last);
    mas_store_gfp(k, mas, entry, k.GFP_KERNEL);
    return text;
  }

  private bulkResults(n: number, m: number, start: number, length: number, gap: number): string {
    const { k, tree } = this;
    const inRcu = mt_in_rcu(k, tree);
    const mas = MA_STATE(k, tree, 0, 0);
    mt_clear_in_rcu(k, tree);
    const ret = mas_expected_entries(k, mas, n);
    for (let i = 0; i < m; i++) {
      mas.index = start + i * (length + gap);
      mas.last = mas.index + length - 1;
      mas_store(k, mas, this.entry(i + 1));
      assert.ok(!mas_is_err(mas));
    }
    mas_destroy(k, mas);
    if (inRcu) mt_set_in_rcu(k, tree);
    return ` ${ret}`;
  }

  private findResults(index: number, most: number): string {
    const { k } = this;
    const mas = MA_STATE(k, this.tree, index, index);
    let text = '';
    for (let i = 0; i < 5; i++) text += this.shown(mas, mas_find(k, mas, most));
    for (let i = 0; i < 3; i++) text += this.shown(mas, mas_prev(k, mas, 0));
    return text + this.shown(mas, mas_next(k, mas, ULONG_MAX(k)));
  }

  private entry(i: number): MapleEntry {
    return i === 0 ? NULL : this.k.cell_at(asVirt(this.entries + i * 8));
  }

  private shown(mas: MaState, entry: MapleEntry): string {
    const nr = entry === NULL ? 0 : (this.k.va_of(entry) - this.entries) / 8;
    return ` ${hex(mas.index)} ${hex(mas.last)} ${hex(nr)}`;
  }

  // --- what memory holds -------------------------------------------------------------------------------------------------

  /** A word or two of memory, and where an address lies in what the harness knows. */
  private long(at: number): Long {
    const { k } = this;
    const low = k.words[at] ?? 0;
    const high = k.wide ? (k.words[at + 1] ?? 0) : 0;
    const va = low === 0 && high === 0 ? 0 : k.read_va(at);
    const place = this.place(asVirt(va));
    return place === undefined ? [low, high] : [place, 0];
  }

  private place(va: VirtAddr): number | undefined {
    const { k, arena, entries, treeAt } = this;
    if (va >= arena.start && va < arena.start + ARENA_BYTES) return va - arena.start + 0x4000_0000;
    if (va >= entries && va < entries + ENTRIES_BYTES) return va - entries + 0x2000_0000;
    if (va >= treeAt && va < treeAt + k.sizeof.maple_tree) return va - treeAt + 0x3000_0000;
    const func = va === 0 ? -1 : this.functions.indexOf(va);
    return func < 0 ? undefined : 0x1000_0001 + func;
  }

  private nodeAt(i: number): number {
    return this.k.cell_at(asVirt(this.arena.start + i * NODE_BYTES));
  }

  private longsOf(node: number): Long[] {
    const { k } = this;
    const longs: Long[] = [];
    for (let at = 0; at < NODE_WORDS; at += k.ptr_words) longs.push(this.long(node + at));
    // node_count and request_count overwrite a byte and the upper half of an address.
    if (k.wide) longs[1] = this.half(longs[1] ?? [0, 0]);
    return longs;
  }

  private half([low, high]: Long): Long {
    const rest = (low >>> 0) - (((this.arena.start % 2 ** 32) + 2 ** 32) % 2 ** 32);
    return high === 0 && rest >= 0 && rest < ARENA_BYTES ? [rest + 0x4000_0000, 0] : [low, high];
  }

  private get root(): Long {
    return this.long(this.tree + this.k.maple_tree.ma_root);
  }

  /** Addresses in the order in which they are free, or wait. */
  private places(all: readonly VirtAddr[]): Long[] {
    return all.map((va) => [this.place(va) ?? 0, 0]);
  }

  private get queue(): VirtAddr[] {
    const { k } = this;
    const queue: VirtAddr[] = [];
    const first = k.read_ptr(k.globals.rcu_ctrlblk + k.rcu_ctrlblk.rcucblist);
    for (let head = first; head !== NULL; head = k.read_ptr(head)) queue.push(k.va_of(head));
    return queue;
  }

  private hash(): string {
    const { k, arena } = this;
    let hash = this.hashOf(FNV_BASIS, [this.root]);
    hash = mix(hash, k.read_int(this.tree + k.maple_tree.ma_flags));
    for (let i = 0; i < arena.nrUsed; i++) hash = mix(hash, this.nodeHash(i));
    hash = this.hashOf(hash, [...this.places(arena.free), ...this.places(this.queue)]);
    return (hash >>> 0).toString(16).padStart(8, '0');
  }

  private hashOf(start: number, longs: readonly Long[]): number {
    let hash = start;
    for (const [low, high] of longs) {
      hash = mix(hash, low);
      if (this.k.wide) hash = mix(hash, high);
    }
    return hash;
  }

  /** Of a node that is as it was, the same as before. */
  private nodeHash(i: number): number {
    const node = this.nodeAt(i);
    const { words } = this.k;
    const known = this.known.get(i);
    if (known !== undefined && isSame(known.words, words, node)) return known.hash;
    const hash = this.hashOf(FNV_BASIS, this.longsOf(node));
    this.known.set(i, { words: words.slice(node, node + NODE_WORDS), hash });
    return hash;
  }

  private words(): string {
    const text = (word: number): string => (word >>> 0).toString(16);
    const long = ([low, high]: Long): string =>
      high === 0 ? text(low) : text(high) + text(low).padStart(8, '0');
    const line = (name: string, longs: readonly Long[]): string =>
      ` ${name} ${longs.map(long).join(' ')}\n`;
    let all = line('root', [this.root]);
    for (let i = 0; i < this.arena.nrUsed; i++)
      all += line(`${hex(i)}:`, this.longsOf(this.nodeAt(i)));
    return (
      all + line('free', this.places(this.arena.free)) + line('queue', this.places(this.queue))
    );
  }
}

function isSame(before: Int32Array, words: Int32Array, node: number): boolean {
  for (let i = 0; i < NODE_WORDS; i++) if (before[i] !== words[node + i]) return false;
  return true;
}

/** FNV-1a, by words. */
const FNV_BASIS = 0x811c9dc5;
const mix = (hash: number, word: number): number => Math.imul(hash ^ word, 0x01000193);

const hex = (value: number): string => (value === 2 ** 64 ? 'f'.repeat(16) : value.toString(16));

describe('maple trees: every word of every node is what Linux has there', () => {
  const folders = [DATA, process.env['MMSCOPE_MAPLE']].filter((each) => each !== undefined);
  for (const folder of folders)
    for (const bits of ['32', '64']) {
      const file = path.join(folder, `maple-${bits}.txt.gz`);
      it(`${bits} bit: ${path.relative(process.cwd(), file)}`, () => {
        const lines = zlib.gunzipSync(fs.readFileSync(file)).toString().trimEnd().split('\n');
        assert.ok(lines.length > 1000);
        new Run(bits).perform(lines);
      });
    }
});
