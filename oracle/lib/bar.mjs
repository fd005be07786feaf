/**
 * The memory that host and guest share: BAR 2 of an ivshmem-plain device, a file here. The script of operations goes in and
 * all output comes back through it, so neither allocates in the guest.
 *
 *     0      "MMORAC1\0", then u64s: script offset, length; output offset, capacity, length; status; hold
 *     64 KiB the script; behind it, at the next 64 KiB but one, the output
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { run } from './commands.mjs';
import path from 'node:path';
import { here } from './place.mjs';

const UNIT = 0x10000;

/** @param hold the guest is to stop with its clocks when the script has ended: its memory is dumped then */
export function makeBar(file, script, mebibytes, hold) {
  const size = mebibytes * 0x100000;
  const output = (UNIT + script.length + UNIT - 1 + UNIT) & ~(UNIT - 1);
  const header = Buffer.alloc(64);
  header.write('MMORAC1\0', 'latin1');
  const words = [UNIT, script.length, output, size - output - UNIT, 0, 0, hold ? 1 : 0];
  words.forEach((word, i) => header.writeBigUInt64LE(BigInt(word), 8 + 8 * i));
  const fd = openSync(file, 'w');
  ftruncateSync(fd, size);
  writeSync(fd, header, 0, header.length, 0);
  writeSync(fd, script, 0, script.length, UNIT);
  closeSync(fd);
}

export const barSays = (file, text) => readFileSync(file).includes(text);

/** Cuts the output into NAME.trace.gz and the files that the guest copied; of a guest that died, as far as it came. */
export function unpackBar(file, folder, name, hasDied) {
  if (hasDied) endOutput(file);
  run('python3', [path.join(here, 'scripts', 'unpack.py'), file, folder, name]);
}

/** Text has no zeros: the output ends in front of the first. The driver says how long it is when a command has ended. */
function endOutput(file) {
  const bar = readFileSync(file);
  const output = Number(bar.readBigUInt64LE(24));
  const words = Buffer.alloc(16);
  words.writeBigUInt64LE(BigInt(bar.indexOf(0, output) - output));
  words.writeBigUInt64LE(1n, 8);
  const fd = openSync(file, 'r+');
  writeSync(fd, words, 0, words.length, 40);
  closeSync(fd);
}
