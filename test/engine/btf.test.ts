import assert from 'node:assert/strict';
import { BtfError, readBtf } from '../../src/engine/types/btf.js';
import { stripTypedefs } from '../../src/engine/types/layout.js';
import { findMember } from '../../src/engine/types/members.js';
import type { CType } from '../../src/engine/types/model.js';
import { typeName } from '../../src/engine/types/typeName.js';
import { BtfBuilder } from './btfBuilder.js';
import { walkTypes } from './walkTypes.js';

/** A small kernel: every kind of record once. */
function smallKernel(): Uint8Array {
  const btf = new BtfBuilder();
  const ulong = btf.int('long unsigned int', 8);
  const int = btf.int('int', 4, 1);
  const char = btf.int('char', 1, 1);
  btf.int('_Bool', 1, 4);
  const wide = btf.int('__int128', 16, 1);
  const double = btf.float('double', 8);
  const fileTag = btf.forward('struct', 'file');
  const filePointer = btf.pointer(fileTag);
  const listId = 10;
  const listPointer = btf.pointer(listId);
  assert.equal(
    btf.aggregate('struct', 'list_head', 16, [
      ['next', listPointer, 0],
      ['prev', listPointer, 64],
    ]),
    listId,
  );
  const zoneType = btf.enum('zone_type', 4, false, { ZONE_DMA: 0, ZONE_NORMAL: 2 });
  btf.enum('', 4, true, { ENOMEM: -12 });
  btf.enum64('wide', false, { SMALL: 5n, EXACT: 1n << 52n, TOO_WIDE: (1n << 63n) | 1n });
  const gfp = btf.typedef('gfp_t', btf.int('unsigned int', 4));
  const constGfp = btf.qualifier('const', btf.qualifier('volatile', gfp));
  const lists = btf.array(listId, ulong, 3);
  const bits = btf.aggregate(
    'struct',
    '',
    8,
    [
      ['inuse', int, 0, 16],
      ['objects', int, 16, 15],
      ['frozen', int, 31, 1],
      ['after', int, 32],
    ],
    true,
  );
  const words = btf.aggregate('union', '', 8, [
    ['counters', ulong, 0],
    ['', bits, 0],
  ]);
  const callback = btf.pointer(
    btf.functionProto(int, [
      ['page', btf.pointer(btf.qualifier('typeTag', ulong))],
      ['', 0],
    ]),
  );
  const zone = btf.aggregate('struct', 'zone', 128, [
    ['type', zoneType, 0],
    ['flags', constGfp, 32],
    ['lists', lists, 64],
    ['', words, 448],
    ['name', btf.qualifier('restrict', btf.pointer(btf.qualifier('const', char))), 512],
    ['file', filePointer, 576],
    ['callback', callback, 640],
    ['ratio', double, 704],
    ['wide', wide, 768],
  ]);
  btf.function('free_pages', btf.functionProto(0, []));
  const variable = btf.variable('boot_zone', zone);
  btf.section('.data..percpu', [[variable, 0x40, 128]]);
  btf.declarationTag('tag', zone);
  return btf.blob();
}

describe('BTF', () => {
  const types = readBtf(smallKernel());
  const zone = types.struct('zone');
  assert.ok(zone);

  it('takes the size of a pointer from unsigned long', () => {
    assert.equal(types.pointerSize, 8);
    const small = new BtfBuilder();
    small.int('long unsigned int', 4);
    assert.equal(readBtf(small.blob()).pointerSize, 4);
  });

  it('reads members with their types as C spells them, without qualifiers', () => {
    assert.deepEqual(
      zone.members.map(
        (member) => `${member.offsetBits / 8} ${typeName(member.type, member.name)}`,
      ),
      [
        '0 enum zone_type type',
        '4 gfp_t flags',
        '8 struct list_head lists[3]',
        '56 union {...}',
        '64 char *name',
        '72 struct file *file',
        '80 int (*callback)(unsigned long *page, ...)',
        '88 struct double ratio',
        '96 struct __int128 wide',
      ],
    );
  });

  for (const [path, offsetBits, widthBits] of [
    ['lists[2].prev', (8 + 2 * 16 + 8) * 8, 0],
    ['counters', 56 * 8, 0],
    ['inuse', 56 * 8, 16],
    ['objects', 56 * 8 + 16, 15],
    ['frozen', 56 * 8 + 31, 1],
    ['after', 60 * 8, 0],
  ] as const) {
    it(`finds ${path}`, () => {
      const place = findMember(zone, path);
      assert.deepEqual([place?.offsetBits, place?.widthBits], [offsetBits, widthBits]);
    });
  }

  for (const path of ['no', 'lists[1', 'lists.next', 'lists[0].next.next', 'type[0]', '']) {
    it(`finds no member '${path}'`, () => assert.equal(findMember(zone, path), undefined));
  }

  it('follows circles through pointers', () => {
    const list = types.struct('list_head');
    const next = list?.members[0]?.type;
    assert.ok(next?.kind === 'pointer');
    assert.equal(next.target, list);
  });

  it('keeps the size of what C types cannot be said, and says it is incomplete', () => {
    const wide = findMember(zone, 'wide')?.type;
    assert.ok(wide?.kind === 'struct');
    assert.deepEqual([wide.sizeBytes, wide.complete], [16, false]);
    const file = findMember(zone, 'file')?.type;
    assert.ok(file?.kind === 'pointer' && file.target.kind === 'struct' && !file.target.complete);
  });

  it('reads enums: signed, anonymous, 64 bit; a value no number holds is left out', () => {
    assert.equal(types.enumerator('ENOMEM')?.value, -12);
    assert.equal(types.enumerator('ZONE_NORMAL')?.type, types.enum('zone_type'));
    assert.deepEqual(types.enum('wide')?.enumerators, [
      { name: 'SMALL', value: 5 },
      { name: 'EXACT', value: 2 ** 52 },
    ]);
  });

  it('reads per-CPU variables', () => {
    const [variable] = types.variables;
    assert.deepEqual(
      [variable?.name, variable?.section, variable?.offset, variable?.sizeBytes],
      ['boot_zone', '.data..percpu', 0x40, 128],
    );
    assert.equal(variable?.type, zone);
  });

  it('reads bit-fields of the old form, as narrow ints', () => {
    const btf = new BtfBuilder();
    btf.int('long unsigned int', 8);
    const narrow = btf.int('unsigned int', 4, 0, 3, 5);
    btf.aggregate('struct', 'old', 4, [['field', narrow, 8]]);
    const place = findMember(readBtf(btf.blob()).struct('old') as CType, 'field');
    assert.deepEqual([place?.offsetBits, place?.widthBits], [13, 3]);
  });

  it('gives base types by any spelling', () => {
    for (const spelling of ['unsigned long', 'long unsigned int', 'unsigned  long int']) {
      assert.equal(types.base(spelling), types.base('unsigned long'));
    }
    assert.equal(types.base('unsigned')?.kind, 'int');
    for (const spelling of ['long short', 'unsigned void', 'signed unsigned', 'char int', '']) {
      assert.equal(types.base(spelling), undefined, spelling);
    }
  });

  describe('refuses', () => {
    /** A blob with the type that `build` makes, as the only member of `struct outer`. */
    const withMember = (build: (btf: BtfBuilder) => number): Uint8Array => {
      const btf = new BtfBuilder();
      btf.int('long unsigned int', 8);
      btf.aggregate('struct', 'outer', 64, [['member', build(btf), 0]]);
      return btf.blob();
    };
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['an empty file', new Uint8Array(0), /shorter than its header/],
      ['no magic number', new Uint8Array(64), /no magic number/],
      ['a blob cut off', smallKernel().subarray(0, 100), /outside of the blob/],
      ['no unsigned long', new BtfBuilder().blob(), /size of a pointer/],
      ['a reference to nowhere', withMember((b) => b.array(99, 1, 4)), /no type 99/],
      ['an array of itself', withMember((b) => b.array(2, 1, 4)), /contains itself/],
      ['a typedef of itself', withMember((b) => b.typedef('t', 2)), /contains itself/],
      ['a qualifier of itself', withMember((b) => b.qualifier('const', 2)), /contains itself/],
      [
        'a struct in itself',
        withMember((b) => b.aggregate('struct', 's', 8, [['inner', 2, 0]])),
        /contains itself/,
      ],
      [
        'a member past the end',
        withMember((b) => b.aggregate('struct', 's', 8, [['late', 1, 32]])),
        /does not fit/,
      ],
      ['a function as a type', withMember((b) => b.function('f', 1)), /is not a type/],
      ['an enum of 3 bytes', withMember((b) => b.enum('e', 3, false, {})), /enum of 3 bytes/],
    ];
    for (const [what, bytes, message] of cases) {
      it(what, () =>
        assert.throws(
          () => walkTypes(readBtf(bytes)),
          (error) => error instanceof BtfError && message.test(error.message),
        ),
      );
    }
  });

  it('a damaged blob is read or refused, never anything else', () => {
    const whole = smallKernel();
    let state = 1;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
    let refused = 0;
    for (let i = 0; i < 800; i++) {
      const bytes = whole.slice(0, random() % 8 === 0 ? random() % whole.length : whole.length);
      for (let n = 1 + (random() % 4); n > 0 && bytes.length > 0; n--) {
        bytes[random() % bytes.length] = random();
      }
      try {
        walkTypes(readBtf(bytes));
      } catch (error) {
        assert.ok(error instanceof BtfError, String(error));
        assert.ok(error.offset >= 0 && error.offset <= bytes.length);
        refused++;
      }
    }
    assert.ok(refused > 200 && refused < 800, `${refused} refused`);
  });

  it('strips typedefs', () => {
    const gfp = types.typedef('gfp_t');
    assert.ok(gfp);
    assert.equal(typeName(stripTypedefs(gfp)), 'unsigned int');
  });
});
