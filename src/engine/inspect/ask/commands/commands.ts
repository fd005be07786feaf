/** The commands, by name. One row a command. */
import { Unanswerable, type Answer, type Asked } from '../answer.js';
import type { Command } from './command.js';
import { kmem } from './kmem.js';
import { list, ptov, rd, struct, vtop } from './memory.js';
import { ps, vm } from './processes.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  kmem,
  list,
  ps,
  ptov,
  rd,
  struct,
  vm,
  vtop,
};

/**
 * The answer of a command line such as `rd ffff888000000000 4`; undefined when it is not one: a name of C that is followed
 * by an operator is an expression.
 * @throws Unanswerable
 */
export function runCommand(asked: Asked, line: string): Answer | undefined {
  const [name = '', ...args] = line.trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || isOperator(args[0]) !== isOption(args[0])) return undefined;
  if (args.includes('--c')) {
    const c = command.c(args.filter((arg) => arg !== '--c'));
    return { text: c, data: { c } };
  }
  if (args.includes('--help')) throw new Unanswerable(`${command.usage}: ${command.summary}`);
  return command.run(asked, args);
}

/** `&init_task.tasks` is an argument, `& x` an operator. */
const isOperator = (arg = ''): boolean => /^(?:[-+*/%=<>|^?:.,()[\]]|&(?![A-Za-z_]))/.test(arg);

const isOption = (arg: string | undefined): boolean => arg !== undefined && /^--?[a-z]+$/.test(arg);
