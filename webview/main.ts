/** The webview's entry: the window Memory. */
import { registerControls } from './controls.js';
import { Host } from './host.js';
import { MemoryWindow } from './shell/window.js';

registerControls();
const host = new Host();
const root = document.getElementById('map');
if (root !== null) {
  const memory = new MemoryWindow(host, root);
  host.start({
    session: (session) => memory.showSession(session),
    reveal: (place) => memory.reveal(place),
  });
}
