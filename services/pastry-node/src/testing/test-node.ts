// A node inside the spec's process: the whole service with an identity of a test authority, on free ports.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@banyan/grpc';
import { assembleCredentials, certificateToPem, drawSalt, IdentityStore, nodeId, privateKeyToPem, publicKeyToSpki } from '@banyan/identity';
import type { TestAuthority } from '@banyan/identity/testing';
import { multicast, overlay } from '@banyan/proto';
import type { RunningService } from '@banyan/service-kit';
import { startTestService } from '@banyan/service-kit/testing';
import { nodeService } from '../node-service.ts';
import type { ControlPlane } from './control-plane.ts';

/** A node that runs, and clients of it. */
export interface TestNode {
  readonly service: RunningService;
  readonly id: string;
  readonly dataDir: string;
  overlayClient(token?: string): overlay.OverlayServiceClient;
  multicastClient(token?: string): multicast.MulticastServiceClient;
  /** Resolves when /readyz would say yes. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a node; `flags` come after those that make it a member. `dataDir` is that of an earlier life. */
export async function startTestNode(trust: TestAuthority, plane: ControlPlane, flags: readonly string[] = [], dataDir = mkdtempSync(join(tmpdir(), 'banyan-node-'))): Promise<TestNode> {
  await becomeMemberOnDisk(trust, dataDir);
  const authorityFile = join(dataDir, 'anchor.pem');
  writeFileSync(authorityFile, trust.pem);
  const own = ['--data-dir', dataDir, '--authority-file', authorityFile, '--auth-address', '127.0.0.1:1', '--jwks-url', plane.jwksUrl, '--stop-grace-ms', '1000'];
  const control = ['--bootstrap-address', plane.bootstrapAddress, '--tree-builder-address', plane.builderAddress];
  const service = await startTestService(nodeService, { flags: [...own, ...control, ...flags] });
  const clients: { close(): void }[] = [];
  const target = (token: string | undefined) => ({ address: service.ready.addresses['api'] ?? '', authority: trust.pem, token: () => token });
  const kept = <C extends { close(): void }>(client: C): C => {
    clients.push(client);
    return client;
  };
  return {
    service,
    dataDir,
    id: service.ready.id ?? '',
    overlayClient: (token) => kept(createClient(overlay.OverlayServiceClient, target(token))),
    multicastClient: (token) => kept(createClient(multicast.MulticastServiceClient, target(token))),
    ready: () => new Promise((resolve) => service.context.readiness.watch((isReady) => isReady && resolve())),
    async stop() {
      for (const client of clients) client.close();
      await service.stop();
    },
  };
}

async function becomeMemberOnDisk({ authority, pem }: TestAuthority, dataDir: string): Promise<void> {
  const store = await IdentityStore.open(dataDir);
  if ((await store.credentials(pem)) !== undefined) return;
  const key = await store.privateKey();
  const publicKey = publicKeyToSpki(key);
  const salt = drawSalt();
  const { der } = await authority.issue({ id: nodeId(publicKey, salt), salt, role: 'node', addresses: ['127.0.0.1'], publicKey, now: Date.now() });
  const credentials = assembleCredentials({ key: privateKeyToPem(key), certificate: certificateToPem(der), authority: pem });
  if (credentials !== undefined) await store.save(credentials);
}
