/** Makes build/mmscope.vsix from a fresh build, and checks its size: `npm run package`. */
import { createVSIX } from '@vscode/vsce';
import fs from 'node:fs';
import path from 'node:path';
import { buildAll, checkBudgets } from './build.mjs';
import { root } from './bundle.mjs';

const MAX_VSIX_BYTES = 3.8e6;

/** Packs what is in dist/ (everything is bundled: no dependency goes along). Returns the VSIX's path. */
export async function packageVsix() {
  const packagePath = path.join(root, 'build', 'mmscope.vsix');
  fs.mkdirSync(path.dirname(packagePath), { recursive: true });
  await createVSIX({
    cwd: root,
    packagePath,
    dependencies: false,
    // There is no public repository to point the README's relative links at: they stay as they are.
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const size = fs.statSync(packagePath).size;
  console.log(`build/mmscope.vsix: ${size} bytes of ${MAX_VSIX_BYTES}`);
  if (size > MAX_VSIX_BYTES) throw new Error('the VSIX is over its budget');
  return packagePath;
}

/** The stand-in for the hex editor, for hosts that cannot reach the marketplace. Returns the VSIX's path. */
export async function packageHexEditor() {
  const packagePath = path.join(root, 'build', 'hex-editor.vsix');
  await createVSIX({
    cwd: path.join(root, 'scripts', 'vscode-host', 'hex-editor'),
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}

if (process.argv[1] === import.meta.filename) {
  const over = checkBudgets(await buildAll());
  if (over.length > 0) throw new Error(`over budget: ${over.join(', ')}`);
  await packageVsix();
  await packageHexEditor();
}
