/**
 * `npm run oracle -- COMMAND ...`: asks the real kernel. One row a command; each is loaded when it is given.
 */
import { OracleError } from './lib/commands.mjs';

const COMMANDS = {
  build: {
    usage: 'build [--later] [KERNEL...]',
    summary: 'builds the kernels (all five if none is named); --later: with the later operations',
    run: async (args) => (await import('./commands/build.mjs')).build(args),
  },
  record: {
    usage: 'record MACHINE NAME... [--to FOLDER] [--cma SIZE] [--args TEXT] [--later]',
    summary:
      'records runs, named as FORMAT.md says (tour-s1), or FILE.ops, in a kernel with so much RAM',
    run: async (args) => (await import('./commands/record.mjs')).recordCommand(args),
  },
  core: {
    usage: 'core [--user] MACHINE [NAME...]',
    summary: 'dumps memory before and after runs; --user: while a user process runs',
    run: async (args) => (await import('./commands/core.mjs')).core(args),
  },
  compare: {
    usage: 'compare RECORDING...',
    summary: 'makes recordings again and compares them byte for byte',
    run: async (args) => (await import('./commands/compare.mjs')).compare(args),
  },
  native: {
    usage: 'native',
    summary:
      "measures Linux's own page allocator on this machine, for `npm run bench` to compare with",
    run: async () => (await import('./native/native.mjs')).native(),
  },
  maple: {
    usage: 'maple --to FOLDER [--seeds A..B] [--ops N]',
    summary:
      "random changes of maple trees by Linux's own lib/maple_tree.c, and every word after each",
    run: async (args) => (await import('./maple/maple.mjs')).maple(args),
  },
  names: {
    usage: 'names',
    summary: "writes test/data/linux-6.1-names.txt: the names of Linux's functions and macros",
    run: async () => (await import('./names/names.mjs')).names(),
  },
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === 'help') usage();
else await command(name, args);

function usage() {
  for (const { usage, summary } of Object.values(COMMANDS))
    console.log(`npm run oracle -- ${usage}\n    ${summary}`);
}

async function command(name, args) {
  try {
    if (!Object.hasOwn(COMMANDS, name))
      throw new OracleError(
        `There is no command "${name}"; \`npm run oracle -- help\` lists them.`,
      );
    await COMMANDS[name].run(args);
  } catch (error) {
    if (!(error instanceof OracleError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
