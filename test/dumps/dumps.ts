/** The dumps that the tests read: the repository's reduced one, and whole ones in the folder that MMSCOPE_DUMPS names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { randomAccessOf, type RandomAccess } from '../../src/engine/image/core/randomAccess.js';
import { openContainer, type Container } from '../../src/engine/image/dump/containers/container.js';
import { describeKernel } from '../../src/engine/image/dump/describe.js';
import { Inspected } from '../../src/engine/inspect/inspected.js';
import { nodeCodecs } from '../../src/files/codecs.js';

const DATA = path.resolve('test/dumps/data');
const REDUCED = path.join(DATA, 'debian12-amd64-256M.kdump');

export interface KnownDump {
  readonly title: string;
  readonly file: string;
  /** What drgn says of it. */
  readonly drgn: string;
  readonly prog: string;
}

const reduced: KnownDump = {
  title: 'debian12-amd64-256M, reduced',
  file: REDUCED,
  drgn: path.join(DATA, 'debian12-amd64-256M.drgn.json'),
  prog: path.join(DATA, 'debian12-amd64-256M.prog.txt'),
};

export const knownDumps = (): KnownDump[] => [reduced, ...wholeDumps()];

function wholeDumps(): KnownDump[] {
  const folder = process.env['MMSCOPE_DUMPS'];
  if (folder === undefined || folder === '' || !existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const at = (...names: string[]): string => path.join(folder, name, ...names);
    const file = existsSync(at('vmcore.d31')) ? at('vmcore.d31') : at('md.d31');
    if (!existsSync(file) || !existsSync(at('drgn.json'))) return [];
    const proc = existsSync(at('proc')) ? at('proc') : at('snap', '0');
    return [{ title: name, file, drgn: at('drgn.json'), prog: path.join(proc, 'prog.txt') }];
  });
}

export const reducedBytes = (): Uint8Array => Uint8Array.from(readFileSync(REDUCED));

export const containerOf = (bytes: Uint8Array | RandomAccess): Container =>
  openContainer(bytes instanceof Uint8Array ? randomAccessOf(bytes) : bytes, nodeCodecs);

export const inspect = (bytes: Uint8Array | RandomAccess): Inspected =>
  new Inspected(describeKernel(containerOf(bytes)));

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
