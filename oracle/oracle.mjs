/**
 * `npm run oracle -- COMMAND ...`: asks the real kernel. One row a command; each is loaded when it is given.
 */
import { OracleError } from './lib/commands.mjs';

const COMMANDS = {
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
