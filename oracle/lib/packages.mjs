/** Debian packages: what is missing is installed by name. */
import { spawnSync } from 'node:child_process';
import { OracleError } from './commands.mjs';

const isInstalled = (name) =>
  spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Abbrev}', name], {
    encoding: 'utf8',
  }).stdout?.startsWith('ii') === true;

/** Installs those of the packages that are missing, as root or through sudo. */
export function needPackages(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const [program, ...prefix] = isRoot ? ['apt-get'] : ['sudo', 'apt-get'];
  const apt = (args) =>
    spawnSync(program, [...prefix, ...args], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  console.log(`installing ${missing.join(' ')} ...`);
  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  if (apt(install) || (apt(['update', '-q']) && apt(install))) return;
  throw new OracleError(
    `These Debian packages are needed and could not be installed: ${missing.join(' ')}.\n` +
      'The kernel comes from linux-source-6.1, which Debian 12 has; install them with apt-get, then repeat the command.',
  );
}
