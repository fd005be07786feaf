/** The dumps that the tests read: the repository's reduced ones, and whole ones in the folder that MMSCOPE_DUMPS names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DumpMemory } from '../../src/engine/image/dump/dumpMemory.js';
import { randomAccessOf, type RandomAccess } from '../../src/engine/image/core/randomAccess.js';
import { openContainer, type Container } from '../../src/engine/image/dump/containers/container.js';
import { describeKernel, kernelNote } from '../../src/engine/image/dump/describe.js';
import { givenFacts, type GivenFacts } from '../../src/engine/image/dump/given.js';
import { readSystemMap } from '../../src/engine/image/dump/symbols.js';
import { Inspected } from '../../src/engine/inspect/inspected.js';
import { readTypeText } from '../../src/engine/types/typeText.js';
import { nodeCodecs } from '../../src/files/codecs.js';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';
import { unpackSection } from '../../src/files/unpackSection.js';

const DATA = path.resolve('test/dumps/data');
const REDUCED = path.join(DATA, 'debian12-amd64-256M.kdump');
const I386 = 'debian12-i386-pae-2G';

export interface KnownDump {
  readonly title: string;
  readonly file: string;
  /** What drgn says of it. */
  readonly drgn: string;
  readonly prog: string;
  /** What tells its symbols and types, where it does not. */
  readonly given?: () => Promise<GivenFacts>;
}

const reduced = (name: string): KnownDump => ({
  title: `${name}, reduced`,
  file: path.join(DATA, `${name}.kdump`),
  drgn: path.join(DATA, `${name}.drgn.json`),
  prog: path.join(DATA, `${name}.prog.txt`),
});

export const knownDumps = (): KnownDump[] => [
  reduced('debian12-amd64-256M'),
  { ...reduced(I386), given: () => Promise.resolve(givenText(I386)) },
  ...wholeDumps(),
];

/** Symbols and types that reduceDump.ts wrote. */
function givenText(name: string): GivenFacts {
  const text = (kind: string): Buffer => readFileSync(path.join(DATA, `${name}.${kind}`));
  const types = readTypeText(text('types').toString('latin1').trimEnd().split('\n'), 4);
  return {
    symbols: { systemMap: undefined, vmlinux: () => readSystemMap(text('map'), 4) },
    types: { given: types, kept: () => undefined },
  };
}

async function givenVmlinux(dump: string, vmlinux: string): Promise<GivenFacts> {
  const note = kernelNote(containerOf(await openRandomAccess(dump)));
  return givenFacts({ vmlinux: await openRandomAccess(vmlinux) }, note, { unpack: unpackSection });
}

function wholeDumps(): KnownDump[] {
  const folder = process.env['MMSCOPE_DUMPS'];
  if (folder === undefined || folder === '' || !existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const at = (...names: string[]): string => path.join(folder, name, ...names);
    // makedumpfile that does not know a kernel's page types (6.10) leaves slabs out with -d 31: the whole dump first.
    const file = ['vmcore.d31', 'md.d0', 'kd.elf']
      .map((each) => at(each))
      .find((each) => existsSync(each));
    if (file === undefined || !existsSync(at('drgn.json'))) return [];
    const proc = existsSync(at('proc')) ? at('proc') : at('snap', '0');
    const dump = { title: name, file, drgn: at('drgn.json'), prog: path.join(proc, 'prog.txt') };
    const vmlinux = at('vmlinux');
    return [existsSync(vmlinux) ? { ...dump, given: () => givenVmlinux(file, vmlinux) } : dump];
  });
}

export const reducedBytes = (): Uint8Array => Uint8Array.from(readFileSync(REDUCED));

export const containerOf = (bytes: Uint8Array | RandomAccess): Container =>
  openContainer(bytes instanceof Uint8Array ? randomAccessOf(bytes) : bytes, nodeCodecs);

export function inspect(bytes: Uint8Array | RandomAccess, given?: GivenFacts): Inspected {
  const container = containerOf(bytes);
  return new Inspected(describeKernel(container, kernelNote(container), given));
}

/** A dump with what it needs beside it. */
export const openKnown = async ({ file, given }: KnownDump): Promise<Inspected> =>
  inspect(await openRandomAccess(file), await given?.());

let opened: Inspected | undefined;

/** The repository's dump, opened once. */
export const reducedKernel = (): Inspected => (opened ??= inspect(reducedBytes()));

/** The frames that a dump has. */
export function framesOf({ memory }: Container): Map<number, Uint8Array> {
  const frames = new Map<number, Uint8Array>();
  for (let frame = 0; frame < memory.endFrame; frame++)
    if (memory.hasFrame(frame)) frames.set(frame, Uint8Array.from(memory.read(frame * 4096, 4096)));
  return frames;
}

/** The memory with other bytes in some of its frames. */
export const replaced = (
  memory: DumpMemory,
  pages: ReadonlyMap<number, Uint8Array>,
): DumpMemory => ({
  endFrame: memory.endFrame,
  hasFrame: (frame) => memory.hasFrame(frame),
  read: (phys, sizeBytes) => {
    const bytes = Uint8Array.from(memory.read(phys, sizeBytes));
    for (let done = 0; done < bytes.length;) {
      const at = phys + done;
      const chunk = Math.min(bytes.length - done, 4096 - (at % 4096));
      const page = pages.get(Math.floor(at / 4096));
      if (page !== undefined) bytes.set(page.subarray(at % 4096, (at % 4096) + chunk), done);
      done += chunk;
    }
    return bytes;
  },
});
