/**
 * What was recorded of the real kernels. `test/golden/data` has the recordings that a clone comes with: of every kernel the
 * shortest run of every family, one core with the runs and words that are judged on it, its types and symbols. The folder
 * that the environment variable MMSCOPE_RECORDINGS names has the same layout and may have more: long runs, other machines.
 *
 * A recording is named by its path in either folder (`x86_64-slub-512M/idle-s1.trace.gz`); one that both have is read from
 * the repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const REPOSITORY = path.resolve('test/golden/data');
const ELSEWHERE = process.env['MMSCOPE_RECORDINGS'];

/** The folders that recordings are read from. */
export const FOLDERS: readonly string[] =
  ELSEWHERE === undefined || ELSEWHERE === ''
    ? [REPOSITORY]
    : [REPOSITORY, path.resolve(ELSEWHERE)];

/** The path of a recording that the repository has. */
export function recording(...names: string[]): string {
  const file = findRecording(...names);
  if (file === undefined) throw new Error(`${path.join(...names)} was not recorded`);
  return file;
}

export const findRecording = (...names: string[]): string | undefined =>
  FOLDERS.map((folder) => path.join(folder, ...names)).find(existsSync);

/** The text of a recording, unpacked when it is a .gz. */
export const recordedText = (...names: string[]): string =>
  recordedBytes(...names).toString('latin1');

/** The bytes of a recording, unpacked when it is a .gz. */
export function recordedBytes(...names: string[]): Buffer {
  const file = recording(...names);
  const bytes = readFileSync(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** What recordings are kept in: `misuse` has cores of kernels with the later operations. */
type Parent = '.' | 'cores' | 'misuse';

/** Names of the folders below `parent` that match, relative to the recordings. */
export function recordedMachines(parent: Parent, name: RegExp): readonly string[] {
  const found = FOLDERS.flatMap((folder) => entriesOf(path.join(folder, parent))).filter(
    (each) => name.test(each) && each !== 'cores' && each !== 'kernels',
  );
  return [...new Set(found)].sort().map((each) => path.join(parent, each));
}

/** Names of the files of a machine that match. */
export function recordedFiles(machine: string, name: RegExp): readonly string[] {
  const found = FOLDERS.flatMap((folder) => entriesOf(path.join(folder, machine)));
  return [...new Set(found)].filter((each) => name.test(each)).sort();
}

/** Paths of the files below `parent/*` whose names match. */
export const recordedPaths = (parent: Parent, name: RegExp): readonly string[] =>
  recordedMachines(parent, /^(i386|x86_64|vmcore)/).flatMap((machine) =>
    recordedFiles(machine, name).map((file) => recording(machine, file)),
  );

/** Paths of the traces below `parent/*` whose names match. */
export const recordedTraces = (parent: Parent, name: RegExp): readonly string[] =>
  recordedPaths(parent, name).filter((file) => file.endsWith('.trace.gz'));

/** Whether a recording is the repository's own. */
export const isKept = (file: string): boolean => file.startsWith(REPOSITORY + path.sep);

const entriesOf = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder) : [];

/** `x86_64-slub-512M/idle-s1` */
export const titleOf = (file: string): string =>
  file.split(path.sep).slice(-2).join('/').replace('.trace.gz', '');
