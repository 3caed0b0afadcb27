import assert from 'node:assert/strict';
import { id, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, it } from 'vitest';
import { Group, type Child } from '../group.ts';
import { idAt, nodeAt } from '../testing/lone-node.ts';
import { descriptorOf } from '../testing/scene.ts';
import { stripeDescriptor } from './stripe-groups.ts';
import { evictionFor, placesTaken, roomiestFirst, standsInside } from './stripe-places.ts';

const GROUP = descriptorOf(idAt('05'), { stripes: 16 });
const rng = seededRng(1);

/** All stripes as one node has them, with these children in them. */
function stripes(children: Readonly<Record<number, readonly NodeHandle[]>>): readonly Group[] {
  const byId = new Map<Id, Group>();
  return Array.from({ length: 16 }, (_, index) => {
    const descriptor = stripeDescriptor(GROUP, index);
    const group = new Group(descriptor.group, (other) => byId.get(other));
    group.descriptor = descriptor;
    for (const handle of children[index] ?? []) group.children.set(handle.id, { handle, stage: 'flowing', voter: false } as Child);
    byId.set(group.id, group);
    return group;
  });
}

// Castro et al. 2003 (SplitStream), §3.3.
describe('places in stripes', () => {
  it('are one number for all stripes of a group', () => {
    const [first] = stripes({ 0: [nodeAt('a1')], 3: [nodeAt('b1'), nodeAt('c1')] });
    assert.equal(placesTaken(first!), 3);
  });

  it('stand inside the stripe whose first digit the node has', () => {
    const all = stripes({});
    assert.deepEqual(all.filter((group) => standsInside(nodeAt('7'), group)), [all[7]]);
    const four = stripeDescriptor(descriptorOf(idAt('05'), { stripes: 4 }), 1);
    const group = new Group(four.group, () => undefined);
    group.descriptor = four;
    assert.deepEqual(['3', '4', '5', '6', '7', '8'].filter((digit) => standsInside(nodeAt(digit), group)), ['4', '5', '6', '7']);
  });

  it('are made, inside, by a child of another stripe, one that is not inside there before one that is', () => {
    const all = stripes({ 3: [nodeAt('31'), nodeAt('a1')], 7: [nodeAt('71')] });
    assert.equal(evictionFor(nodeAt('70'), all[7]!, nodeAt('b5'), rng)?.child.handle.id, idAt('a1'));
    assert.equal(evictionFor(nodeAt('70'), all[3]!, nodeAt('31'), rng), undefined, 'outside nobody goes');
  });

  it('are made by the child of the shortest prefix, and by none of an equal one', () => {
    const key = stripes({})[7]!.id;
    const like = (digits: number, rest: string): NodeHandle => ({ ...nodeAt('0'), id: id((key.slice(0, digits) + rest).padEnd(32, '0')) });
    const all = stripes({ 7: [like(2, 'f1'), like(1, 'f2')] });
    const mine = nodeAt('70');
    assert.equal(evictionFor(mine, all[7]!, like(2, 'f3'), rng)?.child.handle.id, like(1, 'f2').id);
    assert.equal(evictionFor(mine, all[7]!, like(1, 'f4'), rng), undefined);
    assert.equal(evictionFor(mine, all[7]!, nodeAt('f0'), rng), undefined);
  });

  it('are looked for at children that have some left, inside before outside', () => {
    const [, , third] = stripes({});
    const child = (digits: string, placesLeft: number) => ({ handle: nodeAt(digits), placesLeft }) as Child;
    const named = roomiestFirst(third!, [child('a1', 0), child('21', 0), child('b1', 2), child('22', 3), child('c1', 0)], rng).map((node) => node.id.slice(0, 2));
    assert.deepEqual(named.slice(0, 3), ['22', 'b1', '21']);
  });
});
