import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startTestNode, type TestNode } from './test-node.ts';

/** Nodes of one ring in the spec's process, `node-1` and on, with the control plane they need. */
export interface TestRing {
  readonly trust: TestAuthority;
  readonly plane: ControlPlane;
  readonly nodes: readonly TestNode[];
  stop(): Promise<void>;
}

/** Starts them one after the other, each in the ring before the next; `flags` are for all but the first. */
export async function startTestRing(count: number, flags: readonly string[] = []): Promise<TestRing> {
  const trust = await mintTestAuthority();
  const plane = await startControlPlane(trust);
  const nodes: TestNode[] = [];
  for (let i = 0; i < count; i++) {
    const node = await startTestNode(trust, plane, ['--name', `node-${i + 1}`, ...(i === 0 ? ['--first'] : flags)]);
    nodes.push(node);
    await node.ready();
  }
  return {
    ...{ trust, plane, nodes },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      plane.stop();
    },
  };
}
