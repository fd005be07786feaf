import { bundleForNode } from './bundle.mjs';
console.log(await bundleForNode(process.argv.slice(2)));
