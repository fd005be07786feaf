/**
 * Types of DWARF. What is expected of the fixture is written here; that layouts are right in every form of debug information
 * that compilers write is for the compiler to say: it compiles an assertion of each size, offset and enumerator that was read.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { readElfProgram } from '../../src/engine/image/vmlinux/elfSections.js';
import { openVmlinux } from '../../src/engine/image/vmlinux/vmlinux.js';
import { type BtfTypes } from '../../src/engine/types/btf.js';
import { sizeOf } from '../../src/engine/types/layout.js';
import { flattenMembers } from '../../src/engine/types/members.js';
import type { StructType } from '../../src/engine/types/model.js';
import { typeName } from '../../src/engine/types/typeName.js';
import { writeStruct } from '../../src/engine/types/typeTextWriter.js';
import { scratchFolder } from '../scratch.js';
import { host, sectionOf, sources, textOf, typesOf } from './dwarfFixture.js';

const EXPECTED = `\
enum wide 8 unsigned {
 SMALL 5
 TOP 1099511627776
}
enum zone_type 4 unsigned {
 ZONE_DMA 0
 ZONE_NORMAL 1
 MAX_NR_ZONES 2
}
struct aligned 64 {
 0 char byte
 32 int word
}
struct later 8 {
 0 struct later *self
 4 int value
}
struct list_head 8 {
 0 struct list_head *next
 4 struct list_head *prev
}
struct packed 11 {
 0 char first
 1 long long second
 9.0:9 unsigned short third
}
struct page 24 {
 0 unsigned long flags
 4 union 12 {
  0 struct 12 {
   0 struct list_head lru
   8 unsigned long private_data
  }
  0 struct slab_bits bits
  0 struct 8 {
   0 void *freelist
   4 union 4 {
    0 unsigned long counters
    0 struct 4 {
     0.0:4 unsigned int a
    }
   }
  }
 }
 16 atomic_t _refcount
 20.0:2 enum zone_type zone
}
struct private_data 4 {
 0 int of_first
}
struct slab_bits 12 {
 0.0:16 unsigned int inuse
 2.0:15 unsigned int objects
 3.7:1 unsigned int frozen
 4 unsigned char after
 5.0:3 unsigned char low
 5.5:3 unsigned char high
 6.0:33 long long split
 10.1:1 _Bool flag
}
struct zone 576 {
 0 unsigned long watermark[3]
 12 struct list_head free_area[11][6]
 540 struct later *later
 544 struct later **laters
 548 struct never *never
 552 char *name
 556 shrink_t shrink
 560 struct page **(*lookup)(struct zone *, unsigned long)
 564 signed char vm_stat_diff[2]
 568 struct double ratio
 576 unsigned short tail[0]
}
typedef atomic_t struct 4 {
 0 int counter
}
typedef either_t union 4 {
 0 unsigned long word
 0 struct private_data *data
}
typedef gfp_t unsigned int
typedef shrink_t int (*)(struct shrinker *, gfp_t, ...)`;

describe('types of DWARF', () => {
  const fixture = Uint8Array.from(readFileSync(path.join(sources, 'fixture.elf')));

  it('the fixture (i386, DWARF 5) has these', async () => {
    assert.equal(textOf(await typesOf(fixture)), EXPECTED);
  });

  it('enumerators have their values, those of enums without a tag, too', async () => {
    const types = await typesOf(fixture);
    const value = (name: string): number | undefined => types.enumerator(name)?.value;
    assert.equal(value('ENOMEM'), 12);
    assert.equal(value('MINUS_ONE'), -1);
    assert.equal(value('LEFT_HERE'), 7);
    assert.equal(value('ONLY_IN_SECOND'), 99);
    assert.equal(value('TOP'), 2 ** 40);
  });

  it('a declaration is the definition of another file; what nobody defines has no members', async () => {
    const types = await typesOf(fixture);
    const target = (member: string): StructType => {
      const pointer = types.struct('zone')?.members.find(({ name }) => name === member)?.type;
      assert.ok(pointer?.kind === 'pointer' && pointer.target.kind === 'struct');
      return pointer.target;
    };
    assert.equal(target('later'), types.struct('later'));
    assert.equal(target('never').complete, false);
    assert.equal(types.struct('never'), undefined);
  });

  it('two definitions of one name stay two; a type inside a function is none that others could mean', async () => {
    const types = await typesOf(fixture);
    const typeOf = (name: string) => types.variables.find((each) => each.name === name)?.type;
    const second = typeOf('second_private');
    assert.ok(second?.kind === 'struct');
    assert.deepEqual(writeStruct(second), [
      'struct private_data 12 {',
      ' 0 long of_second',
      ' 4 struct list_head list',
      '}',
    ]);
    assert.equal(typeOf('here'), types.struct('private_data'));
    assert.notEqual(second, types.struct('private_data'));
    assert.equal(types.struct('in_function'), undefined);
  });

  it('variables have their section, offset, size and type; their symbols agree', async () => {
    const vmlinux = openVmlinux(randomAccessOf(fixture), host);
    const types = await vmlinux.types();
    const symbols = vmlinux.symbols();
    const lines = types?.variables.map(
      ({ name, section, sizeBytes, type }) => `${section} ${sizeBytes} ${typeName(type, name)}`,
    );
    assert.deepEqual(
      lines?.sort(),
      [
        '.bss 1152 struct zone node_zones[2]',
        '.bss 12 struct private_data second_private',
        '.bss 11 struct packed packed_one',
        '.bss 4 either_t either',
        '.bss 4 int nr_calls',
        '.bss 4 struct page *mem_map',
        '.bss 4 struct private_data here',
        '.bss 64 struct aligned aligned_one',
        '.bss 8 enum wide wide_one',
        '.bss 8 struct later later',
        '.data 4 struct private_data *first_private',
        'percpu 4 int second_value',
      ].sort(),
    );
    const addresses = new Map<string, Set<number>>();
    for (const { name, section, offset } of types?.variables ?? []) {
      const address = symbols?.find((symbol) => symbol.name === name)?.address ?? NaN;
      addresses.set(section, (addresses.get(section) ?? new Set()).add(address - offset));
    }
    for (const [section, starts] of addresses) assert.equal(starts.size, 1, section);
    const kinds = ['_start', 'here', 'node_zones', 'first_private', 'second_value'].map(
      (name) => symbols?.find((symbol) => symbol.name === name)?.kind,
    );
    assert.deepEqual(kinds, ['T', 'b', 'B', 'D', 'D']);
  });
});

describe('packed sections', () => {
  const fixture = Uint8Array.from(readFileSync(path.join(sources, 'fixture.elf')));

  it('zlib and zstd, larger than one piece', async () => {
    for (const [type, pack] of [
      [1, (bytes: Uint8Array) => deflateSync(bytes)],
      [2, rawZstd],
    ] as const) {
      const elf = withPackedSection(fixture, '.debug_info', type, pack);
      assert.equal(textOf(await typesOf(elf)), EXPECTED);
    }
  });

  it('damaged ones, and forms that nobody knows, are refused in words', async () => {
    const damaged = withPackedSection(fixture, '.debug_info', 1, (bytes) => bytes);
    await assert.rejects(typesOf(damaged), /Section \.debug_info .* is damaged/);
    const unknown = withPackedSection(fixture, '.debug_str', 9, (bytes) => bytes);
    await assert.rejects(typesOf(unknown), /packed in a form that mmscope does not know \(9\)/);
  });

  it('a host that unpacks nothing says how to unpack them', async () => {
    const elf = withPackedSection(fixture, '.debug_info', 1, (bytes) => deflateSync(bytes));
    const types = openVmlinux(randomAccessOf(elf), {}).types();
    await assert.rejects(types, /objcopy --decompress-debug-sections/);
  });

  /** A frame of blocks that are not compressed. (Source: RFC 8878, section 3.1.1.) */
  function rawZstd(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58)];
    for (let at = 0; at < bytes.length; at += 1000) {
      const block = bytes.subarray(at, at + 1000);
      const header = (block.length << 3) | (at + 1000 >= bytes.length ? 1 : 0);
      parts.push(Uint8Array.of(header & 255, header >> 8, header >> 16), block);
    }
    return Buffer.concat(parts);
  }

  /** The ELF32 file with a section packed, at its end. */
  function withPackedSection(
    elf: Uint8Array,
    name: string,
    type: number,
    pack: (bytes: Uint8Array) => Uint8Array,
  ): Uint8Array {
    const { offset, size } = sectionOf(elf, name);
    const header = new DataView(new ArrayBuffer(12));
    [type, size, 1].forEach((word, i) => {
      header.setUint32(i * 4, word, true);
    });
    const packed = Buffer.concat([
      new Uint8Array(header.buffer),
      pack(elf.subarray(offset, offset + size)),
    ]);
    const out = Uint8Array.from(Buffer.concat([elf, packed]));
    const view = new DataView(out.buffer);
    const headers = view.getUint32(32, true);
    const index = readElfProgram(randomAccessOf(elf)).sections.findIndex(
      (each) => each.name === name,
    );
    const at = headers + index * 40;
    view.setUint32(at + 8, view.getUint32(at + 8, true) | 0x800, true);
    view.setUint32(at + 16, elf.length, true);
    view.setUint32(at + 20, packed.length, true);
    return out;
  }
});

describe('types of DWARF, as compilers write it', () => {
  const folder = scratchFolder();
  const forms = [
    ['gcc', '-gdwarf-2 -gstrict-dwarf'],
    ['gcc', '-gdwarf-3 -gstrict-dwarf'],
    ['gcc', '-gdwarf-4'],
    ['gcc', '-gdwarf-4 -fdebug-types-section'],
    ['gcc', '-gdwarf-5'],
    ['gcc', '-gdwarf-5 -fdebug-types-section'],
    ['gcc', '-gdwarf-5 -gdwarf64'],
    ['gcc', '-gdwarf-5 -gz=zlib'],
    ['gcc', '-gdwarf-5 -gz=zstd'],
    ['clang', '-gdwarf-4'],
    ['clang', '-gdwarf-5'],
  ] as const;
  for (const bits of ['-m32', '-m64'] as const)
    for (const [compiler, form] of forms)
      it(`${compiler} ${bits} ${form} (not run where there is no such compiler)`, async function () {
        const out = path.join(folder, `${compiler}${bits}${form.replaceAll(' ', '')}`);
        const flags = `${bits} ${form} -O1 -fno-pie -ffreestanding -nostdlib -static -Wl,-e,_start,--build-id=sha1 -w`;
        const files = ['first.c', 'second.c'].map((name) => path.join(sources, name));
        const compiled = spawnSync(compiler, [...flags.split(' '), ...files, '-o', out]);
        if (compiled.status !== 0) this.skip();
        const types = await typesOf(readFileSync(out));
        if (bits === '-m32' && !form.includes('types-section'))
          assert.equal(textOf(types), EXPECTED);
        judge(types, compiler, bits);
      });

  it('dwz moves what several files repeat into units of their own (not run without dwz)', async function () {
    const out = path.join(folder, 'dwz.elf');
    const text = readFileSync(path.join(sources, 'first.c'), 'latin1');
    const copies = ['first', 'again', 'more'].map((name) => {
      const file = path.join(folder, `${name}-copy.c`);
      const own =
        /\b(_start|count|use|node_zones|mem_map|packed_one|aligned_one|wide_one|first_private)\b/g;
      writeFileSync(file, name === 'first' ? text : text.replace(own, `$1_${name}`));
      return file;
    });
    const flags = '-m32 -gdwarf-5 -O1 -fno-pie -ffreestanding -nostdlib -static -Wl,-e,_start -w';
    const files = [...copies, path.join(sources, 'second.c')];
    if (spawnSync('gcc', [...flags.split(' '), ...files, '-o', out]).status !== 0) this.skip();
    const before = readFileSync(out);
    if (spawnSync('dwz', [out]).status !== 0) this.skip();
    assert.ok(readFileSync(out).length < before.length);
    assert.equal(textOf(await typesOf(readFileSync(out))), EXPECTED);
  });

  /** @throws with the compiler's words where an assertion does not hold */
  function judge(types: BtfTypes, compiler: string, bits: '-m32' | '-m64'): void {
    const typeOf = (name: string) => types.variables.find((each) => each.name === name)?.type;
    const [own, second] = [typeOf('here'), typeOf('second_private')];
    assert.ok(own?.kind === 'struct' && second?.kind === 'struct');
    const names = types.names();
    const structs = [
      ...names.structs.map((name) => types.struct(name)),
      ...names.unions.map((name) => types.union(name)),
    ].filter((type) => type !== undefined);
    // Which private_data is the first one is up to the linker, where each type has a unit of its own.
    const ofSecond = ['later', 'either_t', 'private_data'];
    const first = [
      ...assertionsOf(own),
      ...structs.filter(({ name }) => !ofSecond.includes(name)).flatMap(assertionsOf),
      ...names.typedefs
        .filter((name) => !ofSecond.includes(name))
        .map((name) =>
          assertion(`sizeof(${name})`, sizeOf(types.typedef(name) ?? second, types.pointerSize)),
        ),
      ...names.enumerators
        .filter((name) => name !== 'ONLY_IN_SECOND')
        .map((name) => assertion(name, types.enumerator(name)?.value ?? NaN)),
    ];
    assert.ok(first.length > 60);
    compile('first', first);
    compile(
      'second',
      [...structs.filter(({ name }) => name === 'later'), second].flatMap(assertionsOf),
    );

    function assertionsOf(type: StructType): string[] {
      const tag = `${type.kind} ${type.name}`;
      const members = flattenMembers(type).filter(
        ({ widthBits, name }) => widthBits === 0 && name !== '',
      );
      return [
        assertion(`sizeof(${tag})`, type.sizeBytes),
        ...members.map(({ name, offsetBits }) =>
          assertion(`__builtin_offsetof(${tag}, ${name})`, offsetBits / 8),
        ),
        ...members
          .filter(({ name }) => name !== 'tail')
          .map(({ name, type: inner }) =>
            assertion(`sizeof(((${tag} *)0)->${name})`, sizeOf(inner, types.pointerSize)),
          ),
      ];
    }

    function compile(name: string, assertions: readonly string[]): void {
      const file = path.join(folder, `${name}.c`);
      writeFileSync(file, [`#include "${sources}/${name}.c"`, ...assertions].join('\n'));
      execFileSync(compiler, [bits, '-w', '-fsyntax-only', file], { stdio: 'pipe' });
    }
  }

  const assertion = (expression: string, value: number): string =>
    `_Static_assert(${expression} == ${value}, "");`;
});
