/** User programs that were recorded with a core and their acts: `user/MACHINE/PROGRAM.program.gz` of the recordings. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FOLDERS } from '../recordings.js';

const PROGRAM = '.program.gz';

interface RecordedProgram {
  /** The folder's name. */
  readonly machine: string;
  /** Such as `migr-s3`. */
  readonly program: string;
  /** The path of a file of the folder. */
  readonly file: (name: string) => string;
}

export function* recordedPrograms(): Generator<RecordedProgram> {
  for (const folder of FOLDERS.map((each) => path.join(each, 'user')).filter(existsSync))
    for (const machine of readdirSync(folder).sort())
      for (const name of readdirSync(path.join(folder, machine)))
        if (name.endsWith(PROGRAM))
          yield {
            machine,
            program: name.slice(0, -PROGRAM.length),
            file: (each) => path.join(folder, machine, each),
          };
}
