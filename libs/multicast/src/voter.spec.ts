import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Epoch, EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf } from './testing/scene.ts';

const GROUP = idAt('f0');
const [ROOT, OTHER, CANDIDATE] = [nodeAt('f1'), nodeAt('f2'), nodeAt('e9')] as const;
const SELF = nodeAt('ee');
const DESCRIPTOR = descriptorOf(GROUP);
const FIRST: EpochRecord = { epoch: ballot(1, ROOT.id), root: ROOT, voters: [ROOT, OTHER, SELF, CANDIDATE], firstSequence: 1, lineage: [] };

function ballot(counter: number, root = CANDIDATE.id): Epoch {
  return { counter, root, incarnation: 1 };
}

function following(counter: number, root = CANDIDATE): EpochRecord {
  return { epoch: ballot(counter, root.id), root, voters: [root, SELF, OTHER], firstSequence: 1, lineage: [] };
}

/** A voter of the first record, told of it as the opening root tells it. */
function voter(self = SELF): LoneNode {
  const node = new LoneNode(self, [ROOT, OTHER, CANDIDATE]);
  node.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: FIRST.epoch, record: FIRST, descriptor: DESCRIPTOR });
  node.hear(ROOT, { type: 'record', group: GROUP, record: FIRST, descriptor: DESCRIPTOR });
  return node;
}

const prepare = (counter: number) => ({ type: 'prepare' as const, group: GROUP, ballot: ballot(counter), record: FIRST, descriptor: DESCRIPTOR });
const accept = (counter: number, proposal = following(counter)) => ({ type: 'accept' as const, group: GROUP, ballot: ballot(counter), after: FIRST.epoch, proposal });

describe('a voter', () => {
  it('acknowledges to the root while its promise is no newer than the record', () => {
    const node = voter();
    assert.deepEqual(saidTo(node.hear(ROOT, { type: 'record', group: GROUP, record: FIRST, descriptor: DESCRIPTOR }), 'voterAck'), []);
    const fresh = new LoneNode(SELF, [ROOT]);
    fresh.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: FIRST.epoch, record: FIRST, descriptor: DESCRIPTOR });
    const [ack] = saidTo(fresh.hear(ROOT, { type: 'record', group: GROUP, record: FIRST, descriptor: DESCRIPTOR }), 'voterAck');
    assert.deepEqual([ack?.to, ack?.body.next], [ROOT.id, 1]);
  });

  it('promises once per ballot, the same again when asked again, and nothing to a lower one', () => {
    const node = voter();
    assert.equal(saidTo(node.hear(CANDIDATE, prepare(3)), 'promise').length, 1);
    assert.equal(saidTo(node.hear(CANDIDATE, prepare(3)), 'promise').length, 1);
    const [refusal] = saidTo(node.hear(OTHER, prepare(2)), 'refuse');
    assert.deepEqual(refusal?.body.promised, ballot(3));
  });

  it('accepts nothing below its promise, and tells the next proposer what it accepted', () => {
    const node = voter();
    node.hear(CANDIDATE, prepare(3));
    assert.equal(saidTo(node.hear(OTHER, accept(2)), 'accepted').length, 0);
    assert.equal(saidTo(node.hear(CANDIDATE, accept(3)), 'accepted').length, 1);
    const [promise] = saidTo(node.hear(OTHER, prepare(5)), 'promise');
    assert.deepEqual(promise?.body.accepted, { ballot: ballot(3), record: following(3) });
  });

  it('answers a proposer of an old record with the newer one', () => {
    const node = voter();
    node.hear(CANDIDATE, { type: 'record', group: GROUP, record: following(4), descriptor: DESCRIPTOR });
    const [refusal] = saidTo(node.hear(OTHER, prepare(9)), 'refuse');
    assert.deepEqual(refusal?.body.record, following(4));
  });

  it('that said it holds the history of a proposed record forgets nothing until one as new is decided', () => {
    const node = new LoneNode(SELF, [ROOT, OTHER, CANDIDATE]);
    const [said] = saidTo(node.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: FIRST.epoch, record: FIRST, descriptor: DESCRIPTOR }), 'caughtUp');
    assert.equal(said?.to, ROOT.id);
    node.wait(60_000);
    node.hear(OTHER, { type: 'record', group: GROUP, record: FIRST, descriptor: DESCRIPTOR });
    assert.equal(saidTo(node.hear(CANDIDATE, prepare(3)), 'promise').length, 1);
    const without: EpochRecord = { ...following(4), voters: [CANDIDATE, OTHER] };
    node.hear(CANDIDATE, { type: 'record', group: GROUP, record: without, descriptor: DESCRIPTOR });
    node.wait(60_000);
    assert.equal(node.machine.describe(GROUP), undefined);
  });

  it('that is named without having been asked takes its part', () => {
    const node = new LoneNode(SELF, [ROOT, OTHER, CANDIDATE]);
    const grafts = saidTo(node.hear(ROOT, { type: 'record', group: GROUP, record: FIRST, descriptor: DESCRIPTOR }), 'graft');
    assert.equal(grafts[0]?.to, ROOT.id);
  });

  it('that started again is no voter of a record that names its earlier life', () => {
    const node = voter(nodeAt('ee', 2));
    const [refusal] = saidTo(node.hear(CANDIDATE, prepare(3)), 'refuse');
    assert.equal(refusal?.body.restarted, true);
  });

  it('that never heard of the group, or forgot it, promises nothing', () => {
    const node = new LoneNode(SELF, [ROOT]);
    const effects = node.hear(CANDIDATE, prepare(3));
    assert.deepEqual([saidTo(effects, 'promise').length, saidTo(effects, 'refuse')[0]?.body.restarted], [0, false]);
  });
});

describe('a candidate', () => {
  /** Nearest to the key of the voters, with its root dead: it proposes itself. */
  function candidate(): LoneNode {
    const node = voter(SELF);
    node.give({ type: 'peerDead', peer: ROOT });
    node.give({ type: 'peerDead', peer: OTHER });
    return node;
  }

  const promise = (counter: number, parts: object = {}) => ({ type: 'promise' as const, group: GROUP, ballot: { counter, root: SELF.id, incarnation: 1 }, low: 1, next: 1, committed: 1, ...parts });

  it('asks every voter of the last record, and does not go on without a majority', () => {
    const node = candidate();
    const asked = saidTo(node.wait(2_000), 'prepare');
    assert.ok(asked.some(({ to }) => to === CANDIDATE.id));
    assert.ok(asked.every(({ body }) => body.ballot.root === SELF.id && body.ballot.counter >= 2));
    const { counter } = asked[0]!.body.ballot;
    assert.equal(saidTo([...node.hear(CANDIDATE, promise(counter)), ...node.wait(300)], 'catchUp').length, 0, 'two of four are none');
    const effects = [...node.hear(OTHER, promise(counter)), ...node.wait(300)];
    assert.ok(saidTo(effects, 'catchUp').length > 0);
  });

  it('completes a successor that a voter already accepted, instead of its own', () => {
    const node = candidate();
    const { counter } = saidTo(node.wait(2_000), 'prepare')[0]!.body.ballot;
    const bound = following(2, OTHER);
    node.hear(CANDIDATE, promise(counter, { accepted: { ballot: ballot(2, OTHER.id), record: bound } }));
    const effects = [...node.hear(OTHER, promise(counter)), ...node.wait(300)];
    assert.equal(saidTo(effects, 'catchUp').length, 0);
    const proposals = saidTo(effects, 'accept');
    assert.ok(proposals.length > 0 && proposals.every(({ body }) => body.proposal === bound));
  });

  it('names voters again that are silent and not known to be gone, so that its record outlives as many deaths as the last', () => {
    const fifth = nodeAt('ea');
    const five: EpochRecord = { ...FIRST, voters: [...FIRST.voters, fifth] };
    for (const [base, named] of [[five, [SELF, OTHER, fifth, CANDIDATE, ROOT]], [FIRST, [SELF, OTHER, CANDIDATE]]] as const) {
      const node = new LoneNode(SELF, [ROOT, OTHER, CANDIDATE]);
      node.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: base.epoch, record: base, descriptor: DESCRIPTOR });
      node.hear(ROOT, { type: 'record', group: GROUP, record: base, descriptor: DESCRIPTOR });
      node.hear(CANDIDATE, { ...prepare(3), record: base });
      // Who leaves votes until another is there in its place.
      node.hear(fifth, { type: 'departing' });
      const { counter } = saidTo(node.wait(4_000), 'prepare').at(-1)!.body.ballot;
      const effects = [...node.hear(OTHER, promise(counter)), ...node.hear(CANDIDATE, promise(counter)), ...node.wait(1_000)];
      const proposed = saidTo(effects, 'catchUp')[0]!.body.record.voters.map(({ id }) => id);
      assert.deepEqual(new Set(proposed), new Set(named.map(({ id }) => id)));
    }
  });

  it('that holds only the newest history fetches the oldest that any voter promised, before others catch up', () => {
    const owner = nodeAt('f0');
    const node = new LoneNode(owner, [ROOT, OTHER, SELF, CANDIDATE]);
    const mark = { epoch: FIRST.epoch, round: 1 };
    node.give({ type: 'command', command: { type: 'subscribe', subscription: 1, group: GROUP, start: { type: 'latest' }, windowBytes: 1_000 } });
    node.hear(ROOT, { type: 'graftAck', group: GROUP, descriptor: DESCRIPTOR, record: FIRST, mark, low: 1, next: 5, committed: 5, backups: [] });
    node.give({ type: 'peerDead', peer: ROOT });
    const { ballot: asked } = saidTo(node.wait(4_000), 'prepare')[0]!.body;
    const promised = [OTHER, SELF, CANDIDATE].flatMap((from) => node.hear(from, { type: 'promise', group: GROUP, ballot: asked, low: 1, next: 5, committed: 5 }));
    const dials = [...promised, ...node.wait(1)].flatMap((effect) => (effect.type === 'dial' ? [effect.to] : []));
    const donor = dials.find((to) => to.id !== ROOT.id)!;
    const [fetch] = saidTo(node.give({ type: 'linkUp', peer: donor, link: 9, dialled: true }), 'fetch');
    assert.deepEqual([fetch?.to, fetch?.body.from, fetch?.body.to], [donor.id, 1, 5]);
    const block = (counter: number) => ({ client: 'c', session: 's', counter, count: 1, payload: '', bytes: 1 });
    const effects = [1, 2, 3, 4].flatMap((at) => {
      const early = node.wait(1);
      assert.equal(saidTo(early, 'catchUp').length, 0, `before ${at}`);
      return node.receive(donor, 9, { type: 'stamped', group: GROUP, epoch: FIRST.epoch, firstSequence: at, count: 1, committed: 1, stampMs: at, blocks: [block(at)], bytes: 1 });
    });
    assert.ok(saidTo([...effects, ...node.wait(300)], 'catchUp').length > 0);
    assert.equal(node.machine.describe(GROUP)?.low, 1);
  });
});
