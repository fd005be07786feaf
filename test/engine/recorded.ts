/** What was recorded of the real kernels, beside the repository; tests that need it are skipped, with the reason, without it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const SHARED = path.resolve('../shared');

/** A test on recorded data. */
export function itRecorded(title: string, body: () => void): void {
  if (existsSync(path.join(SHARED, 'golden'))) it(title, body);
  else it.skip(`${title} (no recordings in ../shared)`);
}

/** Text of the files in `golden/TARGET-*` whose names match. */
export function* recordedTexts(
  target: string,
  name: RegExp,
): Generator<{ file: string; text: string }> {
  const golden = path.join(SHARED, 'golden');
  for (const folder of readdirSync(golden).sort()) {
    const suffix = folder.startsWith(`${target}-`) ? folder.slice(target.length + 1) : '';
    if (!/^(\d+[MG]|sizes)$/.test(suffix)) continue;
    for (const entry of readdirSync(path.join(golden, folder)).sort()) {
      if (!name.test(entry)) continue;
      const file = path.join(golden, folder, entry);
      yield { file: `${folder}/${entry}`, text: textOf(file) };
    }
  }
}

/** A file of a kernel build, unpacked. */
export const kernelFile = (target: string, name: string): Buffer =>
  gunzipSync(readFileSync(path.join(SHARED, 'kernels', target, name)));

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}
