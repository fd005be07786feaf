/**
 * The types of a kernel whose build wrote DWARF only, as BTF: every tag, typedef and enumerator that a unit has at its top, and
 * what they refer to; and the variables that lie at a fixed address.
 *
 *     unit, unit, ...   ──> top entries ──> new name? ──> BTF records        functions, and what is in them, are passed over
 *
 * Each unit is read once, in order, and given up again, so memory holds one unit and what has come out of all: for 152 MB of
 * .debug_info about 60 MB. What comes out is as `pahole -J` would write, without functions and qualifiers.
 *
 * Source: DWARF 5, chapter 3 to 5.
 */
import { BtfWriter } from '../btfWriter.js';
import { OTHER_LANGUAGES, TAG, UNIT } from './constants.js';
import { Definitions } from './definitions.js';
import { entryContext } from './attributeForms.js';
import { UnitEntries, type Entry } from './entries.js';
import { Names } from './names.js';
import { DwarfError, type DwarfSections } from './sections.js';
import { namedKind, TypesOfUnits } from './typesOfUnit.js';
import { Units } from './units.js';
import { Variables, type ProgramSection } from './variables.js';

/** @throws DwarfError */
export function dwarfToBtf(
  sections: DwarfSections,
  pointerSize: 4 | 8,
  program: readonly ProgramSection[],
): Uint8Array {
  try {
    return new Conversion(sections, pointerSize).run(program);
  } catch (error) {
    // A DataView was asked for bytes that are not there.
    if (error instanceof RangeError) throw new DwarfError('cut off', 0);
    throw error;
  }
}

class Conversion {
  private readonly writer = new BtfWriter();
  private readonly units: Units;
  private readonly names: Names;
  private readonly types: TypesOfUnits;
  private readonly variables: Variables;
  private readonly context;
  /** First enumerators of enums without a tag: such an enum is repeated by every unit that includes its header. */
  private readonly enumerators = new Set<number>();

  constructor(sections: DwarfSections, pointerSize: 4 | 8) {
    this.units = new Units(sections);
    this.names = new Names(sections);
    this.context = entryContext(sections, this.units, this.names);
    const definitions = new Definitions(this.writer);
    this.types = new TypesOfUnits(this.writer, definitions, this.context, pointerSize);
    this.variables = new Variables(this.types, this.names);
  }

  run(program: readonly ProgramSection[]): Uint8Array {
    for (const bytes of this.units.all()) {
      const unit = new UnitEntries(bytes, this.context);
      const { root, header } = unit;
      if (root.isSkeleton || header.kind === UNIT.skeleton)
        throw new DwarfError(
          'the types are in separate files (.dwo, CONFIG_DEBUG_INFO_SPLIT), which mmscope does not read',
          header.start,
        );
      if (!OTHER_LANGUAGES.has(root.language)) this.unit(unit);
    }
    this.types.finish();
    this.variables.write(this.writer, program);
    return this.writer.bytes();
  }

  private unit(unit: UnitEntries): void {
    if (!unit.root.hasChildren) return;
    this.types.enter(unit);
    for (let at = unit.root.next; ;) {
      const abbreviation = unit.begin(at);
      if (abbreviation === undefined) return;
      if (namedKind(abbreviation.tag) !== undefined) {
        const entry = unit.read(at, abbreviation);
        this.named(entry, unit);
        at = unit.after(entry);
      } else if (abbreviation.tag === TAG.variable) {
        const entry = unit.read(at, abbreviation);
        this.variables.add(entry, unit);
        at = unit.after(entry);
      } else at = unit.skip(abbreviation);
    }
  }

  private named(entry: Entry, unit: UnitEntries): void {
    if (entry.isDeclaration || entry.definition >= 0) return;
    if (entry.name !== 0) this.types.add(entry);
    else if (entry.tag === TAG.enumerationType) {
      const [first] = unit.children(entry);
      if (first === undefined || this.enumerators.has(first.name)) return;
      this.enumerators.add(first.name);
      this.types.add(entry);
    }
  }
}
