/**
 * Open files by number, a table for each process, and files of tmpfs by name: cells of the scenario's control words, so a step back takes them back. A name is kept as
 * its hash.
 */
import { asCell } from '../../engine/memory/address.js';
import { NULL, type File } from '../../engine/machine/ctypes.js';
import type { OpenFiles } from '../builtins/call.js';
import { FILES_OF_PROCESS, type Control } from './control.js';

/** 0 to 2 are the standard streams, which nothing here writes to. */
const FIRST_FD = 3;
const NR_FILES = FILES_OF_PROCESS;
const NR_NAMES = 32;

export class ScenarioFiles implements OpenFiles {
  constructor(
    private readonly control: Control,
    /** The process that runs. */
    private readonly process: () => number,
  ) {}

  private fileAt(fd: number): File {
    const i = fd - FIRST_FD;
    return i >= 0 && i < NR_FILES ? asCell(this.control.fileWord(this.process(), i)) : NULL;
  }

  find(fd: number): File | undefined {
    const file = this.fileAt(fd);
    return file === NULL ? undefined : file;
  }

  add(file: File): number | undefined {
    for (let fd = FIRST_FD; fd < FIRST_FD + NR_FILES; fd++) {
      if (this.fileAt(fd) !== NULL) continue;
      this.control.setFileWord(this.process(), fd - FIRST_FD, file);
      return fd;
    }
    return undefined;
  }

  remove(fd: number): File | undefined {
    const file = this.find(fd);
    if (file !== undefined) this.control.setFileWord(this.process(), fd - FIRST_FD, NULL);
    return file;
  }

  /** A child of fork() has its parent's files, each with another reference. */
  copyTo(child: number, keep: (file: File) => void): void {
    for (let i = 0; i < NR_FILES; i++) {
      const file = asCell(this.control.fileWord(this.process(), i));
      if (file !== NULL) keep(file);
      this.control.setFileWord(child, i, file);
    }
  }

  /** The process ends: exit_files(). */
  closeAll(drop: (file: File) => void): void {
    for (let fd = FIRST_FD; fd < FIRST_FD + NR_FILES; fd++) {
      const file = this.remove(fd);
      if (file !== undefined) drop(file);
    }
  }

  // --- names -------------------------------------------------------------------------------------------------------------------

  /** The place of a name; of the first free one for 0. */
  private placeOf(hash: number): number | undefined {
    for (let i = 0; i < NR_NAMES; i++) if (this.control.fileNameWord(i * 2) === hash) return i * 2;
    return undefined;
  }

  get nrNames(): number {
    let count = 0;
    for (let i = 0; i < NR_NAMES; i++) if (this.control.fileNameWord(i * 2) !== 0) count++;
    return count;
  }

  named(name: string): File | undefined {
    const place = this.placeOf(hashOf(name));
    return place === undefined ? undefined : asCell(this.control.fileNameWord(place + 1));
  }

  name(name: string, file: File): boolean {
    const place = this.placeOf(0);
    if (place === undefined) return false;
    this.control.setFileNameWord(place, hashOf(name));
    this.control.setFileNameWord(place + 1, file);
    return true;
  }

  unname(name: string): File | undefined {
    const place = this.placeOf(hashOf(name));
    if (place === undefined) return undefined;
    const file: File = asCell(this.control.fileNameWord(place + 1));
    this.clearName(place);
    return file;
  }

  unnameFile(file: File): void {
    for (let i = 0; i < NR_NAMES; i++)
      if (this.control.fileNameWord(i * 2 + 1) === file) this.clearName(i * 2);
  }

  namedFiles(): File[] {
    const words = Array.from({ length: NR_NAMES }, (_, i) => this.control.fileNameWord(i * 2 + 1));
    return words.filter((word) => word !== 0).map(asCell);
  }

  private clearName(place: number): void {
    this.control.setFileNameWord(place, 0);
    this.control.setFileNameWord(place + 1, NULL);
  }
}

/** Of a name: never 0. FNV-1a. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 1;
}
