import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { pageFlagNames } from '../../src/engine/types/flagText.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { splitLevel, vsprintf, type PrintServices } from '../../src/scenario/printk/print.js';
import type { Value } from '../../src/scenario/semantics/arithmetic.js';
import { encodeUtf8 } from '../../src/scenario/syntax/utf8.js';

const START = 0x10000;

/** A little memory from START on: strings, numbers. */
function services(profile: ProfileName, memory: readonly number[] = []): PrintServices {
  const bytes = Uint8Array.from(memory);
  return {
    profile: loadProfile(profile),
    readBytes: (address, sizeBytes) => {
      const from = Number(address) - START;
      return from < 0 ? new Uint8Array(0) : bytes.subarray(from, from + sizeBytes);
    },
  };
}

const littleEndian = (value: bigint, sizeBytes: number): number[] =>
  Array.from({ length: sizeBytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

const check =
  (profile: ProfileName, memory: readonly number[] = []) =>
  (format: string, args: readonly Value[], expected: string) =>
    assert.equal(vsprintf(services(profile, memory), format, args), expected, format);

describe('printk: integers and text, as lib/vsprintf.c', () => {
  const print = check('x86_64-slub', encodeUtf8('hello\0world'));

  it('conversions', () => {
    print('%d %i %u %x %X %o %c%%', [-5, 6, -1, 255, 255, 8, 65], '-5 6 4294967295 ff FF 10 A%');
    print('plain', [], 'plain');
    print('%s', [START], 'hello');
  });

  it('widths, precisions and flags', () => {
    print(
      '[%5d] [%-5d] [%05d] [%+d] [% d]',
      [42, 42, 42, 42, 42],
      '[   42] [42   ] [00042] [+42] [ 42]',
    );
    print(
      '[%.4d] [%8.4d] [%-8.4d] [%+.3d]',
      [42, 42, 42, 42],
      '[0042] [    0042] [0042    ] [+042]',
    );
    print(
      '[%#x] [%#X] [%#o] [%#08x] [%#10x]',
      [255, 255, 8, 255, 255],
      '[0xff] [0XFF] [010] [0x0000ff] [      0xff]',
    );
    print('[%05d] [%-05d] [%x]', [-42, -42, 0], '[-0042] [-42  ] [0]');
    print('[%*d] [%-*d] [%.*d]', [5, 1, 5, 1, 3, 1], '[    1] [1    ] [001]');
    print('[%*d]', [-4, 7], '[7   ]');
    print(
      '[%8s] [%-8s] [%.3s] [%8.2s]',
      [START, START, START, START],
      '[   hello] [hello   ] [hel] [      he]',
    );
    print('[%3c] [%-3c]', [65, 66], '[  A] [B  ]');
  });

  it('qualifiers cut values to their size', () => {
    print('%hhd %hhx %hd %hx', [0x1ff, 0x1ff, 0x18000, 0x18000], '-1 ff -32768 8000');
    print('%d %u', [2 ** 32 + 5, 2 ** 32 + 5], '5 5');
    print('%ld %lu %lx', [-1, -1, -1], '-1 18446744073709551615 ffffffffffffffff');
    print('%lld %llu', [-(2n ** 63n), -(2n ** 63n)], '-9223372036854775808 9223372036854775808');
    print('%zu %zd %td', [-1, -1, -2], '18446744073709551615 -1 -2');
    check('i386-highmem4g-slub')(
      '%lu %zu %lld %llx',
      [-1, 2 ** 32 - 1, -1, -1],
      '4294967295 4294967295 -1 ffffffffffffffff',
    );
  });

  it('an unknown conversion ends the line', () => print('a %d %y b', [1], 'a 1 '));

  it('bad strings', () => {
    print('%s|%s|%s', [0, 16, -14], '(null)|(efault)|(efault)');
    print('%s', [START + 6], '(efault)');
    print('%.5s', [START + 6], 'world');
  });
});

describe('printk: pointers', () => {
  const flags = 1n | (1n << 16n) | (1n << 62n);
  const memory = [
    ...littleEndian(flags, 8),
    ...littleEndian(0xcc0n | 0x40000n, 8),
    ...littleEndian(3n, 8),
  ];
  const print = check('x86_64-slub', memory);
  const profile = loadProfile('x86_64-slub');
  const node = profile.symbol('contig_page_data')?.address ?? 0;

  it('addresses', () => {
    print(
      '%p %px %pK',
      [-0x160000000000, -1, 0],
      'ffffea0000000000 ffffffffffffffff 0000000000000000',
    );
    print('[%20p] [%-20px]', [0x1000, 0x1000], '[                1000] [1000                ]');
    check('i386-pae-slab')('%p %px', [0xc1000000, 0x10], 'c1000000 00000010');
    print('%px', [-0x2152ffffffffff00n], 'dead000000000100');
  });

  it('what they point to: physical addresses, flags, bytes, bitmaps', () => {
    print(
      '%pa %pap %pad',
      [START, START + 16, START + 16],
      '0x4000000000010001 0x0000000000000003 0x0000000000000003',
    );
    print(
      '%pGp %pGg',
      [START, START + 8],
      '0x4000000000010001(locked|head|zone=1) GFP_KERNEL|__GFP_COMP',
    );
    print('%pGv %pGx', [START + 16, START], 'read|write (%pG?)');
    print('%*ph|%3phC|%3phN|%ph', [3, START, START, START, START], '01 00 01|01:00:01|010001|01');
    print('%*pbl %*pb %40pb', [20, START, 20, START, START], '0,16 10001 00,00010001');
    print('%pa %pGp', [0, 8], '(null) (efault)');
    const pae = check('i386-pae-slab', littleEndian(0x1_2345_6000n, 8));
    pae('%pa', [START], '0x0000000123456000');
    check('i386-highmem4g-slub', littleEndian(0x2345_6000n, 8))('%pa', [START], '0x23456000');
  });

  it("flags of another kernel: the kernel's own text, and a note", () => {
    const notes: string[] = [];
    const print = (memory: number[], format: string): string =>
      vsprintf(
        {
          ...services('x86_64-slub', memory),
          note: (conversion, value, text) =>
            notes.push(`${conversion} 0x${value.toString(16)}: ${text.split(' ')[0] ?? ''}`),
        },
        format,
        [START],
      );
    assert.equal(
      print(littleEndian(0x17ffffc0010000n, 8), '%pGp'),
      '0x17ffffc0010000(head|zone=0)',
    );
    print(littleEndian(0x2084020n, 4), '%pGg');
    assert.deepEqual(notes, [
      '%pGp 0x17ffffc0010000: 0x17ffffc0000000',
      '%pGg 0x2084020: 0x2000000',
    ]);
    print(littleEndian(0x4000000000010001n, 8), '%pGp');
    print(littleEndian(0xcc0n, 4), '%pGg');
    assert.equal(notes.length, 2);
    const profile = loadProfile('x86_64-slub');
    assert.equal(pageFlagNames(profile, 0x17ffffc0010000n), 'zone 0 | PG_head | 0x17ffffc0000000');
  });

  it('symbols, errors, and what is not there', () => {
    print(
      '%pS %ps',
      [node + 0x10, node + 0x10],
      `contig_page_data+0x10/0x${(profile.symbol('contig_page_data')?.sizeBytes ?? 0).toString(16)} contig_page_data`,
    );
    print('%pS', [0x10], '0x10');
    print('%pe %pe %pe', [-12, -4095, 0x1000], '-ENOMEM -4095 0000000000001000');
    print('%pI4', [START], '(%pI4?)');
  });

  it('levels', () => {
    assert.deepEqual(splitLevel('\x013bad\n'), {
      level: 3,
      text: 'bad',
      continues: false,
      open: false,
    });
    assert.deepEqual(splitLevel('plain\n\n'), {
      level: 4,
      text: 'plain\n',
      continues: false,
      open: false,
    });
    assert.deepEqual(splitLevel('\x01cmore'), {
      level: 4,
      text: 'more',
      continues: true,
      open: true,
    });
  });
});
