/** The theme in force: its palette, who listens for another one, and whether the user wants motion. */
import { readPalette, type Palette } from '../draw/palette.js';

export class Theme {
  palette: Palette = readPalette(document.documentElement);

  constructor(private readonly changed: () => void) {
    const observer = new MutationObserver(() => {
      this.palette = readPalette(document.documentElement);
      this.changed();
    });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-vscode-theme-id', 'data-vscode-theme-kind'],
    });
  }

  get reducedMotion(): boolean {
    return (
      document.body.classList.contains('vscode-reduce-motion') ||
      window.matchMedia('(prefers-reduced-motion: reduce)').matches
    );
  }
}
