/**
 * `node scripts/kernel/locals.mjs`: writes src/engine/entry/kernelLocals/, the types of the locals that listeners of the
 * instrumented kernel read by name: a local that is renamed is an error where it is read, not a value that is missing.
 */
import ts from 'typescript';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kernelSources } from './sources.mjs';

const FOLDER = path.join('src', 'engine', 'entry', 'kernelLocals');

/** Functions that are listened to, by file: by engine/verdict/recorder.ts and adapter/breakpoints/happenings/. */
const LISTENED = {
  pages: `
    __alloc_pages __alloc_pages_bulk __alloc_pages_direct_compact __alloc_pages_slowpath __free_one_page
    __perform_reclaim __rmqueue_fallback __rmqueue_pcplist __rmqueue_smallest __zone_watermark_ok alloc_contig_range
    boost_watermark cma_alloc del_page_from_free_list drain_all_pages expand free_pcppages_bulk get_page_from_freelist
    node_dirty_ok prep_new_page reserve_highatomic_pageblock rmqueue_bulk set_pageblock_migratetype
    steal_suitable_fallback unreserve_highatomic_pageblock wakeup_kswapd warn_alloc zone_watermark_fast
  `.match(/\S+/g),
  slabs: `
    ___slab_alloc __cache_free __kmalloc_large_node allocate_slab cache_alloc_refill cache_grow_begin do_slab_free fixup_slab_list free_slab
    get_partial_node kmem_cache_alloc_bulk kmem_getpages slab_alloc_node slab_destroy slab_out_of_memory
  `.match(/\S+/g),
  mappings: `
    __purge_vmap_area_lazy __vmalloc_area_node __vmalloc_node_range flush_all_zero_pkmaps map_new_virtual no_more_pkmaps
  `.match(/\S+/g),
  processes: `
    __do_huge_pmd_anonymous_page __split_huge_pmd_locked collapse_huge_page do_anonymous_page do_cow_fault
    do_huge_pmd_anonymous_page do_huge_pmd_wp_page do_read_fault do_shared_fault do_wp_page gup_put_folio handle_pte_fault
    ptep_set_access_flags set_huge_zero_page split_huge_page_to_list try_grab_page wp_page_copy wp_page_reuse
  `.match(/\S+/g),
  sleepers: `mutex_unlock rwsem_mark_wake try_to_wake_up up wake_page_function`.match(/\S+/g),
};

const HEAD = `/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: \`npm run locals\`.
 */
`;

/** The text of one file: an interface with a member for each function. */
function localsText({ checker, program, files, root }, title, listened) {
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
    .filter(({ node }) => listened.includes(node.name.text));
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
      const from = path.posix
        .relative('src/engine/entry/kernelLocals', file)
        .replace(/\.ts$/, '.js');
      return `import type { ${[...names].sort().join(', ')} } from '${from}';\n`;
    });
  return `${HEAD}${imports.join('')}\nexport interface ${title} {\n${functions.join('')}}\n`;
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

const titleOf = (name) => `${name[0].toUpperCase()}${name.slice(1)}Locals`;

const indexText = () => {
  const imports = Object.keys(LISTENED)
    .sort()
    .map((name) => `import type { ${titleOf(name)} } from './${name}.js';\n`);
  const titles = Object.keys(LISTENED).map(titleOf);
  return `${HEAD}${imports.join('')}\nexport interface KernelLocals extends ${titles.join(', ')} {}\n`;
};

const root = path.dirname(path.dirname(import.meta.dirname));
const sources = { ...(await kernelSources(root)), root };
const { format, resolveConfig } = await import('prettier');
const write = async (name, text) => {
  const file = path.join(root, FOLDER, `${name}.ts`);
  const options = { ...(await resolveConfig(file)), filepath: file };
  await writeFile(file, await format(text, options));
};
for (const [name, listened] of Object.entries(LISTENED))
  await write(name, localsText(sources, titleOf(name), listened));
await write('kernelLocals', indexText());
