/** The room for reports, as the extension needs it. It is loaded with the first report, not when the extension starts. */
export {
  binaryKindOf,
  countFinding,
  frameFinding,
  pagemapFinding,
} from '../../report/binary/explain.js';
export { explain } from '../../report/explain.js';
export { markdown } from '../../report/render/markdown.js';
export { reportStarts } from '../../report/starts.js';
