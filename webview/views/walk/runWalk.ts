/** The walk as the processor makes it, once: each arrow is drawn from its entry on, one after the other, in 200 ms together. */

const DURATION_MS = 200;

export function runWalk(root: HTMLElement): void {
  const arrows = [...root.querySelectorAll<SVGPathElement>('[data-arrow="whole"]')];
  const each = DURATION_MS / Math.max(1, arrows.length);
  arrows.forEach((arrow, i) => {
    const length = arrow.getTotalLength();
    arrow.animate(
      [
        { strokeDasharray: `${length}`, strokeDashoffset: `${length}` },
        { strokeDasharray: `${length}`, strokeDashoffset: '0' },
      ],
      { duration: each, delay: i * each, fill: 'backwards' },
    );
  });
}
