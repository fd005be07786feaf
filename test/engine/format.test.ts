import assert from 'node:assert/strict';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import {
  encodePlace,
  encodeScalar,
  memberPlace,
  placeAt,
  type ScalarValue,
} from '../../src/engine/types/access.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { parseCType } from '../../src/engine/types/declaration.js';
import { gfpText, pageFlagBits, pageFlagsText } from '../../src/engine/types/flagText.js';
import { formatPlace, formatPointer, formatScalar } from '../../src/engine/types/format.js';
import type { CType } from '../../src/engine/types/model.js';
import { FlatMemory } from './flatMemory.js';
import { recordedTexts } from './recorded.js';

const profile = loadProfile('x86_64-slub');
const i386 = loadProfile('i386-pae-slab');
const BASE = asVirt(-0x160000000000);

function type(text: string): CType {
  const found = parseCType(text, profile.types);
  assert.ok(found, text);
  return found;
}

/** Memory in which the members of an object at BASE have been set. */
function memoryWith(text: string, members: Readonly<Record<string, ScalarValue>>): FlatMemory {
  const memory = new FlatMemory(8, BASE, 8192);
  const object = placeAt(BASE, type(text));
  for (const [path, value] of Object.entries(members)) {
    const place = memberPlace(object, path);
    assert.ok(place, path);
    memory.write(place.address, encodePlace(memory, place, value));
  }
  return memory;
}

const PRINTED_GFP = /(?:gfp_mask=|mode:)0x([0-9a-f]+)\(([^)]*)\)/g;

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('values as text', () => {
  const contig = profile.symbol('contig_page_data')?.address ?? asVirt(0);
  for (const [text, value, expected] of [
    ['int', -5, '-5'],
    ['unsigned long', 0xffffffffffffffffn, '18446744073709551615'],
    ['gfp_t', 0xcc0, '0xcc0'],
    ['char', 97, "97 'a'"],
    ['char', -1, "-1 '\\377'"],
    ['char', 39, "39 '\\''"],
    ['_Bool', 1, 'true'],
    ['bool', 0, 'false'],
    ['_Bool', 2, '2'],
    ['enum migratetype', 1, 'MIGRATE_MOVABLE'],
    ['enum migratetype', 77, '77'],
    ['struct page *', 0, '0x0'],
    ['struct page *', BASE, '0xffffea0000000000'],
    ['struct list_head *', 0xdead000000000100n, '0xdead000000000100 <LIST_POISON1>'],
  ] as const) {
    it(`${value} as ${text} is ${expected}`, () =>
      assert.equal(formatScalar(profile, type(text), value), expected));
  }

  it('a pointer to a symbol names it', () => {
    const hex = BigInt.asUintN(64, BigInt(contig)).toString(16);
    assert.equal(formatPointer(profile, contig), `0x${hex} <contig_page_data>`);
    assert.match(formatPointer(profile, contig + 0x40), /^0x\w+ <contig_page_data\+0x40>$/);
    const narrow = i386.symbol('contig_page_data');
    assert.ok(narrow);
    assert.equal(
      formatPointer(i386, narrow.address),
      `0x${narrow.address.toString(16)} <contig_page_data>`,
    );
  });

  it('a struct', () => {
    const memory = memoryWith('struct list_head', { next: BASE, prev: contig });
    assert.equal(
      formatPlace(profile, memory, placeAt(BASE, type('struct list_head'))),
      `{next = 0xffffea0000000000, prev = ${formatPointer(profile, contig)}}`,
    );
  });

  it('untagged members stand inside, bit-fields as numbers, masks in hexadecimal', () => {
    const memory = memoryWith('struct slab', { __page_flags: 0x200, inuse: 3, objects: 32 });
    const text = formatPlace(profile, memory, placeAt(BASE, type('struct slab')), {
      maxLength: 2000,
    });
    assert.match(text, /^\{__page_flags = 0x200, \{/);
    assert.match(text, /inuse = 3, objects = 32, frozen = 0/);
  });

  it('below the depth limit {...}', () => {
    const memory = memoryWith('struct free_area', {});
    const area = placeAt(BASE, type('struct free_area'));
    assert.equal(
      formatPlace(profile, memory, area, { maxDepth: 1 }),
      '{free_list = {...}, nr_free = 0}',
    );
    assert.equal(formatPlace(profile, memory, area, { maxDepth: 0 }), '{...}');
  });

  it('above the length limit ...', () => {
    const memory = memoryWith('struct zone', {});
    const text = formatPlace(profile, memory, placeAt(BASE, type('struct zone')), {
      maxLength: 60,
    });
    assert.equal(text.length, 60);
    assert.match(text, /^\{_watermark = \{0, 0.*\.\.\.$/);
  });

  it('equal elements are counted, and only from ten on', () => {
    const memory = new FlatMemory(8, BASE, 4096);
    const show = (text: string) => formatPlace(profile, memory, placeAt(BASE, type(text)));
    assert.equal(show('int [9]'), '{0, 0, 0, 0, 0, 0, 0, 0, 0}');
    assert.equal(show('int [12]'), '{0 <repeats 12 times>}');
    memory.write(asVirt(BASE + 4 * 11), encodeScalar(7, type('int'), 8));
    assert.equal(show('int [12]'), '{0 <repeats 11 times>, 7}');
    assert.equal(show('int [0]'), '{}');
  });

  it('char arrays and pointers to char are strings', () => {
    const memory = new FlatMemory(8, BASE, 4096);
    memory.write(asVirt(BASE + 8), ascii('Normal\0rest'));
    const show = (va: VirtAddr, text: string) =>
      formatPlace(profile, memory, placeAt(va, type(text)));
    assert.equal(show(asVirt(BASE + 8), 'char [16]'), '"Normal"');
    assert.equal(show(asVirt(BASE + 8), 'char [3]'), '"Nor"');
    memory.write(BASE, encodeScalar(BASE + 8, type('char *'), 8));
    assert.equal(show(BASE, 'char *'), '0xffffea0000000008 "Normal"');
    memory.write(asVirt(BASE + 8), ascii('"\n\t\x01\\'));
    assert.equal(show(asVirt(BASE + 8), 'char [5]'), '"\\"\\n\\t\\001\\\\"');
    memory.write(asVirt(BASE + 512), new Uint8Array(1024).fill(120));
    assert.equal(show(asVirt(BASE + 512), 'char [1024]'), `"${'x'.repeat(200)}"...`);
  });

  it('what cannot be read says so', () => {
    const memory = new FlatMemory(8, BASE, 4);
    assert.equal(
      formatPlace(profile, memory, placeAt(BASE, type('unsigned long'))),
      '<error: Cannot access memory at address 0xffffea0000000000>',
    );
    assert.equal(
      formatPlace(profile, memory, placeAt(BASE, type('struct unheard_of *'))),
      '<error: Cannot access memory at address 0xffffea0000000000>',
    );
    const queue = type('struct rq');
    assert.equal(formatPlace(profile, memory, placeAt(BASE, queue)), '<incomplete type>');
  });
});

describe('flags as text', () => {
  for (const [flags, expected] of [
    [0x4000000000010001n, '0x4000000000010001(locked|head|zone=1)'],
    [0x200, '0x200(slab|zone=0)'],
    [0x84, '0x84(waiters|uptodate|zone=0)'],
    [0, '0x0(zone=0)'],
  ] as const) {
    it(`page flags ${expected}`, () => assert.equal(pageFlagsText(profile, flags), expected));
  }

  for (const [gfp, expected] of [
    [0xcc0, 'GFP_KERNEL'],
    [0x140dca, 'GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO'],
    [0x400cc0, 'GFP_KERNEL_ACCOUNT'],
    [0x2010, '__GFP_NOWARN|__GFP_RECLAIMABLE'],
    [0xc00 | 0x80000000, 'GFP_NOIO|0x80000000'],
    [0, ''],
  ] as const) {
    it(`gfp 0x${gfp.toString(16)} is '${expected}'`, () =>
      assert.equal(gfpText(profile, gfp), expected));
  }

  for (const name of PROFILE_NAMES) {
    const build = loadProfile(name);

    it(`${name}: every page flag has its name, once`, () => {
      const bits = pageFlagBits(build).map(({ bit }) => bit);
      assert.equal(new Set(bits).size, bits.length);
      assert.deepEqual(
        bits.toSorted((a, b) => a - b),
        [...Array(build.constant('__NR_PAGEFLAGS')).keys()],
      );
    });

    it(`${name}: page flags as the kernel printed them`, () => {
      let pages = 0;
      for (const { file, text } of recordedTexts(name, /^(tour|comp-n60|bad).*\.trace\.gz$/)) {
        for (const [line, word = '', printed] of text.matchAll(
          /^.*\bw=([0-9a-f]+),.* flags=(\S+).*$/gm,
        )) {
          assert.equal(pageFlagsText(build, BigInt(`0x${word}`)), printed, `${file}: ${line}`);
          pages++;
        }
      }
      assert.ok(pages > 10, `${pages} pages`);
    });
  }

  it('GFP masks as the kernels printed them', () => {
    let masks = 0;
    for (const name of PROFILE_NAMES) {
      for (const { file, text } of recordedTexts(name, /dmesg|serial/)) {
        for (const [, hex = '', printed] of text.matchAll(PRINTED_GFP)) {
          assert.equal(gfpText(loadProfile(name), parseInt(hex, 16)), printed, file);
          masks++;
        }
      }
    }
    assert.ok(masks > 10, `${masks} masks`);
  });
});
