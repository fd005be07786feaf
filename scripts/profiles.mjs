/**
 * Makes the bundled profiles from real kernel builds: `npm run profiles [-- --from KERNELS --golden GOLDEN]`.
 *
 * KERNELS/NAME holds vmlinux.btf.gz, globals.json.gz, System.map.gz and config.gz; GOLDEN/NAME-RAM/static.trace.gz a %layout
 * block, from which come the preprocessor constants. What is taken is said in profiles/selection.mjs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { bundleForNode, root } from './bundle.mjs';
import { namesInNoBuild } from './profiles/check.mjs';
import { growthOf } from './profiles/growth.mjs';
import { selectConfig, selectConstants } from './profiles/constants.mjs';
import { selectSymbols } from './profiles/symbols.mjs';
import { selectTypes } from './profiles/types.mjs';

const { values: options } = parseArgs({
  options: {
    from: { type: 'string', default: path.join(root, 'test/golden/data/kernels') },
    golden: { type: 'string', default: path.join(root, 'test/golden/data') },
  },
});
const NAMES = [
  'i386-highmem4g-slub',
  'i386-pae-slab',
  'x86_64-slub',
  'x86_64-slab',
  'x86_64-slub-smp',
];

const load = async (file) => import(pathToFileURL((await bundleForNode([file]))[0]).href);
const engine = {
  ...(await load('src/engine/types/btf.ts')),
  ...(await load('src/engine/types/declaration.ts')),
  ...(await load('src/engine/types/layout.ts')),
  ...(await load('src/engine/types/profileData.ts')),
  ...(await load('src/engine/types/typeName.ts')),
  ...(await load('src/engine/types/typeText.ts')),
  ...(await load('src/engine/types/typeTextWriter.ts')),
};

const unzip = (...parts) => gunzipSync(readFileSync(path.join(...parts)));

/** The lines of the %layout block recorded on this build. */
function layoutOf(name) {
  const folder = readdirSync(options.golden).find(
    (entry) =>
      new RegExp(`^${name}-\\d+[MG]$`).test(entry) &&
      readdirSync(path.join(options.golden, entry)).includes('static.trace.gz'),
  );
  if (folder === undefined) throw new Error(`no static.trace.gz for ${name} in ${options.golden}`);
  const lines = unzip(options.golden, folder, 'static.trace.gz').toString().split('\n');
  const start = lines.indexOf('%layout');
  return lines.slice(start + 1, lines.indexOf('%end', start));
}

const core = await load('scripts/profiles/core.ts');

/** What the recorded machine had allocated when its core was taken. */
function bootOf(name) {
  const cores = path.join(options.golden, 'cores');
  const folder = readdirSync(cores).find((entry) => new RegExp(`^${name}-\\d+[MG]$`).test(entry));
  if (folder === undefined) throw new Error(`no core of ${name} in ${cores}`);
  const image = core.openCore(core.randomAccessOf(unzip(cores, folder, 'before.vmcore.gz')));
  const dumps = unzip(cores, folder, 'before.trace.gz').toString('latin1').split('\n');
  return growthOf(core, image, dumps);
}

const archOf = (config) =>
  /^CONFIG_X86_64=y/m.test(config)
    ? 'x86_64'
    : /^CONFIG_X86_PAE=y/m.test(config)
      ? 'i386-pae'
      : 'i386';

function makeProfile(name) {
  const from = path.join(options.from, name);
  const config = unzip(from, 'config.gz').toString();
  const table = engine.readBtf(unzip(from, 'vmlinux.btf.gz'));
  const globals = JSON.parse(unzip(from, 'globals.json.gz').toString());
  const map = unzip(from, 'System.map.gz').toString();
  const arch = archOf(config);
  const smp = /^CONFIG_SMP=y/m.test(config);
  const layout = layoutOf(name);
  const symbols = selectSymbols(engine, table, { globals, map, layout, smp });
  const types = selectTypes(engine, table, symbols.types);
  const carried = engine.readTypeText(types, table.pointerSize);
  const enumerators = (each) => carried.enumerator(each)?.value;
  const constants = selectConstants(arch, layout, config, enumerators);
  const release = /^# Linux\/\S+ (\S+) Kernel Configuration/m.exec(config)?.[1];
  const set = selectConfig(config);
  const facts = { types, symbols: symbols.lines, constants, config: set, boot: bootOf(name) };
  return { name, release, arch, ...facts };
}

const made = NAMES.map(makeProfile);
const missing = namesInNoBuild(made.map(engine.readProfile));
if (missing.length > 0) throw new Error(`selected, but in no build: ${missing.join(' ')}`);
for (const profile of made) {
  const text = `${JSON.stringify(profile, null, 1)}\n`;
  const file = path.join(root, 'src/engine/types/profiles', `${profile.name}.json`);
  writeFileSync(file, text);
  console.log(`${path.relative(root, file)} ${Math.round(text.length / 1024)} KiB`);
}
