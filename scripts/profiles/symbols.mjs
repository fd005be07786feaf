/** The symbols of a profile: selected data symbols with their C types, and labels of sections. */
import { LABELS, SYMBOL_TYPES, SYMBOLS } from './selection.mjs';

/**
 * @param engine the bundled src/engine/types
 * @param table all types of the kernel
 * @param build `globals` name -> {address, size, type}, `map` text of System.map, `layout` lines of %layout, `smp`
 * @returns lines by rising address, and the types they use
 */
export function selectSymbols(engine, table, { globals, map, layout, smp }) {
  const addresses = new Map();
  for (const line of map.trim().split('\n')) {
    const [address, , name] = line.split(' ');
    if (!addresses.has(name)) addresses.set(name, BigInt(`0x${address}`));
  }
  const perCpuStart = addresses.get('__per_cpu_start');
  const perCpuEnd = addresses.get('__per_cpu_end');
  const isPerCpu = (address) => smp && address >= perCpuStart && address <= perCpuEnd;
  const isSelected = (name) => SYMBOLS.includes(name) || LABELS.includes(name);

  const chosen = new Map();
  for (const [fullName, symbol] of Object.entries(globals)) {
    const name = fullName.replace(/\.\d+$/, '');
    if (!isSelected(name) || chosen.has(name)) continue;
    const type = sized(engine, table, engine.parseCType(symbol.type, table), symbol.size);
    chosen.set(name, { name, address: BigInt(symbol.address), size: symbol.size, type });
  }
  for (const [fullName, address] of addresses) {
    const name = fullName.replace(/\.\d+$/, '');
    if (!isSelected(name) || chosen.has(name)) continue;
    const type = knownType(engine, table, name, layout);
    const size = type === undefined ? 0 : engine.sizeOf(type, table.pointerSize);
    chosen.set(name, { name, address, size, type });
  }
  const sorted = [...chosen.values()].sort((a, b) =>
    a.address < b.address ? -1 : a.address > b.address ? 1 : a.name < b.name ? -1 : 1,
  );
  return {
    lines: sorted.map(({ name, address, size, type }) => {
      const place = `${isPerCpu(address) ? '+' : ''}${address.toString(16)}`;
      return `${name} ${place} ${size}${type ? ` ${engine.typeName(type)}` : ''}`;
    }),
    types: sorted.flatMap(({ type }) => type ?? []),
  };
}

function knownType(engine, table, name, layout) {
  const text = SYMBOL_TYPES[name]?.replace(
    /\[(\w+)\]/,
    (_, constant) => `[${layout.find((line) => line.startsWith(`const ${constant} `))?.split(' ')[2]}]`,
  );
  if (text === undefined) return undefined;
  const type = engine.parseCType(text, table);
  if (type === undefined) throw new Error(`${name}: no type ${text}`);
  return type;
}

/** An array whose declaration leaves the length to its initializer is as long as the symbol is. */
function sized(engine, table, type, size) {
  if (type?.kind !== 'array') return type;
  const stride = engine.sizeOf(type.element, table.pointerSize);
  return stride === 0 ? type : { ...type, length: size / stride };
}
