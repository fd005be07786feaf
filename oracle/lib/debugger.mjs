/**
 * QEMU's stub for debuggers, by gdb's remote protocol: stops a guest at a function. Clocks count instructions, so stops change
 * nothing in the guest.
 */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OracleError } from './commands.mjs';

/**
 * Connects to a guest that was started with `-S -gdb unix:SOCKET,server=on,wait=off`.
 *
 * @param isWide QEMU's processor has 64 bits, though the kernel may use 32 of them
 */
export async function debuggerOf(socketFile, isWide) {
  const socket = await connected(socketFile);
  let text = '';
  let wake = () => undefined;
  let isGone = false;
  socket.setNoDelay?.(true);
  socket.on('data', (data) => ((text += data.toString('latin1')), wake()));
  socket.on('error', () => undefined);
  socket.on('close', () => ((isGone = true), wake()));
  const send = (packet) => socket.write(`$${packet}#${checksum(packet)}`);

  const answer = async () => {
    for (;;) {
      const [whole, packet] = /^[^$]*\$([^#]*)#../.exec(text) ?? [];
      if (packet !== undefined) {
        text = text.slice(whole.length);
        socket.write('+');
        return packet;
      }
      if (isGone) throw new OracleError('The guest ended before it came to where it was to stop.');
      await new Promise((resolve) => (wake = resolve));
    }
  };
  const ask = async (packet) => (send(packet), answer());

  return {
    /** Goes on until one of `points` is reached for its last time. @param points { address, times } each; gives that one */
    async runTo(points) {
      const left = points.map(({ times }) => times);
      for (const { address } of points) await ask(`Z1,${address},1`);
      for (;;) {
        await ask('c');
        const at = programCounter(await ask('g'), isWide);
        const i = points.findIndex(({ address }) => at.endsWith(address));
        if (i >= 0 && --left[i] === 0) break;
        // One step without the point that it stands at.
        if (i >= 0) await ask(`z1,${points[i].address},1`);
        await ask('s');
        if (i >= 0) await ask(`Z1,${points[i].address},1`);
      }
      const reached = points[left.indexOf(0)];
      for (const { address } of points) await ask(`z1,${address},1`);
      return reached;
    },
    /** The guest goes on alone. */
    async leave() {
      await ask('D');
      socket.end();
    },
  };
}

async function connected(file) {
  for (let tries = 0; ; tries++) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = net.connect(file, () => resolve(socket));
        socket.on('error', reject);
      });
    } catch (error) {
      if (tries > 100) throw new OracleError(`QEMU's debugger does not answer: ${error.message}`);
      await sleep(50);
    }
  }
}

const checksum = (packet) =>
  (Buffer.from(packet).reduce((sum, byte) => sum + byte, 0) & 0xff).toString(16).padStart(2, '0');

/** Of all registers as they come: rip is the 17th, eip the 9th. */
function programCounter(registers, isWide) {
  const [index, digits] = isWide ? [16, 16] : [8, 8];
  const little = registers.slice(index * digits, (index + 1) * digits);
  return little.match(/../g).reverse().join('');
}
