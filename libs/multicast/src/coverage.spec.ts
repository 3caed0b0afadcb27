import assert from 'node:assert/strict';
import type { Id } from '@banyan/ids';
import { describe, it } from 'vitest';
import { sumOfCovers, type Coverage } from './coverage.ts';
import { COVER_WORST_MAX } from './messages.ts';
import { Roster, type Certificate } from './roster.ts';
import { idAt } from './testing/lone-node.ts';
import { Scene } from './testing/scene.ts';

const MAX = 100;
const at = (member: string, parent: string, moves: number, parts: Partial<Certificate> = {}): Certificate => ({ member: idAt(member), incarnation: 1, moves, parent: idAt(parent), state: 'in', reads: true, ...parts });

/** By the first digits of their ids. */
function sorted(roster: Roster): { readonly present: readonly string[]; readonly missing: readonly string[] } {
  const { present, missing } = roster.members();
  const digits = (ids: readonly Id[]): readonly string[] => ids.map((id) => id[0] ?? '').sort();
  return { present: digits(present), missing: digits(missing) };
}

describe('a roster', () => {
  it('absorbs what it knows, and takes what is newer by incarnation, then by moves', () => {
    const roster = new Roster();
    assert.equal(roster.take(at('1', '2', 1), 0, MAX), true);
    assert.equal(roster.take(at('1', '2', 1), 0, MAX), false);
    assert.equal(roster.take(at('1', '3', 2), 0, MAX), true);
    assert.equal(roster.take(at('1', '2', 1, { state: 'suspected' }), 0, MAX), false, 'an old parent does not know where it went');
    assert.equal(roster.take(at('1', '3', 0, { incarnation: 2 }), 0, MAX), true);
    assert.equal(roster.version, 3);
  });

  it('takes those below a dead forwarder for missing until they have another place', () => {
    const roster = new Roster();
    for (const certificate of [at('a', 'a', 1), at('b', 'a', 1), at('c', 'b', 1), at('d', 'c', 1)]) roster.take(certificate, 0, MAX);
    roster.end(idAt('b'), idAt('a'), 'suspected', 10);
    assert.deepEqual(sorted(roster), { present: ['a'], missing: ['b', 'c', 'd'] });
    roster.take(at('c', 'a', 2), 20, MAX);
    assert.deepEqual(sorted(roster), { present: ['a', 'c', 'd'], missing: ['b'] });
    roster.forget(15);
    assert.deepEqual(roster.members().missing, []);
  });

  it('gives changes in pieces', () => {
    const roster = new Roster();
    for (const member of ['1', '2', '3']) roster.take(at(member, '9', 1), 0, MAX);
    const first = roster.changesAfter(0, 2);
    assert.deepEqual([first.certificates.map(({ member }) => member), first.version], [[idAt('1'), idAt('2')], 2]);
    assert.deepEqual(roster.changesAfter(2, 2).certificates.map(({ member }) => member), [idAt('3')]);
  });
});

describe('the sum of covers', () => {
  it('counts a member once that its old and its new parent both name, with the less it is said to have', () => {
    const [moved, other] = [idAt('a'), idAt('b')];
    const sum = sumOfCovers([
      { worst: [{ member: moved, next: 7 }], rest: 20 },
      { worst: [{ member: moved, next: 5 }, { member: other, next: 6 }], rest: Infinity },
    ]);
    assert.deepEqual(sum, { worst: [{ member: moved, next: 5 }, { member: other, next: 6 }], rest: 20 });
  });

  it('names no more than it may, and says of all others what the next one has', () => {
    const worst = Array.from({ length: COVER_WORST_MAX }, (_, i) => ({ member: idAt(`${i + 10}`), next: i + 1 }));
    const sum = sumOfCovers([{ worst, rest: Infinity }, { worst: [{ member: idAt('f'), next: COVER_WORST_MAX + 1 }], rest: 90 }]);
    assert.deepEqual(sum, { worst, rest: COVER_WORST_MAX + 1 });
  });

  it('has nothing to say of nobody', () => assert.deepEqual(sumOfCovers([]), { worst: [], rest: Infinity }));
});

describe('coverage', () => {
  const NEVER = 10_000_000;

  function coverage(scene: Scene): Coverage {
    const told = scene.ring.live.flatMap(({ machine }) => machine.coverage(scene.group) ?? []);
    assert.equal(told.length, 1, 'the root alone can tell');
    return told[0]!;
  }

  it.each([0, 0.05])('counts every node with readers, and names the one that is behind by how much, at %d of messages lost', (loss) => {
    const scene = new Scene({ seed: 31, nodes: 32, loss, descriptor: { fanOutMax: 3, retentionBytes: 64 * 1_048_576 } });
    scene.open();
    scene.ring.run(5_000);
    const readers = scene.ring.live.slice(0, 24);
    readers.slice(1).forEach((member) => scene.subscribe(member));
    scene.subscribe(readers[0]!, { type: 'latest' }, { slowMs: NEVER, windowBytes: 2_000 });
    scene.ring.run(12_000);
    scene.publish(scene.ring.live[0]!, { batches: 97, everyMs: 10 });
    scene.ring.run(20_000);
    const told = coverage(scene);
    assert.deepEqual([told.members, told.covered, told.reached, told.missing], [24, 23, 98, []]);
    assert.deepEqual(told.behind, [{ member: readers[0]!.handle.id, next: 1 }]);
  });

  it('lists a dead member as missing for a minute, and never claims more than its members have', () => {
    const scene = new Scene({ seed: 32, nodes: 20, descriptor: { fanOutMax: 3 } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(10_000);
    scene.publish(scene.ring.live.find((member) => member.machine.describe(scene.group)?.role === 'root')!, { batches: 300, everyMs: 25 });
    const taken = new Map<Id, number>();
    scene.ring.observers.push({
      onEvent: (member, event) => {
        if (event.type === 'messages') taken.set(member.handle.id, event.frame.firstSequence + event.frame.count);
      },
      afterInput: (member) => {
        const claim = member.machine.coverage(scene.group);
        if (claim === undefined || claim.behind.length > 0 || claim.missing.length > 0) return;
        for (const { handle, alive } of scene.ring.live) if (alive && (taken.get(handle.id) ?? 1) < claim.reached) scene.wrong.push(`${scene.ring.now}: ${handle.id} has not ${claim.reached}`);
      },
    });
    scene.ring.run(14_000);
    const victim = scene.ring.live.find((member) => member.machine.describe(scene.group)?.role === 'forwarder' && !member.machine.describe(scene.group)!.isVoter)!;
    scene.crash(victim.handle.id);
    scene.ring.run(24_000);
    assert.deepEqual([coverage(scene).members, coverage(scene).missing], [20, [victim.handle.id]]);
    scene.ring.run(90_000);
    assert.deepEqual([coverage(scene).members, coverage(scene).covered, coverage(scene).missing], [19, 19, []]);
    assert.deepEqual(scene.wrong, []);
  });
});
