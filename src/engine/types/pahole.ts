/**
 * A struct or union as pahole(1) prints it: each member with its offset and size in bytes, holes, cache lines, and the sums.
 *
 *     struct list_head {
 *             struct list_head *         next;                 / *     0     8 * /
 *             struct list_head *         prev;                 / *     8     8 * /
 *
 *             / * size: 16, cachelines: 1, members: 2 * /
 *             / * last cacheline: 16 bytes * /
 *     };
 *
 * Source: dwarves, pahole(1): what is printed; the layout itself is the build's.
 */
import { sizeOf, stripTypedefs } from './layout.js';
import type { CType, Member, StructType } from './model.js';
import { typeName } from './typeName.js';

export interface StructText {
  readonly text: string;
  /** The line, from 1, that declares a member of the struct or of an anonymous one inside it. */
  readonly lineOf: ReadonlyMap<string, number>;
}

const CACHE_LINE = 64;
const TYPE_COLUMNS = 26;
const NAME_COLUMNS = 21;
const TAB = 8;

export function structText(type: StructType, pointerSize: 4 | 8): StructText {
  const printer = new Printer(pointerSize);
  printer.struct(type);
  return { text: `${printer.lines.join('\n')}\n`, lineOf: printer.lineOf };
}

class Printer {
  readonly lines: string[] = [];
  readonly lineOf = new Map<string, number>();
  /** Of the outer struct, so far. */
  private cacheLine = 0;

  constructor(private readonly pointerSize: 4 | 8) {}

  struct(type: StructType): void {
    this.lines.push(`${type.kind} ${type.name} {`);
    const holes = this.members(type, 0, 1);
    this.sums(type, holes);
    this.lines.push('};');
  }

  /** Gives the bytes between members. @param base offset of the struct, in bytes */
  private members(type: StructType, base: number, depth: number): readonly number[] {
    const holes: number[] = [];
    let end = 0;
    for (const member of type.members) {
      const offset = Math.floor(member.offsetBits / 8);
      if (type.kind === 'struct' && offset > end) {
        holes.push(offset - end);
        this.line(depth, '');
        this.line(depth, `/* XXX ${bytesText(offset - end)} hole, try to pack */`);
        this.line(depth, '');
      }
      if (depth === 1) this.boundary(base + offset);
      this.member(member, base, depth);
      end = Math.max(end, this.endOf(member));
    }
    return holes;
  }

  private boundary(offset: number): void {
    const line = Math.floor(offset / CACHE_LINE);
    if (line <= this.cacheLine) return;
    this.cacheLine = line;
    const past = offset % CACHE_LINE;
    const where =
      past === 0
        ? `boundary (${offset} bytes)`
        : `boundary (${line * CACHE_LINE} bytes) was ${bytesText(past)} ago`;
    this.line(1, `/* --- cacheline ${line} ${where} --- */`);
  }

  private member(member: Member, base: number, depth: number): void {
    const { name, type, offsetBits, widthBits } = member;
    const size = this.sizeOfMember(member);
    const at = base + Math.floor(offsetBits / 8);
    const inner = type.kind === 'struct' || type.kind === 'union' ? type : undefined;
    if (inner?.name === '' && inner.complete) {
      this.line(depth, `${inner.kind} {`);
      this.members(inner, at, depth + 1);
      this.note(name, name === '');
      this.line(depth, withComment(`}${name === '' ? '' : ` ${name}`};`, depth, comment(at, size)));
      return;
    }
    const [before, declarator] = declarationOf(type, name);
    const width = widthBits === 0 ? '' : `:${widthBits}`;
    const bits = widthBits === 0 ? undefined : offsetBits % 8;
    this.note(name, false);
    this.line(
      depth,
      withComment(
        `${before.padEnd(TYPE_COLUMNS)} ${declarator}${width};`,
        depth,
        comment(at, size, bits),
      ),
    );
  }

  /** The next line declares it. */
  private note(name: string, anonymous: boolean): void {
    if (!anonymous && !this.lineOf.has(name)) this.lineOf.set(name, this.lines.length + 1);
  }

  private sums(type: StructType, holes: readonly number[]): void {
    const { sizeBytes, members } = type;
    const lines = Math.max(1, Math.ceil(sizeBytes / CACHE_LINE));
    this.line(1, '');
    this.line(1, `/* size: ${sizeBytes}, cachelines: ${lines}, members: ${members.length} */`);
    const sum = holes.reduce((total, hole) => total + hole, 0);
    const end = Math.max(0, ...members.map((member) => this.endOf(member)));
    const padding = sizeBytes - end;
    if (sum > 0)
      this.line(1, `/* sum members: ${end - sum}, holes: ${holes.length}, sum holes: ${sum} */`);
    if (padding > 0) this.line(1, `/* padding: ${padding} */`);
    const last = sizeBytes % CACHE_LINE;
    if (last > 0) this.line(1, `/* last cacheline: ${bytesText(last)} */`);
  }

  /** In bytes from the start of its struct. */
  private endOf(member: Member): number {
    const { offsetBits, widthBits, type } = member;
    return widthBits === 0
      ? offsetBits / 8 + sizeOf(type, this.pointerSize)
      : Math.ceil((offsetBits + widthBits) / 8);
  }

  private sizeOfMember({ type }: Member): number {
    return sizeOf(type, this.pointerSize);
  }

  private line(depth: number, text: string): void {
    this.lines.push(text === '' ? '' : `${'\t'.repeat(depth)}${text}`);
  }
}

/** `struct list_head *` and `next`; `long unsigned int` and `bits[4]`; a function pointer has its name in the middle. */
function declarationOf(type: CType, name: string): readonly [string, string] {
  const whole = typeName(type, name);
  const bare = stripTypedefs(type);
  const leaf = bare.kind === 'pointer' ? stripTypedefs(bare.target) : bare;
  if (type.kind !== 'typedef' && leaf.kind === 'function') return [whole, ''];
  const at = whole.lastIndexOf(name);
  return name === '' || at < 0 ? [whole, ''] : [whole.slice(0, at).trimEnd(), whole.slice(at)];
}

function withComment(text: string, depth: number, remark: string): string {
  const column = TYPE_COLUMNS + NAME_COLUMNS + 1 - (depth - 1) * TAB;
  return `${text.replace(/ ;$/, ';').padEnd(Math.max(column, text.length + 1))} ${remark}`;
}

const comment = (offset: number, size: number, bit?: number): string => {
  const at =
    bit === undefined
      ? `${offset}`.padStart(5)
      : `${`${offset}`.padStart(5)}:${`${bit}`.padStart(2)}`;
  return `/* ${at} ${`${size}`.padStart(5)} */`;
};

const bytesText = (count: number): string => `${count} byte${count === 1 ? '' : 's'}`;
