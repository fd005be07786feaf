/**
 * What of a kernel's symbols and types somebody asks for, as text: the little that a reduced dump needs beside it, where the dump
 * does not tell them. Symbols are lines of a System.map, types are in the form of profiles (src/engine/types/typeText.ts).
 */
import { Symbols } from '../../src/engine/image/dump/symbols.js';
import type { Kallsym } from '../../src/engine/image/dump/kallsyms.js';
import type { CType, TypeTable } from '../../src/engine/types/model.js';
import { writeEnum, writeStruct, writeTypedef } from '../../src/engine/types/typeTextWriter.js';

/** Asked by the code that finds out what a dump is. */
const ALWAYS = [
  '_stext',
  'swapper_pg_dir',
  'init_uts_ns',
  'node_online_map',
  'vmap_area_list',
  'init_task',
  'max_low_pfn',
  '_end',
  '__brk_base',
];

export class RecordedSymbols extends Symbols {
  private readonly asked = new Set<string>(ALWAYS);

  override address(name: string) {
    this.asked.add(name);
    return super.address(name);
  }

  override find(name: string) {
    this.asked.add(name);
    return super.find(name);
  }

  override at(address: Parameters<Symbols['at']>[0]) {
    const found = super.at(address);
    if (found !== undefined) this.asked.add(found.name);
    return found;
  }

  /** Those that were asked for. */
  recorded(): Kallsym[] {
    return [...this.asked].flatMap((name) => super.find(name) ?? []);
  }
}

export class RecordedTypes {
  private readonly asked = new Set<CType>();
  readonly table: TypeTable;

  constructor(types: TypeTable) {
    const record = <T extends CType>(type: T | undefined): T | undefined => {
      if (type !== undefined) this.reach(type);
      return type;
    };
    this.table = {
      pointerSize: types.pointerSize,
      struct: (tag) => record(types.struct(tag)),
      union: (tag) => record(types.union(tag)),
      enum: (tag) => record(types.enum(tag)),
      typedef: (name) => record(types.typedef(name)),
      enumerator: (name) => {
        const found = types.enumerator(name);
        record(found?.type);
        return found;
      },
      base: (name) => types.base(name),
      names: () => types.names(),
    };
  }

  /** Their definitions, and those of what they hold or name. */
  lines(): string[] {
    return [...this.asked].flatMap((type) => {
      switch (type.kind) {
        case 'struct':
        case 'union':
          return type.name === '' ? [] : writeStruct(type);
        case 'enum':
          return writeEnum(type);
        case 'typedef':
          return writeTypedef(type);
        default:
          return [];
      }
    });
  }

  private reach(type: CType): void {
    if (this.asked.has(type)) return;
    switch (type.kind) {
      case 'pointer':
        if (type.target.kind !== 'struct' && type.target.kind !== 'union') this.reach(type.target);
        return;
      case 'array':
        this.reach(type.element);
        return;
      case 'function':
        for (const each of [type.result, ...type.parameters.map((p) => p.type)])
          this.reachName(each);
        return;
      case 'typedef':
        this.asked.add(type);
        this.reach(type.target);
        return;
      case 'struct':
      case 'union':
        this.asked.add(type);
        for (const member of type.members) this.reach(member.type);
        return;
      case 'enum':
        this.asked.add(type);
        return;
      case 'int':
      case 'void':
        return;
    }
  }

  /** By value or behind a pointer, only its name is read. */
  private reachName(type: CType): void {
    if (type.kind !== 'struct' && type.kind !== 'union') this.reach(type);
  }
}
