/** Running other programs; a failure is an OracleError, which the door prints as one plain message. */
import { spawnSync } from 'node:child_process';

/** What a person can do something about: printed without a stack. */
export class OracleError extends Error {}

/** Runs a program to its end, its output on the terminal. */
export function run(program, args, { cwd, env = {}, quiet = false } = {}) {
  const done = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  if (done.error) throw new OracleError(`${program} could not be started: ${done.error.message}`);
  if (done.status === 0) return done.stdout ?? '';
  const said = quiet
    ? `:\n${lastLines(`${done.stdout}${done.stderr}`)}`
    : '; what it said is above';
  throw new OracleError(`${program} ${args[0] ?? ''} failed${said}`);
}

export function lastLines(text, count = 20) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
