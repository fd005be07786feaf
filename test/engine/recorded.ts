/** Recordings by kernel. */
import { recordedBytes, recordedFiles, recordedMachines, recordedText } from '../recordings.js';

/** Text of the files of a kernel's machines whose names match. */
export function* recordedTexts(
  target: string,
  name: RegExp,
): Generator<{ file: string; text: string }> {
  for (const machine of recordedMachines('.', new RegExp(`^${target}-(\\d+[MG]|sizes)$`)))
    for (const file of recordedFiles(machine, name))
      yield { file: `${machine}/${file}`, text: recordedText(machine, file) };
}

/** A file of a kernel build, unpacked. */
export const kernelFile = (target: string, name: string): Buffer =>
  recordedBytes('kernels', target, name);
