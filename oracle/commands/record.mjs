/** `oracle record MACHINE NAME...`: recordings by their names, or a script of operations of one's own (`FILE.ops`). */
import { mkdirSync, readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { OracleError } from '../lib/commands.mjs';
import { guestOf, machineOf } from '../lib/families.mjs';
import { inOutput, shown } from '../lib/place.mjs';
import { makeRecording } from '../lib/recording.mjs';

const OPTIONS = {
  to: { type: 'string' },
  cma: { type: 'string' },
  args: { type: 'string' },
  later: { type: 'boolean' },
};

export async function recordCommand(args) {
  const { values: options, positionals } = parsed(args);
  const [machine, ...names] = positionals;
  if (machine === undefined || names.length === 0)
    throw new OracleError(
      'Write a machine and what to record, for example: record x86_64-slub-512M tour-s1',
    );
  const folder = path.resolve(options.to ?? inOutput('recordings'), machine);
  for (const name of names) {
    const guest = name.endsWith('.ops')
      ? scripted(machine, name, options.later)
      : guestOf(machine, name);
    if (options.cma !== undefined) guest.cma = options.cma;
    if (options.args !== undefined) guest.args = `${guest.args} ${options.args}`;
    mkdirSync(folder, { recursive: true });
    const title = path.basename(name, '.ops');
    for (const file of await makeRecording(guest, folder, title))
      console.log(shown(path.join(folder, file)));
  }
}

/** The guest that performs a script of operations. */
function scripted(machine, file, isLater = false) {
  if (!existsSync(file)) throw new OracleError(`${file} cannot be read.`);
  return {
    ...machineOf(machine),
    ...(isLater
      ? { generation: 'later', program: 'init2', mode: 'slabx', keep: 'log' }
      : { generation: 'first', program: 'init', mode: 'run' }),
    script: readFileSync(file, 'utf8'),
    args: 'slab_nomerge',
  };
}

function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new OracleError(error.message);
  }
}
