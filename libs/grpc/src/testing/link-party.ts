import { idToBytes, type Id } from '@banyan/ids';
import type { overlay } from '@banyan/proto';
import type { Credentials } from '@banyan/identity';
import type { TestAuthority } from '@banyan/identity/testing';
import { ControlLinks, type ControlLinksOptions } from '../links/control-links.ts';
import type { LinkPeer, LinkTarget } from '../links/handshake.ts';
import type { OverlayError } from '../overlay-error.ts';

/** Something that happened at a party, as text that specs compare. */
export type Happening = string;

/** One node with control links on a loopback port, and what happened to it. */
export interface LinkParty {
  readonly id: Id;
  readonly credentials: Credentials;
  readonly links: ControlLinks;
  readonly address: string;
  readonly happenings: readonly Happening[];
  readonly received: readonly { readonly from: Id; readonly text: string }[];
  target(incarnation?: number): LinkTarget;
  /** Resolves when `condition` holds; looked at after every happening. */
  until(condition: () => boolean): Promise<void>;
}

/** Makes a party; `options` override the usual ones. */
export async function linkParty(authority: TestAuthority, options: Partial<ControlLinksOptions> & { readonly incarnation?: number; readonly fault?: (text: string) => OverlayError | undefined } = {}): Promise<LinkParty> {
  const credentials = await authority.issue();
  return partyWith(credentials, options);
}

/** As `linkParty`, with given credentials (a second life of a node). */
export async function partyWith(credentials: Credentials, options: Partial<ControlLinksOptions> & { readonly incarnation?: number; readonly fault?: (text: string) => OverlayError | undefined } = {}): Promise<LinkParty> {
  const { id } = credentials.identity;
  const incarnation = options.incarnation ?? 1;
  const happenings: Happening[] = [];
  const received: { from: Id; text: string }[] = [];
  const waiting = new Set<() => void>();
  const happened = (text?: Happening): void => {
    if (text !== undefined) happenings.push(text);
    for (const look of waiting) look();
  };
  let address = '';
  const self = (): overlay.Node => ({ id: idToBytes(id), incarnation: BigInt(incarnation), controlAddress: address, dataAddress: '', region: '', zone: '', capacity: 8, apiAddress: '' });
  const links = new ControlLinks({
    id,
    self,
    credentials,
    events: {
      frame(peer: LinkPeer, frame: Uint8Array) {
        const text = Buffer.from(frame).toString();
        received.push({ from: peer.id, text });
        happened();
        return options.fault?.(text);
      },
      opened: (peer) => happened(`opened ${peer.id}@${peer.incarnation}`),
      closed: (peer, error) => happened(`closed ${peer.id} ${error.reason}`),
      unreachable: (target, error) => happened(`unreachable ${target.id} ${error.reason}`),
      faulted: (error) => happened(`faulted ${error.reason}`),
      dropped: (reason, count) => happened(`dropped ${count} ${reason}`),
    },
    ...options,
  });
  address = (await links.listen('127.0.0.1:0')).address;
  return {
    id,
    credentials,
    links,
    address,
    happenings,
    received,
    target: (life = incarnation) => ({ id, incarnation: life, address }),
    until: (condition) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
