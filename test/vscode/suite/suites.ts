/** Every suite of the extension host; called when mocha's `describe` is there. */
import { debugSuite } from './debugSuite.js';
import { languageSuite } from './languageSuite.js';
import { manifestSuite } from './manifestSuite.js';
import { servicesSuite } from './servicesSuite.js';
import { toolsSuite } from './toolsSuite.js';

export function defineSuites(): void {
  manifestSuite();
  languageSuite();
  servicesSuite();
  toolsSuite();
  debugSuite();
}
