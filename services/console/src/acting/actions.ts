import type { DeliveryName } from '@banyan/client';
import { OverlayError, parseStatus, reasons } from '@banyan/grpc';
import type { RouteView } from '../contract.ts';
import type { Session } from '../http/session.ts';
import type { NodeClients } from '../watching/node-clients.ts';
import type { RingWatch } from '../watching/ring-watch.ts';
import type { AuditLog } from './audit-log.ts';
import type { Drains } from './drains.ts';

/** What actions stand on. */
export interface ActionPorts {
  readonly ring: RingWatch;
  readonly clients: NodeClients;
  readonly audit: AuditLog;
  readonly drains: Drains;
  /** API address that serves when only the tree builder is asked. */
  readonly treeBuilderAddress: string;
  /** Told of every action that changes something, by what came of it. */
  readonly counted: (outcome: 'done' | 'refused' | 'failed') => void;
}

/** A group to be made. */
export interface GroupOrder {
  readonly name: string;
  readonly delivery: DeliveryName;
  readonly stripes: number;
  readonly fanOutMax: number;
}

const TRACE_DEADLINE_MS = 8_000;

/** What a page can do to the overlay, always with the token of whoever does it: the overlay itself decides who may. */
export class Actions {
  constructor(private readonly ports: ActionPorts) {}

  /** The route from a node (any one when undefined) to the root of a key, without delivering anything. Throws NODE_NOT_FOUND. */
  async route(session: Session, key: string, from: string | undefined): Promise<RouteView> {
    const node = this.#node(from);
    using client = this.ports.clients.open(node.api, () => session.token);
    const { root, hops, ...traced } = await client.overlay.trace(key, { deadlineMs: TRACE_DEADLINE_MS });
    return {
      ...{ key: traced.key, from: node.id, root: root.id, elapsedMs: traced.elapsedMs },
      ...(traced.directRoundTripMs === undefined ? {} : { directRoundTripMs: traced.directRoundTripMs }),
      hops: hops.map(({ at, to, rule, row, column, roundTripMs, waitMs }) => ({
        ...{ at, to, rule, waitMs },
        ...(row === undefined ? {} : { row }),
        ...(column === undefined ? {} : { column }),
        ...(roundTripMs === undefined ? {} : { roundTripMs }),
      })),
    };
  }

  /** Creates a group and gives its full name. */
  createGroup(session: Session, { name, ...order }: GroupOrder): Promise<{ readonly name: string }> {
    return this.#audited(session, 'create group', name, async () => {
      using client = this.ports.clients.open(this.ports.treeBuilderAddress, () => session.token);
      return { name: (await client.groups.create(name, order)).name };
    });
  }

  /** Begins to drain a node; resolves when it has taken that up. The audit log has the end as well. */
  async drain(session: Session, id: string): Promise<void> {
    const node = this.#node(id);
    const entry = { subject: session.subject, action: 'drain', target: id };
    await this.ports.audit.write({ ...entry, outcome: 'asked' });
    const begun = this.ports.drains.begin(node, session.token).catch((error: unknown) => this.#failed(entry, error));
    const { ended } = await begun;
    void ended.then(async ({ steps, fault }) => {
      const late = steps.filter(({ state }) => state === 'late').map(({ name, left }) => `${left} left at ${name}`);
      const detail = fault ?? late.join(', ');
      const outcome = detail === '' ? 'done' : 'failed';
      this.ports.counted(outcome);
      await this.ports.audit.write({ ...entry, outcome, ...(detail === '' ? {} : { detail }) });
    }).catch(() => undefined); // an audit log that cannot be written refuses the next action
  }

  async #audited<Result>(session: Session, action: string, target: string, act: () => Promise<Result>): Promise<Result> {
    const entry = { subject: session.subject, action, target };
    await this.ports.audit.write({ ...entry, outcome: 'asked' });
    try {
      const result = await act();
      await this.ports.audit.write({ ...entry, outcome: 'done' });
      this.ports.counted('done');
      return result;
    } catch (error) {
      return this.#failed(entry, error);
    }
  }

  async #failed(entry: { readonly subject: string; readonly action: string; readonly target: string }, error: unknown): Promise<never> {
    const told = parseStatus(error);
    const outcome = reasons[told.reason].http < 500 ? 'refused' : 'failed';
    await this.ports.audit.write({ ...entry, outcome, detail: `${told.reason}: ${told.message}` });
    this.ports.counted(outcome);
    throw told;
  }

  #node(id: string | undefined): { readonly id: string; readonly api: string } {
    const { map } = this.ports.ring;
    const node = id === undefined ? map.nodes.find(({ api, ready }) => ready && api !== undefined) : map.node(id);
    if (node === undefined) throw new OverlayError('NODE_NOT_FOUND', id === undefined ? 'the console knows no node (yet)' : `the console knows no node ${id}`, { ...(id === undefined ? {} : { id }) });
    if (node.api === undefined) throw new OverlayError('NODE_NOT_FOUND', `the address of the API of ${node.id} is not known (yet)`, { id: node.id });
    return { id: node.id, api: node.api };
  }
}
