/** Recorded traces: the few that are part of the project, and all of them where the recordings are beside it. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Beside the project's checkout; the tests run in its root. */
const SHARED = path.resolve('../shared/golden');
const SHIPPED = path.resolve('test/data/golden');

/** Why tests on all recordings are skipped; undefined when they are there. */
export const sharedMissing = existsSync(SHARED)
  ? undefined
  : 'the recordings are not at ../shared/golden';

export const shippedTraces = (): readonly string[] => tracesBelow(SHIPPED, /./);

/** Shipped traces of what the kernel reports, with its log beside them; not all of their operations are performed. */
export const shippedReports = (): readonly string[] =>
  tracesBelow(path.resolve('test/data/reports'), /./);

/** Traces in `golden/*` by file name. */
export const sharedTraces = (name: RegExp): readonly string[] => tracesBelow(SHARED, name);

/** Traces beside a core, by file name. */
export const coreTraces = (name: RegExp): readonly string[] =>
  tracesBelow(path.join(SHARED, 'cores'), name);

/** Other files of `golden/*` and of the folders of cores, by file name. */
export const recordedTexts = (name: RegExp): readonly string[] =>
  [SHARED, path.join(SHARED, 'cores')].flatMap((folder) => filesBelow(folder, name));

const tracesBelow = (folder: string, name: RegExp): string[] =>
  filesBelow(folder, name).filter((file) => file.endsWith('.trace.gz'));

function filesBelow(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readdirSync(path.join(folder, entry.name)).map((f) => `${entry.name}/${f}`))
    .filter((file) => name.test(path.basename(file)))
    .sort()
    .map((file) => path.join(folder, file));
}

/** `x86_64-slub-512M/idle-s1` */
export const titleOf = (file: string): string =>
  file.split(path.sep).slice(-2).join('/').replace('.trace.gz', '');
