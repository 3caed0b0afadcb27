import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { groupKey, ownerOfGroup, signDescriptor, type Credentials } from '@banyan/identity';
import { idToBytes } from '@banyan/ids';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import { multicast } from '@banyan/proto';
import type { OverlayHostOptions } from '../contract.ts';
import { OverlayHost } from '../overlay-host.ts';

/** Real hosts on loopback ports, in one ring and one process. */
export class HostRing {
  readonly authority: TestAuthority;
  readonly hosts: OverlayHost[] = [];
  #builder: Credentials | undefined;

  private constructor(authority: TestAuthority) {
    this.authority = authority;
  }

  /** A ring of so many ready hosts. */
  static async of(size: number, options: (index: number) => Partial<OverlayHostOptions> = () => ({})): Promise<HostRing> {
    const ring = new HostRing(await mintTestAuthority());
    for (let index = 0; index < size; index++) await ring.add(options(index));
    return ring;
  }

  /** One more host, ready. */
  async add(options: Partial<OverlayHostOptions> = {}): Promise<OverlayHost> {
    const host = await OverlayHost.open({
      credentials: await this.authority.issue(),
      incarnation: 1,
      listen: { control: '127.0.0.1:0', data: '127.0.0.1:0' },
      seed: 1 + this.hosts.length,
      pastry: LOCAL_PASTRY_CONFIG,
      onFatal: (error) => {
        throw error;
      },
      ...options,
    });
    host.start(this.hosts.map(({ self }) => self));
    this.hosts.push(host);
    await host.whenReady();
    return host;
  }

  /** The descriptor of a group, signed by a tree builder of the ring's authority. */
  async group(name: string, change: Partial<multicast.GroupDescriptor> = {}): Promise<multicast.SignedGroupDescriptor> {
    this.#builder ??= await this.authority.issue({ role: 'builder' });
    const descriptor: multicast.GroupDescriptor = {
      name,
      owner: ownerOfGroup(name),
      key: idToBytes(groupKey(name)),
      delivery: multicast.Delivery.RELIABLE,
      retentionBytes: 16n * 1024n * 1024n,
      retentionMs: 60_000n,
      fanOutMax: 8,
      publishers: ['*'],
      subscribers: ['*'],
      createdAtMs: 1n,
      version: 1n,
      deleted: false,
      stripes: 0,
      ...change,
    };
    return signDescriptor(multicast.GroupDescriptor.encode(descriptor).finish(), this.#builder) as multicast.SignedGroupDescriptor;
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
  }
}
