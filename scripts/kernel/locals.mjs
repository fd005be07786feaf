/**
 * `node scripts/kernel/locals.mjs`: writes src/engine/entry/kernelLocals.ts, the types of the locals that listeners of the
 * instrumented kernel read by name: a local that is renamed is an error where it is read, not a value that is missing.
 */
import ts from 'typescript';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kernelSources } from './sources.mjs';

export const LOCALS_FILE = path.join('src', 'engine', 'entry', 'kernelLocals.ts');

/** Functions that are listened to: by engine/verdict/recorder.ts and adapter/breakpoints/happenings/. */
const LISTENED = `
  ___slab_alloc __alloc_pages __alloc_pages_bulk __alloc_pages_direct_compact __alloc_pages_slowpath __cache_free
  __free_one_page __perform_reclaim __purge_vmap_area_lazy __rmqueue_fallback __rmqueue_pcplist __rmqueue_smallest
  __vmalloc_area_node __vmalloc_node_range __zone_watermark_ok alloc_contig_range allocate_slab boost_watermark
  cache_alloc_refill cache_grow_begin cma_alloc del_page_from_free_list do_slab_free drain_all_pages expand
  fixup_slab_list flush_all_zero_pkmaps free_pcppages_bulk free_slab get_page_from_freelist get_partial_node
  kmem_cache_alloc_bulk kmem_getpages map_new_virtual no_more_pkmaps node_dirty_ok prep_new_page
  reserve_highatomic_pageblock rmqueue_bulk set_pageblock_migratetype slab_alloc_node slab_destroy slab_out_of_memory
  steal_suitable_fallback unreserve_highatomic_pageblock wakeup_kswapd warn_alloc zone_watermark_fast
`.match(/\S+/g);

const HEAD = `/**
 * Parameters and locals of the kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: \`npm run locals\`.
 */
`;

/** The file's text. */
export async function localsText(root) {
  const { checker, program, files } = await kernelSources(root);
  const ctypes = path.join(root, 'src', 'engine', 'machine', 'ctypes.ts');
  const module = checker.getSymbolAtLocation(program.getSourceFile(ctypes));
  const exported = new Set(checker.getExportsOfModule(module).map(({ name }) => name));
  /** File of the engine -> types of it that are named. */
  const named = new Map();
  const inferred = new Set();
  const found = files
    .flatMap(({ parts }) => parts)
    .flatMap(({ source }) =>
      source.statements.filter(ts.isFunctionDeclaration).map((node) => ({ source, node })),
    )
    .filter(({ node }) => LISTENED.includes(node.name.text));
  const functions = [...new Set(found.map(({ node }) => node.name.text))].sort().map((name) => {
    const each = found
      .filter(({ node }) => node.name.text === name)
      .map(({ source, node }) => localsOf(checker, source, node, { named, inferred }));
    return functionText(name, each);
  });
  const cTypes = 'src/engine/machine/ctypes.ts';
  for (const word of inferred)
    if (exported.has(word)) named.set(cTypes, (named.get(cTypes) ?? new Set()).add(word));
  const imports = [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, names]) => {
      const from = path.posix.relative('src/engine/entry', file).replace(/\.ts$/, '.js');
      return `import type { ${[...names].sort().join(', ')} } from '${from.startsWith('.') ? from : `./${from}`}';\n`;
    });
  return `${HEAD}${imports.join('')}\nexport interface KernelLocals {\n${functions.join('')}}\n`;
}

/** @returns {Map<string, { written: string, isOptional: boolean }>} */
function localsOf(checker, source, node, names) {
  const locals = new Map();
  const add = (name, declaration, isOptional) => {
    if (name.text === 'k') return;
    const written = declaration.type?.getText(source) ?? spelled(checker, name);
    for (const word of written.match(/\b[A-Z]\w+\b/g) ?? [])
      note(checker, declaration, word, names);
    const known = locals.get(name.text);
    locals.set(name.text, {
      written: known?.written ?? written,
      isOptional: isOptional && known?.isOptional !== false,
    });
  };
  for (const parameter of node.parameters) add(parameter.name, parameter, false);
  const visit = (inner) => {
    if (ts.isFunctionLike(inner)) return;
    if (ts.isVariableDeclaration(inner) && ts.isIdentifier(inner.name))
      add(inner.name, inner, true);
    ts.forEachChild(inner, visit);
  };
  ts.forEachChild(node.body, visit);
  return locals;
}

/** SLAB and SLUB have functions of the same name: what only one of them has is optional. */
function functionText(functionName, each) {
  const names = [...new Set(each.flatMap((locals) => [...locals.keys()]))];
  const lines = names.map((name) => {
    const known = each.flatMap((locals) => locals.get(name) ?? []);
    const isOptional = known.length < each.length || known.some((one) => one.isOptional);
    const types = [...new Set(known.map(({ written }) => written))];
    return `    readonly ${name}${isOptional ? '?' : ''}: ${types.join(' | ')};\n`;
  });
  return `  readonly ${functionName}: {\n${lines.join('')}  };\n`;
}

const spelled = (checker, name) => {
  const text = checker.typeToString(
    checker.getTypeAtLocation(name),
    name,
    ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope,
  );
  return /^[\w.[\]]+$/.test(text) ? text : 'unknown';
};

/** Remembers where a type's name comes from. */
function note(checker, declaration, word, { named, inferred }) {
  const symbol = checker.resolveName(
    word,
    declaration,
    ts.SymbolFlags.Type | ts.SymbolFlags.Alias,
    false,
  );
  // A type that was inferred, and has no name in that file.
  if (symbol === undefined) return void inferred.add(word);
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const file = target.declarations?.[0]?.getSourceFile().fileName;
  const inEngine = /src\/engine\/.*$/.exec(file ?? '')?.[0];
  if (inEngine === undefined) return;
  named.set(inEngine, (named.get(inEngine) ?? new Set()).add(word));
}

if (process.argv[1] === import.meta.filename) {
  const root = path.dirname(path.dirname(import.meta.dirname));
  const { format, resolveConfig } = await import('prettier');
  const file = path.join(root, LOCALS_FILE);
  const options = { ...(await resolveConfig(file)), filepath: file };
  await writeFile(file, await format(await localsText(root), options));
}
