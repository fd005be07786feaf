/** The types of a profile: those selected, and what they need, as lines. */
import { DECLARED, ENUMS, PARTS, SIZE_ONLY, TYPE_MACROS, TYPEDEFS, TYPES, UNTAGGED_ENUMS } from './selection.mjs';

/**
 * @param engine the bundled src/engine/types
 * @param table all types of the kernel
 * @param used types of the symbols
 */
export function selectTypes(engine, table, used) {
  const chosen = { whole: new Map(), sizes: new Map(), enums: new Map(), typedefs: new Map() };
  const key = (type) => `${type.kind} ${type.name}`;

  /** `type` is contained by value (or, from behind a pointer, only named). */
  const need = (type, behindPointer) => {
    switch (type.kind) {
      case 'typedef':
        if (chosen.typedefs.has(type.name)) return;
        chosen.typedefs.set(type.name, type);
        need(type.target, behindPointer);
        return;
      case 'pointer':
        need(type.target, true);
        return;
      case 'array':
        need(type.element, behindPointer);
        return;
      case 'function':
        need(type.result, true);
        for (const parameter of type.parameters) need(parameter.type, true);
        return;
      case 'enum':
        if (type.name !== '') chosen.enums.set(type.name, type);
        return;
      case 'struct':
      case 'union':
        if (type.name === '') needMembers(type);
        else if (behindPointer || !type.complete || SIZE_ONLY.includes(type.name)) {
          if (!chosen.sizes.has(key(type))) chosen.sizes.set(key(type), complete(type));
        } else whole(type);
    }
  };
  const needMembers = (type) => {
    const parts = PARTS[type.name];
    for (const member of type.members) {
      if (parts === undefined || parts.includes(member.name)) need(member.type, false);
    }
  };
  const whole = (type) => {
    if (chosen.whole.has(key(type))) return;
    chosen.whole.set(key(type), type);
    needMembers(type);
  };
  /** A forward declaration's size may be known elsewhere in the kernel. */
  const complete = (type) =>
    type.complete
      ? type
      : ((type.kind === 'struct' ? table.struct(type.name) : table.union(type.name)) ?? type);

  for (const [tag, members] of Object.entries(DECLARED))
    if (table.struct(tag)?.complete !== true) whole(declared(engine, table, tag, members));
  for (const tag of [...TYPES, ...Object.keys(DECLARED), ...Object.keys(PARTS)]) {
    for (const type of [table.struct(tag), table.union(tag)]) if (type?.complete) whole(type);
  }
  for (const tag of ENUMS) if (table.enum(tag)) chosen.enums.set(tag, table.enum(tag));
  for (const name of TYPEDEFS) if (table.typedef(name)) need(table.typedef(name), false);
  for (const type of used) need(type, false);
  for (const [name, text] of Object.entries(TYPE_MACROS)) {
    chosen.typedefs.set(name, { kind: 'typedef', name, target: engine.parseCType(text, table) });
  }
  const untagged = new Set(UNTAGGED_ENUMS.map((name) => table.enumerator(name)?.type));

  const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const sizes = [...chosen.sizes].filter(([k]) => !chosen.whole.has(k)).map(([, type]) => type);
  return [
    ...[...chosen.whole.values()].sort(byName).flatMap((type) => {
      const parts = PARTS[type.name];
      return engine.writeStruct(type, parts && ((name) => parts.includes(name)));
    }),
    ...sizes.sort(byName).map(engine.writeOpaque),
    ...[...chosen.enums.values()].sort(byName).flatMap(engine.writeEnum),
    ...[...untagged].filter((type) => type?.name === '').flatMap(engine.writeEnum),
    ...[...chosen.typedefs.values()].sort(byName).flatMap(engine.writeTypedef),
  ];
}

/** A structure by its members' declarations. */
function declared(engine, table, name, declarations) {
  const { pointerSize } = table;
  const roundUp = (size, to) => Math.ceil(size / to) * to;
  let size = 0;
  let align = 1;
  const members = declarations.map((text) => {
    const { name: member, type } = engine.parseDeclaration(text, table);
    const own = engine.alignOf(type, pointerSize);
    align = Math.max(align, own);
    const offset = roundUp(size, own);
    size = offset + engine.sizeOf(type, pointerSize);
    return { name: member, type, offsetBits: offset * 8, widthBits: 0 };
  });
  return { kind: 'struct', name, sizeBytes: roundUp(size, align), complete: true, members };
}
