/** rd, struct, list, vtop, ptov: memory by address. */
import { asVirt } from '../../../memory/address.js';
import { counted } from '../../../view/counted.js';
import { isDumpError } from '../../inspected.js';
import { listEntries } from '../../list.js';
import { ulongOf } from '../../words.js';
import { hexOf, Unanswerable, vaOf, type Json } from '../answer.js';
import { dataLines, objectData } from '../object.js';
import { isUserAddress, walkAnswer, walkInTask } from '../walk.js';
import { addressArgument, countArgument } from './arguments.js';
import type { Command } from './command.js';

const MAX_WORDS = 4096;
const MAX_LISTED = 100_000;

export const rd: Command = {
  usage: 'rd ADDRESS [COUNT]',
  summary: 'words of memory, as long as a pointer, and their characters',
  c: ([address = 'ADDRESS', count = '1']) =>
    `((unsigned long *)${address})[0 ... ${Number(count) - 1}]`,
  run: (asked, args) => {
    const { k, task } = asked;
    const start = addressArgument(asked, args[0], 'an address');
    const count = Math.min(countArgument(args[1], 1), MAX_WORDS);
    const words: Json[] = [];
    const lines: string[] = [];
    const size = k.pointerSize;
    for (let i = 0; i < count; i++) {
      const at = start + BigInt(i * size);
      const bytes = bytesAt({ k, task }, at, size);
      let value = 0n;
      for (let byte = bytes.length - 1; byte >= 0; byte--)
        value = (value << 8n) | BigInt(bytes[byte] ?? 0);
      const isThere = bytes.length === size;
      words.push(isThere ? hexOf(value) : null);
      const text = [...bytes].map((byte) =>
        byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.',
      );
      const shown = isThere ? value.toString(16).padStart(size * 2, '0') : 'not in the dump';
      lines.push(`${at.toString(16).padStart(size * 2, '0')}:  ${shown}  ${text.join('')}`);
    }
    return { text: lines.join('\n'), data: { address: hexOf(start), words } };
  },
};

/** Through the kernel's tables, or a task's for an address of user space. */
function bytesAt(
  { k, task }: Parameters<Command['run']>[0],
  at: bigint,
  length: number,
): Uint8Array {
  const page = vaOf(k, at & ~0xfffn);
  const inPage = Number(at & 0xfffn);
  if (!isUserAddress(k, at)) return k.space.bytesUpTo(page, inPage, length);
  if (task === undefined)
    throw new Unanswerable(`${hexOf(at)} is an address of user space: say whose, with --task PID.`);
  const phys = walkInTask(k, task, page).page?.phys;
  return phys === undefined
    ? new Uint8Array(0)
    : k.space.memory.read(phys + inPage, Math.min(length, 4096 - inPage));
}

export const struct: Command = {
  usage: 'struct TAG[.MEMBER] [ADDRESS]',
  summary: 'a structure at an address, or its layout',
  c: ([tag = 'TAG', address]) => {
    const [name = 'TAG', member] = tag.split(/\.(.*)/s);
    if (address === undefined) return `struct ${name}`;
    return member === undefined
      ? `*(struct ${name} *)${address}`
      : `((struct ${name} *)${address})->${member}`;
  },
  run: (asked, [name = '', address]) => {
    const { k } = asked;
    const [tag = '', path] = name.split(/\.(.*)/s);
    const type = k.struct(tag);
    if (type === undefined) throw new Unanswerable(`This kernel has no struct ${tag}.`);
    if (address === undefined) {
      const members = type.members.map((member) => ({
        name: member.name,
        offset: Math.floor(member.offsetBits / 8),
      }));
      const lines = members.map((each) => `  [${each.offset}] ${each.name}`);
      return {
        text: [`struct ${tag}, ${counted(type.sizeBytes, 'byte')}`, ...lines].join('\n'),
        data: { tag, size: type.sizeBytes, members },
      };
    }
    const bits = addressArgument(asked, address, 'an address');
    const at = asVirt(vaOf(k, bits & ~7n));
    const within = Number(bits & 7n);
    const place = path === undefined ? undefined : k.findPlace(tag, path);
    if (path !== undefined && place === undefined)
      throw new Unanswerable(`struct ${tag} of this kernel has no member ${path}.`);
    const data =
      place === undefined
        ? objectData(k, type, at, within)
        : place.widthBits > 0
          ? k.numberAt(at, place, within)
          : objectData(k, place.type, at, within + place.offsetBits / 8);
    return { text: dataLines(data).join('\n'), data };
  },
};

export const list: Command = {
  usage: 'list TAG.MEMBER HEAD',
  summary: 'the structures on a list, by the address of its list_head',
  c: ([path = 'TAG.MEMBER', head = 'HEAD']) => {
    const [tag = 'TAG', member = 'MEMBER'] = path.split(/\.(.*)/s);
    return `list_for_each_entry(entry, (struct list_head *)${head}, ${member}) /* struct ${tag} *entry */`;
  },
  run: (asked, [path = '', head]) => {
    const { k } = asked;
    const [tag = '', member = ''] = path.split(/\.(.*)/s);
    if (!k.has(tag, member))
      throw new Unanswerable(`Write the structure and its member: list page.lru HEAD.`);
    const bits = addressArgument(asked, head, 'the address of the list_head');
    const found: string[] = [];
    let problem: string | undefined;
    try {
      for (const at of listEntries(k, vaOf(k, bits), 0, tag, member)) {
        found.push(hexOf(ulongOf(at, k.pointerSize)));
        if (found.length >= MAX_LISTED) break;
      }
    } catch (error) {
      if (!isDumpError(error)) throw error;
      problem = error.message;
    }
    const lines = problem === undefined ? found : [...found, `(${problem})`];
    return { text: lines.join('\n'), data: { entries: found, problem: problem ?? null } };
  },
};

export const vtop: Command = {
  usage: 'vtop ADDRESS',
  summary: 'the physical address behind a virtual one, and the walk there',
  c: ([address = 'ADDRESS']) => `walk(${address})`,
  run: (asked, [address]) => walkAnswer(asked, addressArgument(asked, address, 'an address')),
};

export const ptov: Command = {
  usage: 'ptov PHYSICAL',
  summary: 'the address of physical memory in the direct map',
  c: ([address = 'PHYSICAL']) => `__va(${address})`,
  run: (asked, [address]) => {
    const { k } = asked;
    const phys = addressArgument(asked, address, 'a physical address');
    const va = ulongOf(k.dump.pageOffset, k.pointerSize) + phys;
    const text = hexOf(BigInt.asUintN(k.pointerSize * 8, va));
    return { text: `${hexOf(phys)} is at ${text}`, data: { phys: hexOf(phys), va: text } };
  },
};
