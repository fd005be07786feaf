/** Opens the machine that a launch or a scenario names: boots one, or reads a core or a recorded state. */
import { bootMachine } from '../../engine/image/boot/bootMachine.js';
import { openCore } from '../../engine/image/core/openCore.js';
import { ImageError, type KernelImage } from '../../engine/image/kernelImage.js';
import { findState, openState, TraceError } from '../../engine/image/state/index.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import {
  isProfileName,
  loadProfile,
  profileWith,
  PROFILE_NAMES,
} from '../../engine/types/bundled.js';
import type { Profile } from '../../engine/types/profile.js';
import type { MachineSpec } from '../../scenario/syntax/machine.js';
import type { Host } from '../host.js';
import type { LaunchArguments } from '../protocol/dap.js';
import { AdapterError, errors } from '../protocol/errors.js';

export interface OpenedImage {
  readonly image: KernelImage;
  /** Gives back the file behind it. */
  readonly close: () => void;
}

/** cell, before, after */
const ENTRY_BYTES = 12;

export async function openImage(
  spec: MachineSpec,
  args: LaunchArguments,
  host: Host,
): Promise<OpenedImage> {
  if (nonEmpty(args.vmlinuxBtf) !== undefined || nonEmpty(args.systemMap) !== undefined)
    throw errors.cannotOpen(
      `Cores of other kernels cannot be opened yet: this version knows ${PROFILE_NAMES.join(', ')}.`,
    );
  try {
    const tapeOptions = tapeOptionsOf(args);
    switch (spec.kind) {
      case 'machine':
        return boot(spec, tapeOptions);
      case 'core':
        return await core(spec.path, args, host, tapeOptions);
      case 'state':
        return await state(spec.path, host, tapeOptions);
    }
  } catch (error) {
    if (error instanceof ImageError || error instanceof TraceError)
      throw errors.cannotOpen(error.message);
    if (error instanceof AdapterError || spec.kind === 'machine') throw error;
    throw errors.cannotRead(spec.path, error instanceof Error ? error.message : String(error));
  }
}

function boot(
  spec: Extract<MachineSpec, { kind: 'machine' }>,
  tapeOptions: TapeOptions,
): OpenedImage {
  const { profile, compound, ramBytes, cmaBytes, cpus, busOffset } = spec;
  const image = bootMachine({
    profile: profileWith(profile, compound),
    ramBytes,
    cmaBytes,
    busOffset,
    cpus,
    tapeOptions,
  });
  return { image, close: () => undefined };
}

async function core(
  path: string,
  args: LaunchArguments,
  host: Host,
  tapeOptions: TapeOptions,
): Promise<OpenedImage> {
  const file = await host.openFile(path);
  try {
    const profiles = profilesOf(args);
    const image = openCore(file, {
      name: baseName(path),
      tapeOptions,
      ...(profiles && { profiles }),
    });
    return { image, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function state(path: string, host: Host, tapeOptions: TapeOptions): Promise<OpenedImage> {
  const bytes = await host.readFile(path);
  const image = openState(findState(textOf(bytes)), { name: baseName(path), tapeOptions });
  return { image, close: () => undefined };
}

/** One byte a character, a piece at a time: a trace is never one string. */
function* textOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('latin1');
  const CHUNK = 1 << 16;
  for (let at = 0; at < bytes.length; at += CHUNK)
    yield decoder.decode(bytes.subarray(at, at + CHUNK));
}

function profilesOf({ profile }: LaunchArguments): readonly Profile[] | undefined {
  if (profile === undefined || profile === '') return undefined;
  if (isProfileName(profile)) return [loadProfile(profile)];
  throw errors.cannotOpen(
    `There is no profile '${profile}': there are ${PROFILE_NAMES.join(', ')}.`,
  );
}

const tapeOptionsOf = ({ historyMiB }: LaunchArguments): TapeOptions =>
  historyMiB === undefined || !(historyMiB > 0)
    ? {}
    : { maxEntries: Math.floor((historyMiB * 2 ** 20) / ENTRY_BYTES) };

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const baseName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
