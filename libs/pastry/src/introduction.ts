import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import { ROW_EXCHANGE } from './maintenance.ts';
import { located, placeAt } from './located.ts';
import type { JoinMessage, Located } from './messages.ts';

/**
 * A new member introduces itself to everyone in its tables, with the row in which it keeps them, so that word of earlier
 * newcomers travels on; the receiver looks at a few of those it does not know.
 * Sources: Rowstron & Druschel 2001, §2.4 (the newcomer sends its state to every node in it);
 * Castro, Druschel, Hu, Rowstron MSR-TR-2002-82 (constrained gossiping: row l to the nodes of row l).
 * Deviation: a receiver measures at most `gossipProbesMax` of the unknown entries, and only those that seem by their
 * coordinates to lie nearer than what it has, which bounds what one join costs. While nodes stay for minutes only nobody
 * is told of others: whoever needs one fills the hole, and nearer ones would not serve for long.
 */
export class Introduction {
  readonly #context: NodeContext;
  #restAt = Infinity;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Tells the leaves at once, which also gives back the lock that let us in, and the others when their distances are known. */
  begin(now: Millis): void {
    this.#restAt = now + this.#context.config.searchStepMs;
    for (const leaf of this.#context.tables.leafSet.members) this.#tell(now, leaf);
  }

  next(): Millis {
    return this.#restAt;
  }

  tick(now: Millis): void {
    if (now < this.#restAt) return;
    this.#restAt = Infinity;
    if (!this.#context.pace.isHurried(now)) this.#askNearest();
    const { leafSet, neighborhood, table } = this.#context.tables;
    const others = new Map<Id, NodeHandle>();
    for (const entry of table.entries()) others.set(entry.id, entry);
    for (const neighbor of neighborhood.members()) others.set(neighbor.id, neighbor);
    for (const other of others.values()) if (!leafSet.has(other.id)) this.#tell(now, other);
  }

  state(now: Millis): Json {
    return { restMs: this.#restAt === Infinity ? null : this.#restAt - now };
  }

  onAnnounce(now: Millis, from: NodeHandle, message: Extract<JoinMessage, { type: 'announce' }>): void {
    const { peers, tables } = this.#context;
    peers.placed(from.id, message.at);
    // Round-trip times are symmetric, so the newcomer's measurement serves us too.
    if (message.roundTripMs !== undefined && peers.proximityMs(from.id) === undefined) peers.told(from.id, message.roundTripMs);
    tables.offer(from, peers.proximityMs(from.id));
    this.lookAt(now, message.entries, this.#context.config.gossipProbesMax);
  }

  /** Measures those of the nodes we are told of whose slot is empty, and at most `othersMax` more that seem worth it, best first. */
  lookAt(now: Millis, told: Located, othersMax: number): void {
    const { measure, peers, rng, self, tables } = this.#context;
    const others: { readonly node: NodeHandle; readonly gainMs: Millis }[] = [];
    told.nodes.forEach((node, index) => {
      if (node.id === self.id || peers.isShunned(now, node)) return;
      const present = tables.table.entryFor(node.id);
      if (present === undefined) return measure(now, node);
      if (present.id === node.id || peers.proximityMs(node.id) !== undefined) return;
      // Who lies we know not where is worth any other's chance.
      const gainMs = tables.table.proximityMs(present.id) - DOUBT * (peers.predictMs(placeAt(told, index)) ?? rng.next());
      if (gainMs > 0) others.push({ node, gainMs });
    });
    if (others.length > othersMax) others.sort((a, b) => b.gainMs - a.gainMs);
    for (const { node } of others.slice(0, othersMax)) measure(now, node);
  }

  // The rows of those who live nearby hold what we look for. Source: Rowstron & Druschel 2001, §2.4 (the second stage).
  #askNearest(): void {
    const { config, send, tables: { neighborhood, table } } = this.#context;
    for (let row = 0; row < table.depth; row++) {
      const alike = row === 0 ? neighborhood.members() : table.nearestFrom(row);
      for (const node of alike.slice(0, config.secondStageMax)) send(node, { type: 'rowRequest', nonce: ROW_EXCHANGE, row });
    }
  }

  #tell(now: Millis, peer: NodeHandle): void {
    const { pace, peers, send, tables } = this.#context;
    const row = tables.table.has(peer.id) ? tables.table.slotOf(peer.id).row : NO_ROW;
    const roundTripMs = peers.proximityMs(peer.id);
    const entries = located(row === NO_ROW || pace.isHurried(now) ? [] : tables.table.row(row), peers);
    send(peer, { type: 'announce', row, entries, at: peers.place, ...(roundTripMs === undefined ? {} : { roundTripMs }) });
  }
}

const NO_ROW = -1;
/** Share of a predicted distance at which it is compared: predictions are off by about a tenth. */
const DOUBT = 0.9;
