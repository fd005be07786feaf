/** The webview's entry: the map of physical memory. */
import { App } from './app.js';
import { registerControls } from './controls.js';
import { Host } from './host.js';

registerControls();
const host = new Host();
const root = document.getElementById('map');
if (root !== null) {
  const app = new App(host, root);
  host.start({
    session: (session) => app.showSession(session),
    reveal: (pfn) => app.reveal(pfn),
  });
}
