/**
 * Variables of a kernel that lie at a fixed address, with their types: what lets `init_task.comm` be an expression.
 *
 * BTF lists variables by the section they lie in, with offsets from its start.
 */
import type { BtfWriter } from '../btfWriter.js';
import type { Entry, UnitEntries } from './entries.js';
import type { Names } from './names.js';
import type { TypesOfUnits } from './typesOfUnit.js';

/** A section of the program, in which variables lie. */
export interface ProgramSection {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
}

interface Variable {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly sizeBytes: number;
}

/** Names that macros make up: of exported symbols' tables, of printk's index, of modules' parameters. */
const MADE_UP =
  /^__(UNIQUE_ID_|ksymtab|kstrtab|initcall_|setup_|param_|event_|tracepoint_ptr_|bpf_trace|p_)|\.\d+$/;

export class Variables {
  private readonly found: Variable[] = [];

  constructor(
    private readonly types: TypesOfUnits,
    private readonly names: Names,
  ) {}

  add(entry: Entry, unit: UnitEntries): void {
    const { address, definition } = entry;
    if (address === undefined) return;
    // `extern struct task_struct init_task;` of a header has the name, and the type if the definition has none.
    const declared =
      definition >= 0 && unit.has(definition) ? unit.at(definition - unit.header.start) : entry;
    const name = this.names.text(entry.name || declared.name);
    if (name === '' || MADE_UP.test(name)) return;
    const { id, sizeBytes } = this.types.ofVariable(entry.type >= 0 ? entry.type : declared.type);
    this.found.push({ name, type: id, address, sizeBytes });
  }

  write(writer: BtfWriter, sections: readonly ProgramSection[]): void {
    for (const section of sections) {
      const inside = this.found
        .filter(({ address }) => {
          const offset = address - section.address;
          return offset >= 0 && offset < section.sizeBytes;
        })
        .map(({ name, type, address, sizeBytes }) => ({
          name,
          type,
          sizeBytes,
          offset: address - section.address,
        }))
        .sort((a, b) => a.offset - b.offset);
      if (inside.length > 0) writer.section(section.name, section.sizeBytes, inside);
    }
  }
}
