import type { LinkId, NodeHandle } from '@banyan/kbr';
import { loseEverywhere } from './beats.ts';
import { childOf, onDownlink, onDownlinkLost, removeChild } from './children.ts';
import { hurryFetch } from './fetch.ts';
import { openFlow, resume } from './flow.ts';
import type { Group } from './group.ts';
import type { GroupTable } from './group-table.ts';
import { grant } from './intake.ts';
import { leaveSwallower, loseParent, noteUnreachable } from './parent.ts';
import type { Publishers } from './publisher.ts';
import type { Turn } from './turn.ts';

/** A data link opened: flows that waited for it start. */
export function onLinkUp(turn: Turn, groups: GroupTable, publishers: Publishers, at: { readonly peer: NodeHandle; readonly link: LinkId; readonly dialled: boolean }): void {
  const { peer, link } = at;
  const neighbor = turn.neighbors.meet(peer, turn.now);
  if (!at.dialled) {
    neighbor.downlink = link;
    for (const group of groups.select((one) => childOf(one, peer) !== undefined)) onDownlink(turn, group, peer, link);
    publishers.onDownlink(turn, peer, true);
    return;
  }
  neighbor.uplink = link;
  for (const group of groups.select((one) => one.parent?.handle.id === peer.id)) resume(turn, group);
  // The dial only took its time.
  for (const group of groups.select((one) => one.avoid?.node === peer.id && one.avoid.swallows)) group.avoid = undefined;
  for (const group of groups.select((one) => one.fetch?.source.id === peer.id || one.backfill?.source.id === peer.id)) hurryFetch(turn, group, peer);
  for (const group of groups.select((one) => one.intakes.has(peer.id))) grant(turn, group, peer);
}

/** A data link is gone, or could not be opened. */
export function onLinkDown(turn: Turn, groups: GroupTable, publishers: Publishers, at: { readonly peer: NodeHandle; readonly link: LinkId | undefined; readonly dialled: boolean }): void {
  const { peer, link } = at;
  const neighbor = turn.neighbors.get(peer.id);
  if (at.dialled) {
    if (neighbor !== undefined && neighbor.uplink === link) neighbor.uplink = undefined;
    for (const group of groups.select((one) => one.parent?.handle.id === peer.id)) onUplinkLost(turn, group, link === undefined);
    for (const group of groups.select((one) => one.intakes.has(peer.id))) group.intakes.delete(peer.id);
    return;
  }
  if (link === undefined || neighbor?.downlink !== link) return;
  neighbor.downlink = undefined;
  for (const group of groups.select((one) => one.children.has(peer.id))) onDownlinkLost(group, peer, link);
  publishers.onDownlink(turn, peer, false);
}

/** This life of a peer is over: it is neither parent nor child any more, and no root. */
export function onPeerDead(turn: Turn, groups: GroupTable, publishers: Publishers, peer: NodeHandle): void {
  const neighbor = turn.neighbors.get(peer.id);
  if (neighbor !== undefined && neighbor.handle.incarnation > peer.incarnation) return;
  turn.neighbors.died(peer);
  forgetLife(turn, groups, peer, 'dead');
  publishers.onPeerDead(turn, peer);
  groups.select((group) => group.record?.voters.some((voter) => voter.id === peer.id) === true);
}

/** A peer started again: what it was to this node before is over. */
export function onReborn(turn: Turn, groups: GroupTable, peer: NodeHandle): void {
  forgetLife(turn, groups, peer, 'restarted');
}

function forgetLife(turn: Turn, groups: GroupTable, peer: NodeHandle, why: string): void {
  const neighbor = turn.neighbors.get(peer.id);
  groups.select((group) => group.parent?.handle.id === peer.id);
  if (neighbor !== undefined) loseEverywhere(turn, groups, neighbor, why);
  for (const group of groups.select((one) => one.children.has(peer.id))) {
    const child = group.children.get(peer.id);
    if (child !== undefined && (why === 'dead' || child.handle.incarnation < peer.incarnation)) removeChild(turn, group, child, 'suspected');
  }
}

/** The link is dialled once more; when that fails the parent is lost. */
function onUplinkLost(turn: Turn, group: Group, wasDial: boolean): void {
  const { parent } = group;
  if (parent === undefined) return;
  if (!wasDial) {
    openFlow(turn, group);
    return;
  }
  const heardAt = turn.neighbors.get(parent.handle.id)?.heardAt ?? -Infinity;
  if (heardAt > parent.dialledAt) {
    // It beats while its data port is silent.
    leaveSwallower(turn, group, parent);
    return;
  }
  noteUnreachable(turn, group, parent.handle);
  loseParent(turn, group, 'unreachable');
}
