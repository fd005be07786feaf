/** The constants of a profile: what %layout recorded of the running kernel, composite GFP masks, and CONFIG_ values. */
import { CONFIG, GFP_COMPOSITES, RUN_TIME } from './selection.mjs';

/**
 * @param layout the lines of a %layout block
 * @param config text of .config
 * @param enumerators name -> value, of the enumerators that the profile's types carry
 */
export function selectConstants(arch, layout, config, enumerators) {
  const constants = new Map(layoutConstants(arch, layout));
  for (const [name, value] of derivedConstants(arch, layout)) constants.set(name, value);
  for (const [name, parts] of Object.entries(GFP_COMPOSITES)) {
    const value = compose(parts, constants);
    const recorded = constants.get(name);
    if (recorded !== undefined && BigInt(recorded) !== BigInt(value)) {
      throw new Error(`${name}: composed ${value}, recorded ${recorded}`);
    }
    constants.set(name, value);
  }
  for (const [name, value] of configValues(config)) constants.set(name, value);
  for (const [name, value] of constants) {
    const known = enumerators(name);
    if (known === undefined) continue;
    if (BigInt(known) !== BigInt(value)) throw new Error(`${name}: enum ${known}, %layout ${value}`);
    constants.delete(name);
  }
  return [...constants].map(([name, value]) => `${name} ${value}`);
}

/** Every option that .config sets, for the preprocessor: `SMP`, `NR_CPUS 8`, `LOCALVERSION "x"`. */
export const selectConfig = (config) =>
  [...config.matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map(([, name, value]) =>
    value === 'y' ? name : `${name} ${value}`,
  );

function* layoutConstants(arch, layout) {
  const left = new Set([...RUN_TIME.all, ...RUN_TIME[arch]]);
  for (const line of layout) {
    const [, raw, value] = /^(?:const|gfp|pageflag) (.*) (\S+)$/.exec(line) ?? [];
    if (raw === undefined) continue;
    // `(__force u32)SLAB_POISON`, `pgprot_val(PAGE_KERNEL)`, `cache_line_size()` are spelled as in C; we keep the name.
    const name = raw.replace(/^\((__force u32|unsigned long|u64)\)/, '').replace(/^pgprot_val\((\w+)\)$/, '$1');
    if (!left.has(name)) yield [name, value];
  }
}

/** What a recorded boot shows only in a sum: on i386 vmalloc starts a fixed distance above the end of lowmem. */
function* derivedConstants(arch, layout) {
  if (arch === 'x86_64') return;
  const recorded = (name) =>
    Number(layout.find((line) => line.startsWith(`const ${name} `))?.split(' ').at(-1));
  const offset = recorded('VMALLOC_START') - recorded('(unsigned long)high_memory');
  yield ['VMALLOC_OFFSET', `0x${offset.toString(16)}`];
}

function compose(parts, constants) {
  let value = 0;
  for (const part of parts.split(' ')) {
    const bits = Number(constants.get(part.replace('~', '')));
    value = part.startsWith('~') ? value & ~bits : value | bits;
  }
  return `0x${value.toString(16)}`;
}

function* configValues(config) {
  const set = new Map([...config.matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map((m) => [m[1], m[2]]));
  for (const name of CONFIG) {
    const value = set.get(name) ?? '0';
    yield [`CONFIG_${name}`, value === 'y' ? '1' : value];
  }
}
