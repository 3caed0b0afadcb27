import { OverlayError } from '@banyan/grpc';
import { parseId } from '@banyan/ids';
import { isGroupName, scopeAllows } from '@banyan/identity';
import type { AuditLog } from '../acting/audit-log.ts';
import type { Drains } from '../acting/drains.ts';
import { needScope, type Session } from '../http/session.ts';
import { ControlWatch, type WatchedService } from './control-watch.ts';
import { GroupsWatch } from './groups-watch.ts';
import { LeavesWatch } from './leaves-watch.ts';
import type { NodeClients } from './node-clients.ts';
import type { RingWatch } from './ring-watch.ts';
import { SlowWatch } from './slow-watch.ts';
import type { TopicSource } from './topic.ts';
import { TreeWatch } from './tree-watch.ts';

/** What topics are made of. */
export interface TopicPorts {
  readonly ring: RingWatch;
  readonly clients: NodeClients;
  readonly audit: AuditLog;
  readonly drains: Drains;
  readonly authority: string;
  readonly treeBuilderAddress: string;
  readonly services: readonly WatchedService[];
}

/** What pages may follow, and who may follow what: the scopes are those that the overlay's own API asks for. */
export class Topics {
  constructor(private readonly ports: TopicPorts) {}

  /** By which key a topic is shared. Throws SCOPE_MISSING, REQUEST_INVALID. */
  keyOf(session: Session, name: string): string {
    const [kind, subject] = split(name);
    if (kind === 'ring' || kind === 'leaves') needAny(session, ['route', 'admin']);
    if (kind === 'slow' || kind === 'audit' || kind === 'drain') needScope(session, 'admin');
    if (kind === 'tree') needScope(session, `subscribe:${subject}`);
    // Everyone sees his own groups.
    return kind === 'groups' && !scopeAllows(session.scopes, 'admin') ? `groups of ${session.tokenId}` : name;
  }

  /** Begins a topic. Throws REQUEST_INVALID. */
  make(session: Session, name: string): TopicSource {
    const { ring, clients, audit, drains, treeBuilderAddress, services, authority } = this.ports;
    const [kind, subject] = split(name);
    switch (kind) {
      case 'ring':
        return ring;
      case 'audit':
        return audit;
      case 'slow':
        return new SlowWatch(ring, clients);
      case 'control':
        return new ControlWatch(services, authority, ring);
      case 'groups':
        return new GroupsWatch(scopeAllows(session.scopes, 'admin') ? clients.open(treeBuilderAddress) : clients.open(treeBuilderAddress, () => session.token));
      case 'leaves':
        if (parseId(subject) !== undefined) return new LeavesWatch(subject, ring, clients);
        break;
      case 'drain':
        if (parseId(subject) !== undefined) return drains.of(subject);
        break;
      case 'tree':
        if (isGroupName(subject)) return new TreeWatch(subject, clients, treeBuilderAddress);
        break;
    }
    throw new OverlayError('REQUEST_INVALID', `topics: there is no '${name}'`, { field: 'topics' });
  }
}

function split(name: string): readonly [kind: string, subject: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
}

function needAny(session: Session, scopes: readonly string[]): void {
  if (!scopes.some((scope) => scopeAllows(session.scopes, scope))) needScope(session, scopes[0] ?? 'admin');
}
