import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { Scene } from './testing/scene.ts';

describe('a group that was closed', () => {
  it('costs no alarms until it is forgotten, and then nothing is left of it', () => {
    const scene = new Scene({ seed: 1, nodes: 12, descriptor: { delivery: 'ordered' } });
    const [opener] = scene.ring.live;
    scene.open();
    scene.ring.run(2_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(6_000);
    scene.ring.command(opener!, { type: 'open', descriptor: { ...scene.descriptor, version: 2, closed: true } });
    scene.ring.run(8_000);
    let inputs = 0;
    scene.ring.observers.push({ onEvent: () => undefined, afterInput: () => inputs++ });
    scene.ring.run(20_000);
    assert.ok(inputs < 20 * scene.ring.live.length, `${inputs} inputs`);
    for (const member of scene.ring.live) assert.deepEqual(member.machine.groups(), []);
  });
});
