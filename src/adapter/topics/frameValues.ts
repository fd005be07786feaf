/** The custom requests by which the map colours frames and writes into their cells (src/engine/view/frameValues.ts). */
import {
  dumpFrameLabels,
  dumpReadingsOf,
  statedFramesOfDump,
} from '../../engine/view/dumpReadings.js';
import {
  frameLabels,
  frameValues,
  readingsOf,
  statedFrames,
} from '../../engine/view/frameReadings.js';
import { MAX_LABELS } from '../../engine/view/frameValues.js';
import { MAX_CELLS } from '../../engine/view/map.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const frameValuesHandlers = (
  session: Session,
): Handlers<'mmscope/frameValues' | 'mmscope/frameLabels'> => ({
  'mmscope/frameValues'({ firstPfn, framesPerCell, cells, by }) {
    const { image, context } = session.current.target;
    const { dumped } = image;
    const isPowerOfTwo = Number.isInteger(Math.log2(framesPerCell));
    if (!isPowerOfTwo || firstPfn < 0 || firstPfn % framesPerCell !== 0)
      throw errors.badArguments(
        "'framesPerCell' must be a power of two, and 'firstPfn' a multiple of it.",
      );
    if (cells < 0 || cells > MAX_CELLS)
      throw errors.badArguments(`'cells' must be at most ${MAX_CELLS}.`);
    const readings =
      dumped === undefined
        ? readingsOf(context.surveyor, by)
        : dumpReadingsOf(dumped, context.atlas.spaces, by);
    if (readings === undefined)
      throw errors.badArguments(
        `'by' must be order, migratetype, zone, references, mappings, pins, age, owner or a page flag, not '${by}'.`,
      );
    const frames =
      dumped === undefined ? statedFrames(context.surveyor) : statedFramesOfDump(dumped);
    const values = toBase64(frameValues(frames, readings, firstPfn, framesPerCell, cells));
    const names = readings.names?.();
    return { values, ...(names !== undefined && { names }) };
  },

  'mmscope/frameLabels'({ firstPfn, nrFrames }) {
    const { image, context } = session.current.target;
    if (firstPfn < 0 || nrFrames > MAX_LABELS)
      throw errors.badArguments(`'nrFrames' must be at most ${MAX_LABELS}.`);
    if (image.dumped !== undefined) return dumpFrameLabels(image.dumped, firstPfn, nrFrames);
    return frameLabels(context.surveyor, firstPfn, nrFrames);
  },
});
