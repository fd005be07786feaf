/**
 * Types as lines of text: the form in which a profile keeps them, made to be reviewed and to be read without reading it all.
 *
 *     struct page 64 {                  size in bytes
 *      0 unsigned long flags            offset in bytes from the enclosing `{`
 *      8 union 40 {
 *       0 struct list_head lru
 *      }
 *      48.0:16 unsigned int inuse       a bit-field: byte.bit:width
 *      ...                              members were left out
 *     }
 *     struct file 232                   only the size is known (none: not even that)
 *     enum zone_type 4 unsigned {
 *      ZONE_DMA 0
 *     }
 *     typedef atomic_t struct 4 {
 *      0 int counter
 *     }
 *     typedef gfp_t unsigned int
 *
 * A line that starts with neither a blank nor `}` starts a definition, so one pass over the first characters finds them all;
 * a definition is read when somebody looks into it.
 */
import { parseDeclaration, parseDeclarator } from './declaration.js';
import type { CType, EnumType, Member } from './model.js';
import { LazyStruct, LazyTypedef, NamedTypes } from './typeTable.js';

/** The text of a profile contradicts its own format: a defect of the profile. */
export class TypeTextError extends Error {
  override readonly name = 'TypeTextError';
}

const HEADER = /^(struct|union|enum)(?: (?!\d)(\w+))?(?: (\d+))?(?: (signed|unsigned))?( \{)?$/;
const MEMBER = /^ +(\d+)(?:\.(\d):(\d+))? (.*)$/;
const NOT_A_HEADER = /^[ }]/;

/** The types that the lines define. */
export function readTypeText(lines: readonly string[], pointerSize: 4 | 8): NamedTypes {
  return new TypeTextReader(lines, pointerSize).read();
}

class TypeTextReader {
  private readonly table: NamedTypes;

  constructor(
    private readonly lines: readonly string[],
    pointerSize: 4 | 8,
  ) {
    this.table = new NamedTypes(pointerSize);
  }

  read(): NamedTypes {
    this.lines.forEach((line, at) => {
      if (!NOT_A_HEADER.test(line)) this.define(line, at);
    });
    return this.table;
  }

  private define(line: string, at: number): void {
    if (line.startsWith('typedef ')) {
      const name = line.slice(8, line.indexOf(' ', 8));
      const type = new LazyTypedef(name, () => this.definedAs(line.slice(9 + name.length), at));
      this.table.typedefs.set(name, type);
      return;
    }
    const [, kind, name = ''] = HEADER.exec(line) ?? [];
    const type = this.aggregate(line, at);
    if (kind === undefined || type === undefined) throw new TypeTextError(`not a type: ${line}`);
    if (type.kind === 'enum') {
      if (name === '') this.table.anonymousEnums.push(type);
      else this.table.enums.set(name, type);
    } else if (type.kind === 'struct') this.table.structs.set(name, type);
    else if (type.kind === 'union') this.table.unions.set(name, type);
  }

  /** A struct, union or enum whose head is `text`, its body in the lines after `at`. */
  private aggregate(text: string, at: number): CType | undefined {
    const [, kind, name = '', size = '0', sign, body] = HEADER.exec(text) ?? [];
    if (kind === 'enum') return this.enumeration(name, Number(size), sign === 'signed', at);
    if (kind !== 'struct' && kind !== 'union') return undefined;
    if (body === undefined) {
      return { kind, name, sizeBytes: Number(size), complete: false, members: [] };
    }
    return new LazyStruct(kind, name, Number(size), true, () => this.members(at));
  }

  private enumeration(name: string, size: number, signed: boolean, at: number): EnumType {
    if (size !== 1 && size !== 2 && size !== 4 && size !== 8) {
      throw new TypeTextError(`enum ${name} of ${size} bytes`);
    }
    const lines = this.lines;
    let enumerators: EnumType['enumerators'] | undefined;
    const load = () => {
      const loaded: { name: string; value: number }[] = [];
      for (let i = at + 1; !this.line(i).trimStart().startsWith('}'); i++) {
        const [enumerator = '', value] = (lines[i] ?? '').trim().split(' ');
        loaded.push({ name: enumerator, value: Number(value) });
      }
      return loaded;
    };
    return {
      kind: 'enum',
      name,
      sizeBytes: size,
      signed,
      get enumerators() {
        return (enumerators ??= load());
      },
    };
  }

  private members(head: number): Member[] {
    const members: Member[] = [];
    let at = head + 1;
    while (!this.line(at).trimStart().startsWith('}')) {
      const line = this.line(at);
      if (line.trim() === '...') {
        at++;
        continue;
      }
      const [, byte, bit = '0', width = '0', text] = MEMBER.exec(line) ?? [];
      if (text === undefined) throw new TypeTextError(`not a member: ${line}`);
      const place = { offsetBits: Number(byte) * 8 + Number(bit), widthBits: Number(width) };
      if (text.endsWith('{')) {
        const end = this.endOf(at);
        members.push({ ...this.declared(text, at, end), ...place });
        at = end + 1;
      } else {
        const declaration = parseDeclaration(text, this.table);
        if (declaration === undefined) throw new TypeTextError(`not a declaration: ${text}`);
        members.push({ ...declaration, ...place });
        at++;
      }
    }
    return members;
  }

  /** What a typedef stands for. */
  private definedAs(text: string, at: number): CType {
    if (text.endsWith('{')) return this.declared(text, at, this.endOf(at)).type;
    const declaration = parseDeclaration(text, this.table);
    if (declaration === undefined) throw new TypeTextError(`not a type: ${text}`);
    return declaration.type;
  }

  /** A body given in place, and the declarator after its `}`. */
  private declared(text: string, at: number, end: number): { name: string; type: CType } {
    const base = this.aggregate(text, at);
    const declarator = this.line(end).trim().slice(1).trim();
    const declaration = base && parseDeclarator(declarator, base, this.table);
    if (declaration === undefined) throw new TypeTextError(`not a type: ${text} ... ${declarator}`);
    return declaration;
  }

  /** The line of the `}` that closes the `{` of line `at`. */
  private endOf(at: number): number {
    for (let depth = 1, i = at + 1; ; i++) {
      const line = this.line(i);
      if (line.trimStart().startsWith('}')) {
        if (--depth === 0) return i;
      } else if (line.endsWith('{')) depth++;
    }
  }

  private line(at: number): string {
    const line = this.lines[at];
    if (line === undefined) throw new TypeTextError('a definition is not closed');
    return line;
  }
}
