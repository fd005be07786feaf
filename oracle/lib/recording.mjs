/** Making one recording: the guest of its name is run, and of the files it leaves those are kept that belong to it. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { record } from './machine.mjs';

/** What every guest says on its console. */
const USUAL = /^(INIT up.*|INIT done|)$/;

/** Runs `guest` and puts NAME.trace.gz, and what else belongs to it, into `folder`. Gives the names of the files. */
export async function makeRecording(guest, folder, name) {
  const work = mkdtempSync(path.join(os.tmpdir(), 'recording-'));
  try {
    await record(guest, work, name);
    const unusual = consoleOf(work, name).filter((line) => !USUAL.test(line));
    // What a kernel says unexpectedly is kept, unless its log is anyway.
    const keep = guest.keep ?? (unusual.length > 0 ? 'all' : undefined);
    const kept = readdirSync(work).filter((file) => belongs(file.slice(name.length + 1), keep));
    for (const file of kept) cpSync(path.join(work, file), path.join(folder, file));
    return kept;
  } finally {
    rmSync(work, { recursive: true });
  }
}

const consoleOf = (folder, name) =>
  gunzipSync(readFileSync(path.join(folder, `${name}.serial.gz`)))
    .toString()
    .split('\n');

/** Does a file of a recording, named by its end, belong to it? */
function belongs(end, keep) {
  if (keep === 'all' || end === 'trace.gz') return true;
  return keep === 'log' && end.startsWith('dmesg');
}
