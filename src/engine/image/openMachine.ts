/**
 * The one place that opens a machine: it boots the one that is described, or reads the core or the recorded state in a
 * file. How a file is read is the host's business ({@link Files}); the engine asks for its bytes.
 */
import type { TapeOptions } from '../memory/tape.js';
import { isBundledRelease, profileWith } from '../types/bundled.js';
import type { Profile } from '../types/profile.js';
import { bootMachine } from './boot/bootMachine.js';
import { debugVmIn } from './boot/debugVm.js';
import { openKnownKernel } from './core/openCore.js';
import { parseVmcoreinfo } from './core/notes.js';
import type { RandomAccess } from './core/randomAccess.js';
import { openContainer, type Container } from './dump/containers/container.js';
import { joinParts } from './dump/containers/split.js';
import { NoVmcoreinfo } from './dump/describe.js';
import { dumpImage } from './dump/dumpImage.js';
import type { Codecs } from './dump/dumpMemory.js';
import type { GivenFiles } from './dump/given.js';
import { describedBy } from './dump/openDump.js';
import { inspectedOf } from './dump/inspectedOf.js';
import { Inspected, isDumpError } from '../inspect/inspected.js';
import { ImageError, type KernelImage } from './kernelImage.js';
import type { BootSpec, CoreSpec, DumpSpec, MachineSpec } from './machineSpec.js';
import { openBeginning } from './state/beginning.js';
import type { VmlinuxHost } from './vmlinux/vmlinux.js';

/** A file that is read where it is asked for. */
export interface OpenedFile extends RandomAccess {
  close(): void;
}

/** The files of a host. Both reject with a {@link FileError}, and unpack gzip. */
export interface Files {
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly openFile: (path: string) => Promise<OpenedFile>;
  /** What unpacks the pages of compressed dumps; without it the engine does, all but zstd. */
  readonly codecs?: Codecs;
  /** What unpacks debug information, and keeps what a vmlinux told; without it neither is done. */
  readonly vmlinuxHost?: VmlinuxHost;
}

/** A file that cannot be read, and why, for the user. */
export class FileError extends Error {
  constructor(
    readonly path: string,
    /** `there is no such file` */
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

export interface OpenOptions {
  /** Kernels that a core may be of; all bundled ones when absent. */
  readonly profiles?: readonly Profile[];
  readonly tapeOptions?: TapeOptions;
  /** Called every few milliseconds while a machine is booted or rebuilt: ends that by what it throws. */
  readonly heed?: () => void;
}

export interface OpenedMachine {
  readonly image: KernelImage;
  /** Gives back the file behind it. */
  readonly close: () => void;
}

/** @throws FileError, ImageError, TraceError */
export async function openMachine(
  spec: MachineSpec,
  files: Files,
  options: OpenOptions = {},
): Promise<OpenedMachine> {
  switch (spec.kind) {
    case 'machine':
      return inMemory(boot(spec, options));
    case 'core': {
      const { found, close } = await core(spec, files, options);
      return { image: imageOf(found, { ...options, name: nameOf(spec.path) }, close), close };
    }
    case 'state':
      return inMemory(state(spec.path, await files.readFile(spec.path), options));
  }
}

/** What a file is by its first bytes: text is a recorded state, an ELF file or a kdump begins otherwise. */
export async function dumpSpecOf(path: string, files: Files): Promise<DumpSpec> {
  const file = await files.openFile(path);
  const start = file.read(0, 16);
  file.close();
  const isText = start.length > 0 && start.every((byte) => byte === 10 || isPrintable(byte));
  return { kind: isText ? 'state' : 'core', path };
}

const isPrintable = (byte: number): boolean => byte >= 32 && byte < 127;

const inMemory = (image: KernelImage): OpenedMachine => ({ image, close: () => undefined });

function boot(spec: BootSpec, { tapeOptions, heed }: OpenOptions): KernelImage {
  const { profile, compound, ramBytes, cmaBytes, cpus, busOffset, commandLine } = spec;
  return bootMachine({
    profile: profileWith(profile, { compound, debugVm: debugVmIn(commandLine) }),
    ramBytes,
    cmaBytes,
    cpus,
    busOffset,
    commandLine,
    heed,
    ...(tapeOptions && { tapeOptions }),
  });
}

export interface OpenedDump {
  /** To be looked into. */
  readonly dumped: Inspected;
  readonly close: () => void;
}

/** A machine to look into alone: of a dump that is not of a bundled kernel no image is made, which takes a while. */
export async function openToInspect(spec: DumpSpec, files: Files): Promise<OpenedDump> {
  if (spec.kind === 'core') {
    const { found, close } = await core(spec, files, {});
    return { dumped: found instanceof Inspected ? found : inspectedOf(found), close };
  }
  const { image, close } = await openMachine(spec, files);
  return { dumped: inspectedOf(image), close };
}

interface Found {
  readonly found: KernelImage | Inspected;
  readonly close: () => void;
}

/** One that mmscope's own kernel functions run on, where it is of a kernel that they know; else one to look into. */
async function core(spec: CoreSpec, files: Files, options: OpenOptions): Promise<Found> {
  const opened: OpenedFile[] = [];
  const open = async (path: string | undefined): Promise<OpenedFile | undefined> => {
    if (path === undefined) return undefined;
    const file = await files.openFile(path);
    opened.push(file);
    return file;
  };
  const close = (): void => opened.forEach((file) => file.close());
  try {
    const file = await files.openFile(spec.path);
    opened.push(file);
    const given = {
      vmlinux: await open(spec.vmlinux),
      systemMap: await open(spec.systemMap),
      btf: await open(spec.btf),
    };
    const containers = [openContainer(file, files.codecs ?? {})];
    for (const path of spec.parts ?? []) {
      const part = await open(path);
      if (part !== undefined) containers.push(openContainer(part, files.codecs ?? {}));
    }
    const container = joinParts(containers);
    const named = { ...options, name: nameOf(spec.path) };
    return {
      found: await knownOrDescribed(container, given, files.vmlinuxHost ?? {}, named),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function knownOrDescribed(
  container: Container,
  given: GivenFiles,
  host: VmlinuxHost,
  options: OpenOptions & { readonly name: string },
): Promise<KernelImage | Inspected> {
  const isGiven = Object.values(given).some((file) => file !== undefined);
  if (isGiven || isOfOther(container, options)) return describedBy(container, given, host);
  try {
    return openKnownKernel(container, options);
  } catch (error) {
    if (!(error instanceof ImageError) || options.profiles !== undefined) throw error;
    return tryToDescribe(container, host, error);
  }
}

/** Whether the dump says that it is of a release that no bundled kernel has: none of them need be tried then. */
function isOfOther({ vmcoreinfo }: Container, { profiles }: OpenOptions): boolean {
  if (profiles !== undefined || vmcoreinfo === undefined) return false;
  const { release } = parseVmcoreinfo(vmcoreinfo);
  return release !== undefined && !isBundledRelease(release);
}

/** @throws ImageError when the dump lacks what every view needs */
function imageOf(
  found: KernelImage | Inspected,
  options: OpenOptions & { readonly name: string },
  close: () => void,
): KernelImage {
  if (!(found instanceof Inspected)) return found;
  try {
    return dumpImage(found, options);
  } catch (error) {
    close();
    if (isDumpError(error))
      throw new ImageError(
        `The dump, of Linux ${found.dump.release}, cannot be looked into: ${error.message}.`,
      );
    throw error;
  }
}

/** Without VMCOREINFO there is more to say about why it is of none of the known kernels. */
async function tryToDescribe(
  container: Container,
  host: VmlinuxHost,
  unknown: ImageError,
): Promise<Inspected> {
  try {
    return await describedBy(container, {}, host);
  } catch (error) {
    if (error instanceof NoVmcoreinfo && container.form.startsWith('ELF'))
      throw new ImageError(
        `${unknown.message} It has no VMCOREINFO either, so it cannot be looked into.`,
      );
    throw error;
  }
}

function state(path: string, bytes: Uint8Array, { tapeOptions, heed }: OpenOptions): KernelImage {
  const options = { name: nameOf(path), ...(tapeOptions && { tapeOptions }) };
  return openBeginning(piecesOf(bytes, heed), options);
}

const PIECE_BYTES = 1 << 13;

/** The text of bytes, one character each, a piece at a time: a recorded state is never one string. */
function* piecesOf(bytes: Uint8Array, heed?: () => void): Generator<string> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    heed?.();
    yield String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  }
}

/** The file and its folder: recordings are told apart by that. */
const nameOf = (path: string): string => path.split(/[\\/]/).slice(-2).join('/');
