import { idToBytes, type Id } from '@banyan/ids';
import type { Credentials } from '@banyan/identity';
import type { TestAuthority } from '@banyan/identity/testing';
import type { overlay } from '@banyan/proto';
import type { DataLink, DataLinksOptions } from '../links/data-links-contract.ts';
import { DataLinks } from '../links/data-links.ts';
import type { LinkTarget } from '../links/handshake.ts';
import type { OverlayError } from '../overlay-error.ts';

/** One node with data links on a loopback port, and what happened to it. */
export interface DataParty {
  readonly id: Id;
  readonly credentials: Credentials;
  readonly links: DataLinks;
  readonly address: string;
  readonly happenings: readonly string[];
  /** Links that went up, in order. */
  readonly ups: readonly DataLink[];
  /** Frames as they came, prefix included. */
  readonly frames: readonly Buffer[];
  target(incarnation?: number): LinkTarget;
  /** Resolves when `condition` holds; looked at after every happening. */
  until(condition: () => boolean): Promise<void>;
}

/** Makes a party; `options` override the usual ones. */
export async function dataParty(authority: TestAuthority, options: Partial<DataLinksOptions> & { readonly fault?: (framed: Buffer) => OverlayError | undefined } = {}): Promise<DataParty> {
  const credentials = await authority.issue();
  const { id } = credentials.identity;
  const happenings: string[] = [];
  const ups: DataLink[] = [];
  const frames: Buffer[] = [];
  const waiting = new Set<() => void>();
  const happened = (text?: string): void => {
    if (text !== undefined) happenings.push(text);
    for (const look of waiting) look();
  };
  const self = (): overlay.Node => ({ id: idToBytes(id), incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 8, apiAddress: '' });
  const links = new DataLinks({
    id,
    self,
    credentials,
    events: {
      up(link) {
        ups.push(link);
        happened(`up ${link.peer.id}`);
      },
      down: (link, error) => happened(`down ${link.peer.id} ${error.reason}`),
      unreachable: (target, _application, error) => happened(`unreachable ${target.id} ${error.reason}`),
      frame(_link, framed) {
        frames.push(framed);
        happened();
        return options.fault?.(framed);
      },
      faulted: (error) => happened(`faulted ${error.reason}`),
    },
    ...options,
  });
  const { address } = await links.listen('127.0.0.1:0');
  return {
    id,
    credentials,
    links,
    address,
    happenings,
    ups,
    frames,
    target: (incarnation = 1) => ({ id, incarnation, address }),
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
