/**
 * `oracle compare RECORDING...`: makes each recording again and compares those of its files that are there. The path says what it is:
 * `.../x86_64-slub-512M/tour-s1.trace.gz`.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OracleError } from '../lib/commands.mjs';
import { guestOf } from '../lib/families.mjs';
import { inOutput } from '../lib/place.mjs';
import { makeRecording } from '../lib/recording.mjs';
import { coreGuest, isCoreRun } from './core.mjs';

const END = '.trace.gz';

export async function compare(recordings) {
  if (recordings.length === 0)
    throw new OracleError(
      'Write the recordings to make again, for example FOLDER/x86_64-slub-512M/tour-s1.trace.gz',
    );
  let different = 0;
  for (const recording of recordings) different += await compareOne(recording);
  if (different > 0) throw new OracleError(`${different} of the files differ.`);
}

/** Gives the number of files that differ. */
async function compareOne(recording) {
  if (!recording.endsWith(END))
    throw new OracleError(`${recording} is not a recording: the name of one ends with ${END}.`);
  if (!existsSync(recording)) throw new OracleError(`There is no file ${recording}.`);
  const theirs = path.dirname(path.resolve(recording));
  const machine = path.basename(theirs);
  const name = path.basename(recording, END);
  const ours = inOutput('compared', machine);
  mkdirSync(ours, { recursive: true });
  const guest = isCoreRun(name) ? coreGuest(machine, name) : guestOf(machine, name);
  const files = await makeRecording(guest, ours, name);
  const [compared, alone] = [[], []];
  for (const file of files) (existsSync(path.join(theirs, file)) ? compared : alone).push(file);
  const differences = compared
    .map((file) => [file, difference(path.join(theirs, file), path.join(ours, file))])
    .filter(([, said]) => said !== undefined);
  if (differences.length === 0)
    console.log(`${machine}/${name}: the same, byte for byte (${compared.join(', ')})`);
  for (const [file, said] of differences) console.log(`${machine}/${file}: ${said}`);
  if (alone.length > 0) console.log(`    not compared, not beside it: ${alone.join(', ')}`);
  return differences.length;
}

/** In words; undefined if there is none. */
function difference(theirs, ours) {
  const [a, b] = [readFileSync(theirs), readFileSync(ours)];
  if (a.equals(b)) return undefined;
  const [was, is] = [textOf(a, theirs).split('\n'), textOf(b, ours).split('\n')];
  const at = is.findIndex((line, i) => line !== was[i]);
  if (at < 0 && is.length === was.length) return 'the same text, packed differently';
  const line = at < 0 ? is.length : at;
  return `differs in line ${line + 1}\n    was ${was[line] ?? 'at its end'}\n    is  ${is[line] ?? 'at its end'}`;
}

const textOf = (bytes, file) =>
  (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
