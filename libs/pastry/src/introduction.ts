import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import type { JoinMessage } from './messages.ts';

/**
 * A new member introduces itself to everyone in its tables, with the row in which it keeps them, so that word of earlier
 * newcomers travels on; the receiver looks at a few of those it does not know.
 * Sources: Rowstron & Druschel 2001, §2.4 (the newcomer sends its state to every node in it);
 * Castro, Druschel, Hu, Rowstron MSR-TR-2002-82 (constrained gossiping: row l to the nodes of row l).
 * Deviation: a receiver measures `gossipProbesMax` of the unknown entries, not all, which bounds what one join costs.
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
    for (const leaf of this.#context.tables.leafSet.members) this.#tell(leaf);
  }

  next(): Millis {
    return this.#restAt;
  }

  tick(now: Millis): void {
    if (now < this.#restAt) return;
    this.#restAt = Infinity;
    const { leafSet, neighborhood, table } = this.#context.tables;
    const others = new Map<Id, NodeHandle>();
    for (const entry of table.entries()) others.set(entry.id, entry);
    for (const neighbor of neighborhood.members()) others.set(neighbor.id, neighbor);
    for (const other of others.values()) if (!leafSet.has(other.id)) this.#tell(other);
  }

  state(now: Millis): Json {
    return { restMs: this.#restAt === Infinity ? null : this.#restAt - now };
  }

  onAnnounce(now: Millis, from: NodeHandle, message: Extract<JoinMessage, { type: 'announce' }>): void {
    const { peers, tables } = this.#context;
    // Round-trip times are symmetric, so the newcomer's measurement serves us too.
    if (message.roundTripMs !== undefined && peers.proximityMs(from.id) === undefined) peers.measured(from.id, message.roundTripMs);
    tables.offer(from, peers.proximityMs(from.id));
    this.lookAt(now, message.entries, this.#context.config.gossipProbesMax);
  }

  /** Measures those of the nodes we are told of whose slot is empty, and at most `othersMax` more that we have not measured. */
  lookAt(now: Millis, told: readonly NodeHandle[], othersMax: number): void {
    const { measure, peers, rng, self, tables } = this.#context;
    const others: NodeHandle[] = [];
    for (const node of told) {
      if (node.id === self.id || peers.isShunned(now, node)) continue;
      if (tables.table.entryFor(node.id) === undefined) measure(now, node);
      else if (othersMax > 0 && peers.proximityMs(node.id) === undefined) others.push(node);
    }
    for (const node of rng.shuffle(others).slice(0, othersMax)) measure(now, node);
  }

  #tell(peer: NodeHandle): void {
    const { peers, send, tables } = this.#context;
    const row = tables.table.has(peer.id) ? tables.table.slotOf(peer.id).row : NO_ROW;
    const roundTripMs = peers.proximityMs(peer.id);
    const entries = row === NO_ROW ? [] : tables.table.row(row);
    send(peer, { type: 'announce', row, entries, ...(roundTripMs === undefined ? {} : { roundTripMs }) });
  }
}

const NO_ROW = -1;
