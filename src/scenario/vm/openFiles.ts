/**
 * Open files by number, and files of tmpfs by name: cells of the scenario's control words, so a step back takes them back. A name is kept as
 * its hash.
 */
import { asCell } from '../../engine/memory/address.js';
import { NULL, type File } from '../../engine/machine/ctypes.js';
import type { OpenFiles } from '../builtins/call.js';
import type { Control } from './control.js';

/** 0 to 2 are the standard streams, which nothing here writes to. */
const FIRST_FD = 3;
const NR_FILES = 32;
const NR_NAMES = 16;

export class ScenarioFiles implements OpenFiles {
  constructor(private readonly control: Control) {}

  private fileAt(fd: number): File {
    const i = fd - FIRST_FD;
    return i >= 0 && i < NR_FILES ? asCell(this.control.fileWord(i)) : NULL;
  }

  find(fd: number): File | undefined {
    const file = this.fileAt(fd);
    return file === NULL ? undefined : file;
  }

  add(file: File): number | undefined {
    for (let fd = FIRST_FD; fd < FIRST_FD + NR_FILES; fd++) {
      if (this.fileAt(fd) !== NULL) continue;
      this.control.setFileWord(fd - FIRST_FD, file);
      return fd;
    }
    return undefined;
  }

  remove(fd: number): File | undefined {
    const file = this.find(fd);
    if (file !== undefined) this.control.setFileWord(fd - FIRST_FD, NULL);
    return file;
  }

  // --- names -------------------------------------------------------------------------------------------------------------------

  /** The place of a name; of the first free one for 0. */
  private placeOf(hash: number): number | undefined {
    for (let i = 0; i < NR_NAMES; i++)
      if (this.control.fileWord(NR_FILES + i * 2) === hash) return NR_FILES + i * 2;
    return undefined;
  }

  get nrNames(): number {
    let count = 0;
    for (let i = 0; i < NR_NAMES; i++)
      if (this.control.fileWord(NR_FILES + i * 2) !== 0) count++;
    return count;
  }

  named(name: string): File | undefined {
    const place = this.placeOf(hashOf(name));
    return place === undefined ? undefined : asCell(this.control.fileWord(place + 1));
  }

  name(name: string, file: File): boolean {
    const place = this.placeOf(0);
    if (place === undefined) return false;
    this.control.setFileWord(place, hashOf(name));
    this.control.setFileWord(place + 1, file);
    return true;
  }

  unname(name: string): File | undefined {
    const place = this.placeOf(hashOf(name));
    if (place === undefined) return undefined;
    const file: File = asCell(this.control.fileWord(place + 1));
    this.control.setFileWord(place, 0);
    this.control.setFileWord(place + 1, NULL);
    return file;
  }
}

/** Of a name: never 0. FNV-1a. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 1;
}
