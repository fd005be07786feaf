/** The room for reports, as the extension needs it. It is loaded with the first report, not when the extension starts. */
export { captureOf, partnerOf } from '../capture/readCapture.js';
export { CaptureMachine } from '../capture/captureMachine.js';
export { binaryFindings, binaryKindOf } from '../../report/binary/explain.js';
export { explain } from '../../report/explain.js';
export { markdown } from '../../report/render/markdown.js';
export { reportPage } from './reportPage.js';
export { reportStarts } from '../../report/starts.js';
