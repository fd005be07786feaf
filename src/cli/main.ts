/**
 * The command line: `mmscope MODE ARGUMENTS`. One row a mode. Only this file, openFile.ts, meter.ts, inlining.ts and
 * nativeFigures.ts of the room know node.
 *
 * Exit codes: 0 all is well; 1 the mode's own no (a difference, a failed expect); 2 it was called wrongly or an input cannot
 * be read.
 */
import { proc_names } from '../engine/entry/functions.js';
import { isPidFile, pidFileNames } from '../engine/inspect/proc/pid/files.js';
import { counted } from '../engine/view/counted.js';
import { bench, BENCH_GROUPS } from './bench/bench.js';
import { rowsJson, rowsTable, type Row } from './bench/rows.js';
import { dapServer, dapStdio } from './dap.js';
import { evaluateAll } from './eval/eval.js';
import { explainFiles, type ExplainRequest } from './explain.js';
import { exportCore } from './exportCore.js';
import { info, jsonInfo, procInfo } from './info.js';
import { inProcessOfItsOwn, processMeter } from './meter.js';
import { nativeFigures } from './nativeFigures.js';
import { GIVEN, GIVEN_FLAGS, GIVEN_USAGE, givenIn, optionsOf, type Options } from './options.js';
import { UsageError } from './usageError.js';
import { isInputError } from './inputError.js';
import { run } from './run/run.js';
import { parseVersion } from '../report/input/version.js';
import { replay } from './replay/replay.js';

interface Mode {
  readonly usage: string;
  readonly summary: string;
  /** Gives the exit code. @throws UsageError */
  readonly run: (args: readonly string[]) => number | Promise<number>;
}

const MODES: Readonly<Record<string, Mode>> = {
  replay: {
    usage: 'replay TRACE...',
    summary: 'perform the operations of recorded traces and compare every result and dump',
    run: (files) => replay(atLeastOne(files)),
  },
  run: {
    usage: 'run FILE.mms [--on DUMP|STATE]',
    summary:
      'run a scenario, on its own machine or on that of a file; fails when an expect does not hold',
    run: (args) => {
      const { rest, values } = optionsOf(args, ['--on'], []);
      return run(
        theOnly(rest),
        { out: console.log, err: console.error },
        { on: values.get('--on') },
      );
    },
  },
  dap: {
    usage: 'dap [--port N]',
    summary: 'the debug adapter, on stdin and stdout or on a port of 127.0.0.1',
    run: (args) => (args.length === 0 ? dapStdio() : dapServer(portOf(args))),
  },
  bench: {
    usage: 'bench [GROUP...] [--json]',
    summary: `measure on this machine, all or some of ${BENCH_GROUPS.join(', ')}`,
    run: async (args) => {
      const { rest, flags } = optionsOf(args, [], ['--json']);
      const unknown = rest.find((name) => !BENCH_GROUPS.includes(name));
      if (unknown !== undefined)
        throw new UsageError(`'${unknown}' is not one of ${BENCH_GROUPS.join(', ')}`);
      const native = nativeFigures(process.argv[1] ?? '');
      const groups = rest.length > 0 ? rest : BENCH_GROUPS;
      const [only = ''] = groups;
      const rows =
        groups.length === 1
          ? await bench(only, processMeter, native)
          : groups.flatMap((group) => inProcessOfItsOwn('bench', group, '--json') as Row[]);
      for (const line of flags.has('--json') ? [rowsJson(rows)] : rowsTable(rows, native))
        console.log(line);
      return 0;
    },
  },
  explain: {
    usage: 'explain FILE...|- [--json|--markdown] [--scenario OUT.mms] [--kernel VERSION]',
    summary:
      'explain reports in logs and captures of /proc: what they say, why, and a machine to step',
    run: (args) => explainFiles(explainRequest(args), console.log, console.error),
  },
  info: {
    usage: `info DUMP...|STATE [--json | --proc ${[...proc_names, 'PID/maps', 'PID/smaps', 'PID/status', 'PID/pagemap'].join('|')}] ${GIVEN_USAGE}`,
    summary:
      'describe the machine of a dump of any x86 kernel or of a recorded state; or print a file of its /proc',
    run: async (args) => {
      const options = optionsOf(args, ['--proc', ...GIVEN], ['--json', ...GIVEN_FLAGS]);
      const [path = '', ...parts] = atLeastOne(options.rest);
      const named = givenIn(options);
      const given = { ...named, parts: [...parts, ...(named.parts ?? [])] };
      const name = options.values.get('--proc');
      const json = options.flags.has('--json');
      if (json && name !== undefined) throw new UsageError('write --json or --proc, not both');
      if (json) console.log(await jsonInfo(path, given));
      else {
        const lines = await (name === undefined
          ? info(path, given)
          : procInfo(path, procNameOf(name), given));
        for (const line of lines) console.log(line);
      }
      return 0;
    },
  },
  export: {
    usage: `export DUMP|STATE|FILE.mms CORE ${GIVEN_USAGE}`,
    summary: 'write the machine, of a scenario where it ends, as an ELF core with VMCOREINFO',
    run: async (args) => {
      const options = optionsOf(args, GIVEN, GIVEN_FLAGS);
      const [from, to, ...more] = options.rest;
      if (from === undefined || to === undefined || more.length > 0)
        throw new UsageError('what to export and the file to write are needed');
      const size = await exportCore(from, to, givenIn(options));
      if (size > 0) console.log(`${to}: ${counted(size, 'byte')}`);
      return size > 0 ? 0 : 1;
    },
  },
  eval: {
    usage: `eval DUMP|STATE EXPRESSION... [--json] [--task PID] ${GIVEN_USAGE}`,
    summary:
      'evaluate expressions of C, where(x), walk(x), page(x) and commands such as ps on the machine of a dump',
    run: (args) => {
      const options = optionsOf(args, ['--task', ...GIVEN], ['--json', ...GIVEN_FLAGS]);
      const [path, ...expressions] = options.rest;
      if (path === undefined || expressions.length === 0)
        throw new UsageError('a dump and an expression are needed');
      return evaluateAll(
        path,
        expressions,
        { json: options.flags.has('--json'), pid: pidOf(options), given: givenIn(options) },
        { out: console.log, err: console.error },
      );
    },
  },
};

function atLeastOne(args: readonly string[]): readonly string[] {
  const flag = args.find((arg) => arg.startsWith('-'));
  if (flag !== undefined) throw new UsageError(`there is no option '${flag}'`);
  if (args.length === 0) throw new UsageError('a file is missing');
  return args;
}

function theOnly(args: readonly string[]): string {
  const [first, ...others] = atLeastOne(args);
  if (first === undefined || others.length > 0) throw new UsageError('one file at a time');
  return first;
}

function explainRequest(args: readonly string[]): ExplainRequest {
  const files: string[] = [];
  let form: ExplainRequest['form'] = 'text';
  let scenario: string | undefined;
  let kernel: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--json' || arg === '--markdown') form = arg === '--json' ? 'json' : 'markdown';
    else if (arg === '--scenario') scenario = valueOf(arg, args[++at]);
    else if (arg === '--kernel') kernel = valueOf(arg, args[++at]);
    else if (arg.startsWith('--')) throw new UsageError(`there is no option '${arg}'`);
    else files.push(arg);
  }
  if (files.length === 0) throw new UsageError("a file is missing: '-' reads the standard input");
  const version = kernel === undefined ? undefined : parseVersion(kernel);
  if (kernel !== undefined && version === undefined)
    throw new UsageError(
      `'${kernel}' is not a version of a kernel: write such as 4.9 or 6.1.60`,
      false,
    );
  return {
    files,
    form,
    ...(scenario === undefined ? {} : { scenario }),
    ...(version === undefined ? {} : { kernel: version }),
  };
}

function valueOf(option: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`${option} lacks its value`);
  return value;
}

function procNameOf(name = ''): string {
  if (!proc_names.includes(name) && !isPidFile(name)) {
    const ofProcesses = pidFileNames.map((file) => `PID/${file}`).join(', ');
    throw new UsageError(
      `'${name}' is not a file of /proc: write one of ${proc_names.join(', ')}, ${ofProcesses}`,
    );
  }
  return name;
}

function pidOf({ values }: Options): number | undefined {
  const text = values.get('--task');
  if (text === undefined) return undefined;
  if (!/^[0-9]+$/.test(text)) throw new UsageError(`'${text}' is not a pid: write a number`, false);
  return Number(text);
}

/** `--port N` and nothing else. */
function portOf(args: readonly string[]): number {
  const [flag, text = '', ...rest] = args;
  const port = Number(text);
  if (flag !== '--port' || rest.length > 0) throw new UsageError('--port N is the only option');
  if (!/^[0-9]+$/.test(text) || port > 65535)
    throw new UsageError(`'${text}' is not a port: write a number up to 65535`, false);
  return port;
}

function usage(modes = Object.values(MODES)): string {
  const rows = modes.map((mode) => `  mmscope ${mode.usage}\n      ${mode.summary}`);
  return ['usage:', ...rows].join('\n');
}

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const mode = MODES[name];
  if (mode === undefined) {
    console.error(usage());
    return 2;
  }
  try {
    return await mode.run(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`mmscope ${name}: ${error.message}`);
      if (error.isOfForm) console.error(usage([mode]));
      return 2;
    }
    if (isInputError(error)) {
      console.error(`mmscope: ${error.message}`);
      return 2;
    }
    throw error;
  }
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
