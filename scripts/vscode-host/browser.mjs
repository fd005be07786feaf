/** Chromium for tests: found or installed, and started without a window. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser's path, undefined when there is none. */
function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const dir of (process.env.PATH ?? '').split(':'))
    for (const name of NAMES) if (fs.existsSync(`${dir}/${name}`)) return `${dir}/${name}`;
  return undefined;
}

/** Installs Debian's Chromium where that is possible. Returns its path, or why there is none. */
export function ensureChromium(say = console.log) {
  const found = findChromium();
  if (found !== undefined) return { path: found };
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (spawnSync('apt-get', ['--version']).status !== 0)
    return { reason: 'no Chromium, and no apt-get to install it' };
  if (prefix.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0)
    return { reason: 'no Chromium, and neither root nor sudo to install it' };
  say('installing Chromium from Debian ...');
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'apt-get', ...args];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(command, rest, { encoding: 'utf8', env });
  };
  apt('update', '-qq');
  const done = apt(
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    'chromium',
    'fonts-dejavu-core',
  );
  const installed = findChromium();
  return installed !== undefined
    ? { path: installed }
    : { reason: `no Chromium: apt-get said: ${done.stderr.trim().split('\n').at(-1)}` };
}

export async function launchBrowser() {
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    // Nothing reaches out; and root, as in a container, has no sandbox.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
