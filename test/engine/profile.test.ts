import assert from 'node:assert/strict';
import { asVirt } from '../../src/engine/memory/address.js';
import { readBtf } from '../../src/engine/types/btf.js';
import { isProfileName, loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { parseCType, parseDeclaration } from '../../src/engine/types/declaration.js';
import { alignOf, sizeOf } from '../../src/engine/types/layout.js';
import { findMember, flattenMembers } from '../../src/engine/types/members.js';
import type { CType, StructType } from '../../src/engine/types/model.js';
import type { Profile, ProfileName } from '../../src/engine/types/profile.js';
import { typeName } from '../../src/engine/types/typeName.js';
import { kernelFile, recordedTexts } from './recorded.js';

/** Sizes of types, offsets of members and constants that differ between the builds, as the running kernels said them. */
const EXPECTED: Readonly<Record<ProfileName, Readonly<Record<string, number | bigint>>>> = {
  'i386-highmem4g-slub': {
    'struct page': 32,
    'struct zone': 752,
    pte_t: 4,
    'page.private': 20,
    'zone.free_area[3].free_list[1].prev': 96 + 3 * 52 + 8 + 4,
    'per_cpu_pages.count': 0,
    PAGE_OFFSET: 0xc0000000,
    pageblock_order: 10,
    GFP_KERNEL: 0xcc0,
    LIST_POISON1: 0x100n,
    CONFIG_SMP: 0,
  },
  'i386-pae-slab': {
    'struct page': 32,
    pte_t: 8,
    'kmem_cache.cpu_cache': 0,
    PTRS_PER_PGD: 4,
    PTRS_PER_PMD: 512,
    PAGE_KERNEL: 0x8000000000000163n,
    CONFIG_HIGHMEM64G: 1,
    CONFIG_SLAB: 1,
  },
  'x86_64-slub': {
    'struct page': 64,
    'page._refcount': 52,
    'slab.slab_cache': 24,
    PAGE_OFFSET: -0x7780_0000_0000,
    VMEMMAP_START: -0x1600_0000_0000,
    LIST_POISON1: 0xdead000000000100n,
    TAIL_MAPPING: 0xdead000000000400n,
    GFP_HIGHUSER_MOVABLE: 0x100cca,
    MIGRATE_CMA: 4,
    PG_mlocked: 21,
    CONFIG_NR_CPUS: 1,
  },
  'x86_64-slab': { 'struct page': 56, 'page._refcount': 52, CONFIG_SLUB: 0 },
  'x86_64-slub-smp': {
    'struct page': 64,
    spinlock_t: 4,
    'per_cpu_pages.count': 4,
    CONFIG_SMP: 1,
    CONFIG_NR_CPUS: 8,
  },
};

function typeOf(profile: Profile, text: string): CType {
  const type = parseCType(text, profile.types);
  assert.ok(type, `no type ${text}`);
  return type;
}

/** `sizeof`, `offsetof` or a constant, whichever the key names. */
function valueOf(profile: Profile, key: string): number | bigint {
  const constant = profile.findConstant(key);
  if (constant !== undefined) return constant;
  const [tag = '', path] = /^(\w+)\.(.*)/.exec(key)?.slice(1) ?? [];
  if (path !== undefined) {
    const place = findMember(typeOf(profile, `struct ${tag}`), path);
    assert.ok(place, `no ${key}`);
    return place.offsetBits / 8;
  }
  if (/^(struct |\w+_t$)/.test(key)) return sizeOf(typeOf(profile, key), profile.pointerSize);
  return profile.wideConstant(key);
}

for (const name of PROFILE_NAMES) {
  describe(`profile ${name}`, () => {
    const profile = loadProfile(name);

    for (const [key, value] of Object.entries(EXPECTED[name])) {
      it(`${key} is ${value}`, () => {
        const found = valueOf(profile, key);
        assert.equal(typeof value === 'bigint' ? profile.wideConstant(key) : found, value);
      });
    }

    it('sizes, offsets and constants are those of every recorded %layout', () => {
      let lines = 0;
      for (const { file, text } of recordedTexts(name, /^static.*\.trace\.gz$/)) {
        for (const line of layoutLines(text)) lines += checkLayoutLine(profile, line, file) ? 1 : 0;
      }
      assert.ok(lines > 300, `${lines} lines checked`);
    });

    it('types are those of the kernel: each member lies where BTF says', () => {
      const types = readBtf(kernelFile(name, 'vmlinux.btf.gz'));
      const { structs, unions, enums, typedefs } = profile.types.names();
      for (const tag of structs) compareStructs(profile.types.struct(tag), types.struct(tag));
      for (const tag of unions) compareStructs(profile.types.union(tag), types.union(tag));
      for (const tag of enums) assert.deepEqual({ ...profile.types.enum(tag) }, types.enum(tag));
      for (const typedef of typedefs) {
        const type = types.typedef(typedef);
        // pgoff_t is a macro: in no BTF.
        if (type === undefined) assert.equal(typedef, 'pgoff_t');
        else
          assert.equal(
            sizeOf(profile.types.typedef(typedef) as CType, types.pointerSize),
            sizeOf(type, types.pointerSize),
            typedef,
          );
      }
    });

    it('symbols are those of the kernel', () => {
      const globals = JSON.parse(kernelFile(name, 'globals.json.gz').toString()) as Readonly<
        Record<string, { address: string; size: number; type: string }>
      >;
      // Statics of several functions may have one name.
      const map = new Map<string, bigint[]>();
      for (const line of kernelFile(name, 'System.map.gz').toString().split('\n')) {
        const [address = '', , symbol] = line.split(' ');
        if (symbol === undefined) continue;
        const plain = symbol.replace(/\.\d+$/, '');
        map.set(plain, [...(map.get(plain) ?? []), BigInt(`0x${address}`)]);
      }
      for (const symbol of profile.symbolNames().map((each) => profile.symbol(each))) {
        assert.ok(symbol);
        const bits = profile.pointerSize * 8;
        assert.ok(
          map.get(symbol.name)?.includes(BigInt.asUintN(bits, BigInt(symbol.address))),
          symbol.name,
        );
        const global = globals[symbol.name];
        if (global === undefined) continue;
        assert.equal(symbol.sizeBytes, global.size, symbol.name);
        assert.ok(symbol.type, `${symbol.name} has no type`);
        const declared = typeName(symbol.type).replace(/\d+/g, '');
        assert.equal(
          declared.replace(/ /g, ''),
          global.type.replace(/\b(const|volatile) ?|\d+| /g, ''),
          symbol.name,
        );
      }
    });

    it('has every type that it uses', () => {
      for (const symbol of profile.symbolNames().map((each) => profile.symbol(each))) {
        if (symbol?.type === undefined || /^init_mm$/.test(symbol.name)) continue;
        assert.equal(sizeOf(symbol.type, profile.pointerSize), symbol.sizeBytes, symbol.name);
      }
      const { structs, unions } = profile.types.names();
      const all = [
        ...structs.map((tag) => profile.types.struct(tag)),
        ...unions.map((tag) => profile.types.union(tag)),
      ];
      for (const struct of all) {
        for (const member of struct ? flattenMembers(struct) : []) {
          const end =
            member.offsetBits + (member.widthBits || sizeOf(member.type, profile.pointerSize) * 8);
          assert.ok(end <= (struct?.sizeBytes ?? 0) * 8, `${struct?.name ?? ''}.${member.name}`);
        }
      }
    });

    it('finds the symbol at an address', () => {
      const node = profile.symbol('contig_page_data');
      assert.ok(node);
      for (const [offset, expected] of [
        [0, 0],
        [100, 100],
        [node.sizeBytes - 1, node.sizeBytes - 1],
      ] as const) {
        const found = profile.symbolAt(asVirt(node.address + offset));
        assert.equal(found?.symbol, node);
        assert.equal(found.offset, expected);
      }
      assert.notEqual(profile.symbolAt(asVirt(node.address + node.sizeBytes))?.symbol, node);
      assert.equal(profile.symbolAt(asVirt(profile.constant('PAGE_OFFSET'))), undefined);
      assert.equal(profile.symbolAt(asVirt(0)), undefined);
    });

    it('marks per-CPU symbols on SMP, and only there', () => {
      assert.equal(profile.smp, name.endsWith('-smp'));
      for (const each of ['boot_pageset', 'vm_event_states']) {
        assert.equal(profile.symbol(each)?.perCpu, profile.smp);
      }
      assert.equal(profile.symbol('contig_page_data')?.perCpu, false);
    });

    it('says what it lacks', () => {
      assert.equal(profile.findConstant('NO_SUCH_CONSTANT'), undefined);
      assert.throws(() => profile.constant('NO_SUCH_CONSTANT'), /no constant NO_SUCH_CONSTANT/);
      assert.equal(profile.symbol('no_such_symbol'), undefined);
      assert.equal(profile.types.struct('no_such_struct'), undefined);
      for (const runTime of ['max_pfn', 'high_memory', 'min_free_kbytes']) {
        assert.equal(profile.findConstant(runTime), undefined, runTime);
      }
    });
  });
}

describe('bundled profiles', () => {
  it('are loaded once', () => {
    assert.equal(loadProfile('x86_64-slub'), loadProfile('x86_64-slub'));
    assert.ok(isProfileName('i386-pae-slab') && !isProfileName('toString'));
  });
});

describe('C declarations', () => {
  const { types } = loadProfile('x86_64-slub');

  for (const text of [
    'struct page *',
    'struct page **',
    'unsigned long',
    'unsigned long [4]',
    'char *[4]',
    'struct kmem_cache *[3][14]',
    'struct list_head (*)[6]',
    'int (*)(void)',
    'int (*[8])(void)',
    'void (*)(struct vm_fault *, unsigned long)',
    'int (*)(char *, ...)',
    'atomic_long_t [10]',
    'enum zone_type',
    'void *',
    'void (*(*)(int))(void)',
  ]) {
    it(`${text} is read and written alike`, () => {
      const type = parseCType(text, types);
      assert.ok(type);
      assert.equal(typeName(type).replace(/ (?=\[)/g, ''), text.replace(/ (?=\[)/g, ''));
    });
  }

  for (const [text, name, type] of [
    ['const char * const zone_names[4]', 'zone_names', 'char *[4]'],
    ['long unsigned int flags', 'flags', 'unsigned long'],
    ['struct page __rcu *page', 'page', 'struct page *'],
    ['int (*handler)(gfp_t gfp, unsigned)', 'handler', 'int (*)(gfp_t gfp, unsigned int)'],
    ['u8 bytes[]', 'bytes', 'u8 [0]'],
    ['struct unheard_of *p', 'p', 'struct unheard_of *'],
  ] as const) {
    it(`${text} declares ${name}`, () => {
      const declaration = parseDeclaration(text, types);
      assert.ok(declaration);
      assert.deepEqual([declaration.name, typeName(declaration.type)], [name, type]);
    });
  }

  for (const text of [
    '',
    'unheard_of_t',
    'struct',
    'int int',
    'int *[',
    'int (*',
    'int )',
    '4',
    'int a b',
    'int;',
  ]) {
    it(`'${text}' is no declaration`, () => assert.equal(parseDeclaration(text, types), undefined));
  }

  it('a declaration with a name is no type name', () =>
    assert.equal(parseCType('int a', types), undefined));

  it('arrays of arrays run left to right', () => {
    const type = parseCType('char [2][3]', types);
    assert.ok(type?.kind === 'array' && type.element.kind === 'array');
    assert.deepEqual([type.length, type.element.length], [2, 3]);
  });

  for (const [text, size64, align64, size32, align32] of [
    ['char', 1, 1, 1, 1],
    ['unsigned long', 8, 8, 4, 4],
    ['long long', 8, 8, 8, 4],
    ['void *', 8, 8, 4, 4],
    ['short [3]', 6, 2, 6, 2],
    ['struct list_head', 16, 8, 8, 4],
    ['void', 0, 1, 0, 1],
  ] as const) {
    it(`${text}: size and alignment of both ABIs`, () => {
      const small = loadProfile('i386-highmem4g-slub').types;
      const [wide, narrow] = [parseCType(text, types), parseCType(text, small)];
      assert.ok(wide && narrow);
      assert.deepEqual([sizeOf(wide, 8), alignOf(wide, 8)], [size64, align64]);
      assert.deepEqual([sizeOf(narrow, 4), alignOf(narrow, 4)], [size32, align32]);
    });
  }
});

function layoutLines(text: string): string[] {
  const lines = text.split('\n');
  const start = lines.indexOf('%layout');
  return start < 0 ? [] : lines.slice(start + 1, lines.indexOf('%end', start));
}

/** False when the line says nothing about what is in a profile. */
function checkLayoutLine(profile: Profile, line: string, file: string): boolean {
  const where = `${file}: ${line}`;
  // The recorder had to declare mm/slab.c's array_cache anew.
  const [, type, size] = /^sizeof (.+) (\d+)$/.exec(line.replace('my_array', 'array')) ?? [];
  if (type !== undefined) {
    assert.equal(sizeOf(typeOf(profile, type), profile.pointerSize), Number(size), where);
    return true;
  }
  const [, tag, path, offset, width] = /^offset (.+?)\.(\S+) (\d+) size (\d+)$/.exec(line) ?? [];
  if (tag !== undefined && path !== undefined) {
    const place = findMember(typeOf(profile, tag), path);
    assert.ok(place, where);
    assert.equal(place.offsetBits / 8, Number(offset), where);
    assert.equal(sizeOf(place.type, profile.pointerSize), Number(width), where);
    return true;
  }
  const [, spelled, value] = /^(?:const|gfp|pageflag) (.+) (\S+)$/.exec(line) ?? [];
  const name = spelled?.replace(/^\(__force u32\)/, '').replace(/^pgprot_val\((.*)\)$/, '$1');
  if (name === undefined || value === undefined || !profile.constantNames().includes(name))
    return false;
  assert.equal(profile.wideConstant(name), BigInt.asUintN(64, BigInt(value)), where);
  return true;
}

/** Structs of which a profile has a part (PARTS in scripts/profiles/selection.mjs). */
const TRIMMED = new Set([
  'dentry',
  'dentry_operations',
  'task_struct',
  'sighand_struct',
  'signal_struct',
  'class',
  'device',
  'cred',
  'irq_chip',
  'irq_desc',
  'shmem_sb_info',
  'workqueue_struct',
  'worker_pool',
  'file',
  'file_system_type',
  'fs_struct',
  'inode',
  'mount',
  'super_block',
  'vfsmount',
  'vm_special_mapping',
  'worker',
  'rcu_state',
]);

const DECLARED = new Set([
  ...['gen_pool', 'gen_pool_chunk', 'genpool_data_align', 'genpool_data_fixed'],
]);

/** The profile's struct has the kernel's size, and its members lie at the same places with types of the same spelling. */
function compareStructs(ours: StructType | undefined, kernel: StructType | undefined): void {
  assert.ok(ours);
  const name = `${ours.kind} ${ours.name}`;
  if (kernel === undefined) {
    // Of a file that no recorded build has: scripts/profiles/selection.mjs declares it.
    if (DECLARED.has(ours.name)) return;
    assert.deepEqual([ours.complete, ours.sizeBytes <= 16], [false, true], name);
    return;
  }
  assert.equal(ours.sizeBytes, kernel.sizeBytes, name);
  if (!ours.complete) return;
  const describeMembers = (struct: StructType) =>
    flattenMembers(struct).map((m) => `${m.offsetBits}:${m.widthBits} ${typeName(m.type, m.name)}`);
  const kernelMembers = new Set(describeMembers(kernel));
  for (const member of describeMembers(ours)) {
    assert.ok(kernelMembers.has(member), `${name}: ${member} is not in the kernel`);
  }
  const left = kernelMembers.size - flattenMembers(ours).length;
  const trimmed = TRIMMED.has(ours.name);
  assert.equal(left > 0, trimmed, `${name} lacks ${left} members`);
}
