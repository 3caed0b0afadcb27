import { LocalNetwork, type LaunchOptions } from '@banyan/local-overlay';
import { afterAll, beforeAll } from 'vitest';
import { sharedOverlay, type Scene } from './test-overlay.ts';

/** A scene whose nodes have a network of their own. */
export interface CutScene extends Scene {
  /** Healed before each test. */
  readonly network: LocalNetwork;
}

/** True where cuts cannot be tested, which is said: a kernel or a user without network namespaces. */
export async function cannotCut(): Promise<boolean> {
  const whyNot = await LocalNetwork.whyNot();
  if (whyNot !== undefined) console.warn(`not tested here: ${whyNot}`);
  return whyNot !== undefined;
}

/** One overlay for all tests of a file, each node on a host of its own, so that links between them can be cut. */
export function cutOverlay(name: string, options: Omit<LaunchOptions, 'dataDir' | 'network'>): CutScene {
  let made: LocalNetwork | undefined;
  // Removed after the overlay has stopped: what was set up first is torn down last.
  beforeAll(async () => {
    made = await LocalNetwork.create();
  });
  afterAll(() => made?.remove());
  const scene = sharedOverlay(name, { ...options, get network() { return present(made); } });
  return {
    folder: scene.folder,
    get overlay() {
      return scene.overlay;
    },
    get network() {
      return present(made);
    },
  };
}

function present(network: LocalNetwork | undefined): LocalNetwork {
  if (network === undefined) throw new Error('the network has not been made yet');
  return network;
}
