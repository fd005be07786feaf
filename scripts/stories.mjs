/**
 * Runs UI stories, all or some, in the extension that `npm run build` and `npm run package` left:
 * `npm run stories -- reports views` (files in test/vscode/ui).
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { root } from './bundle.mjs';
import { uiSuite } from './vscode-tests.mjs';

const program = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
let failed = 0;

await uiSuite(async (bundles, env) => {
  const args = ['--enable-source-maps', program, '--no-config', ...bundles];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  failed = await new Promise((resolve) => child.once('close', resolve));
}, process.argv.slice(2));
process.exit(failed);
