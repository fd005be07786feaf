import assert from 'node:assert/strict';
import { asCell, asPhys } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { Tape } from '../../src/engine/memory/tape.js';
import { lastChange } from '../../src/engine/memory/writeSearch.js';

/** A small linear congruential generator: the tests are the same each time. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
}

/** The 64 frames of the test's machine. */
const copyOfWords = (memory: PhysicalMemory): Buffer =>
  Buffer.from(memory.words.slice(0, 65 * 1024).buffer);

describe('tape', () => {
  it('n entries forward and n back: the same memory and the same hash', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = lcg(seed);
      const memory = new PhysicalMemory(64);
      const tape = new Tape(memory);
      const seen: { position: number; hash: string; words: Buffer }[] = [];
      for (let step = 0; step < 200; step++) {
        for (let i = random() % 20; i > 0; i--)
          tape.write(memory.cell(asPhys((random() % (64 * 1024)) * 4)), random() % 4);
        seen.push({ position: tape.cursor, hash: tape.hash(), words: copyOfWords(memory) });
      }
      for (let i = 0; i < 100; i++) {
        const at = seen[random() % seen.length];
        assert.ok(at);
        tape.seek(at.position);
        assert.equal(tape.hash(), at.hash);
        assert.ok(copyOfWords(memory).equals(at.words), `memory at ${at.position}`);
      }
    }
  });

  it('cuts what lay to the right when it writes in the past', () => {
    const memory = new PhysicalMemory(1);
    const tape = new Tape<string>(memory);
    const cell = memory.cell(asPhys(0));
    for (let value = 1; value <= 10; value++) {
      tape.mark(`before ${value}`);
      tape.write(cell, value);
    }
    tape.seek(4);
    tape.write(cell, 99);
    assert.equal(tape.end, 5);
    assert.equal(lastChange(tape, [{ cell, mask: -1 }], tape.cursor), 4);
    assert.deepEqual(
      tape.marksBetween(0, 100).map((mark) => mark.event),
      ['before 1', 'before 2', 'before 3', 'before 4'],
    );
  });

  it('forgets the oldest history beyond its limit and keeps the hash', () => {
    const memory = new PhysicalMemory(1);
    const bounded = new Tape(memory, { maxEntries: 1 << 17 });
    const whole = new Tape(new PhysicalMemory(1));
    const cell = memory.cell(asPhys(8));
    whole.memory.cell(asPhys(8));
    for (let value = 1; value <= 1 << 19; value++) {
      bounded.write(cell, value);
      whole.write(asCell(cell), value);
    }
    assert.ok(bounded.start > 0);
    assert.equal(bounded.hash(), whole.hash());
    assert.equal(bounded.seek(0), bounded.start);
    assert.equal(memory.words[cell], bounded.start);
    whole.seek(bounded.start);
    assert.equal(bounded.hash(), whole.hash());
  });

  it('gives back what it holds beyond a lower limit, and takes more again', () => {
    const memory = new PhysicalMemory(1);
    const tape = new Tape(memory, { maxEntries: 1 << 19 });
    const whole = new Tape(new PhysicalMemory(1));
    const cell = memory.cell(asPhys(8));
    whole.memory.cell(asPhys(8));
    let value = 0;
    const write = (entries: number): void => {
      for (let i = 0; i < entries; i++) {
        tape.write(cell, ++value);
        whole.write(asCell(cell), value);
      }
    };
    const kept = (): number => tape.end - tape.start;
    write(1 << 20);
    // As many as were allowed, and never room for more.
    assert.equal(kept(), 1 << 19);
    write(1);
    assert.ok(kept() < 1 << 19 && kept() > (1 << 19) - (1 << 16));
    tape.keepAtMost(1 << 17);
    write(1 << 17);
    assert.ok(kept() > 1 << 16 && kept() <= 1 << 17, `${kept()} entries`);
    assert.equal(tape.hash(), whole.hash());
    tape.seek(tape.start);
    whole.seek(tape.start);
    assert.equal(memory.words[cell], tape.start);
    assert.equal(tape.hash(), whole.hash());
    tape.seek(tape.end);
    whole.seek(whole.end);
    tape.keepAtMost(tape.maxEntries);
    write(1 << 20);
    assert.ok(kept() > (1 << 19) - (1 << 16) && kept() <= 1 << 19);
  });

  it('keeps what somebody may have to undo beyond its limit, up to a limit of its own', () => {
    const memory = new PhysicalMemory(1);
    const tape = new Tape(memory, { maxEntries: 1 << 17 });
    const cell = memory.cell(asPhys(8));
    let value = 0;
    const write = (entries: number): void => {
      for (let i = 0; i < entries; i++) tape.write(cell, ++value);
    };
    write(1 << 18);
    const before = tape.cursor;
    tape.hold();
    write(1 << 22);
    assert.ok(tape.start <= before);
    tape.seek(before);
    assert.equal(memory.words[cell], before);
    // The next one holds what is its own, and the rest goes.
    write(1 << 22);
    tape.hold();
    write(1 << 17);
    assert.ok(tape.end - tape.start <= 1 << 18, `${tape.end - tape.start} entries`);
    const late = tape.cursor;
    tape.hold();
    write(3 << 22);
    assert.ok(tape.start > late);
    assert.ok(tape.end - tape.start <= 1 << 17, `${tape.end - tape.start} entries`);
  });

  it('forgotten history: the hash is the same, whenever it is asked for, also of frames that were touched late', () => {
    const machine = (maxEntries: number) => {
      const memory = new PhysicalMemory(4);
      memory.addRule({
        startFrame: 1,
        endFrame: 4,
        fill: (frame, words, at) => words.fill(frame * 7, at, at + 100),
      });
      return { memory, tape: new Tape(memory, { maxEntries }) };
    };
    const bounded = machine(1 << 17);
    const whole = machine(1 << 22);
    const both = [bounded, whole];
    for (let i = 1; i <= 1 << 20; i++) {
      // Another frame from each quarter on.
      const frame = Math.min(3, i >> 18);
      for (const { memory, tape } of both)
        tape.write(memory.cell(asPhys(frame * 4096 + (i % 50) * 4)), i);
      if (i % 150_001 === 0) assert.equal(bounded.tape.hash(), whole.tape.hash());
    }
    assert.ok(bounded.tape.start > 3 << 18);
    for (const { tape } of both) tape.seek(tape.end - 70_000);
    assert.equal(bounded.tape.hash(), whole.tape.hash());
    for (const { memory, tape } of both) tape.write(memory.cell(asPhys(4)), 5);
    assert.equal(bounded.tape.hash(), whole.tape.hash());
  });

  it('an unchanged word is no entry', () => {
    const memory = new PhysicalMemory(1);
    const tape = new Tape(memory);
    tape.write(memory.cell(asPhys(0)), 0);
    assert.equal(tape.end, 0);
  });
});

describe('physical memory', () => {
  it('costs what was touched, and reads untouched frames by rule', () => {
    const memory = new PhysicalMemory(1 << 24);
    memory.addRule({
      startFrame: 0x1000,
      endFrame: 0x2000,
      fill: (frame, words, cell) => void words.fill(frame, cell, cell + 1024),
    });
    assert.deepEqual([...memory.readBytes(asPhys(0x1001ffe), 4)], [0, 0, 0x02, 0x10]);
    assert.equal(memory.nrTouchedFrames, 0);
    assert.equal(memory.words[memory.cell(asPhys(0x1234000))], 0x1234);
    assert.equal(memory.nrTouchedFrames, 1);
    assert.equal(memory.cell(asPhys(2 ** 40)), 0);
  });

  it('places frames of one structure side by side', () => {
    const memory = new PhysicalMemory(256);
    memory.addPlacement((frame) => (frame >= 100 && frame < 103 ? [100, 101, 102] : undefined));
    const last = memory.cell(asPhys(102 * 4096));
    memory.cell(asPhys(5 * 4096));
    assert.equal(memory.cell(asPhys(100 * 4096)), last - 2048);
    assert.equal(memory.physOf(last), 102 * 4096);
  });
});
