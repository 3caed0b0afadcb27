import type { Client } from '@banyan/client';
import { parseStatus } from '@banyan/grpc';
import { adminsByApi, expectedNodes } from '../doctor/examine.ts';
import type { OverlayAccess } from '../overlay-options.ts';
import { readSamples, type Samples } from './metrics-text.ts';

/** A node at one moment. */
export interface NodeLook {
  readonly name: string;
  /** `ready`, `joining`, `leaving` (or left), or the reason why it did not answer. */
  readonly state: string;
  readonly leaves: number | undefined;
  readonly samples: Samples | undefined;
}

/** A group at one moment. */
export interface GroupLook {
  readonly name: string;
  readonly delivery: string;
  readonly nodes: number;
  readonly subscriptions: number;
  /** Undefined until the root has told. */
  readonly committed: bigint | undefined;
  readonly behind: bigint | undefined;
  readonly missing: number | undefined;
}

/** Everything `top` shows, at one moment. */
export interface Look {
  readonly atMs: number;
  readonly nodes: readonly NodeLook[];
  readonly groups: readonly GroupLook[];
  /** Groups that are not shown because there are too many. */
  readonly moreGroups: boolean;
  /** Why groups are not told. */
  readonly groupsFault: string | undefined;
}

/** More do not fit on a screen, and each one is watched. */
const GROUPS_MAX = 50;
const ANSWER_TIMEOUT_MS = 2_000;

/** Looks at an overlay again and again; what it watches (the coverage of groups) stays open between. */
export class Looker implements Disposable {
  readonly #access: OverlayAccess;
  readonly #client: Client;
  readonly #coverage = new Map<string, Pick<GroupLook, 'committed' | 'behind' | 'missing'>>();
  readonly #watched = new Set<string>();
  #admins: Promise<ReadonlyMap<string, string>> | undefined;

  /** `client` speaks to any node and to the tree builder, and is closed with this. */
  constructor(access: OverlayAccess, client: Client) {
    this.#access = access;
    this.#client = client;
  }

  async look(): Promise<Look> {
    const [nodes, groups] = await Promise.all([this.#nodes(), this.#groups()]);
    return { atMs: performance.now(), nodes, ...groups };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #nodes(): Promise<readonly NodeLook[]> {
    const admins = await (this.#admins ??= adminsByApi(this.#access));
    return Promise.all(expectedNodes(this.#access).map(async ({ name, address, connect }) => {
      const samples = scrape(admins.get(address));
      const client = await connect();
      try {
        const { isReady, isLeaving, leaves } = await client.overlay.neighbors({ deadlineMs: ANSWER_TIMEOUT_MS });
        return { name, state: isLeaving ? 'leaving' : isReady ? 'ready' : 'joining', leaves: leaves.length, samples: await samples };
      } catch (error) {
        return { name, state: parseStatus(error).reason, leaves: undefined, samples: await samples };
      } finally {
        client.close();
      }
    }));
  }

  async #groups(): Promise<Pick<Look, 'groups' | 'moreGroups' | 'groupsFault'>> {
    try {
      const names: string[] = [];
      for await (const { name } of this.#client.groups.list('', { deadlineMs: ANSWER_TIMEOUT_MS })) {
        if (names.push(name) > GROUPS_MAX) break;
      }
      const shown = names.slice(0, GROUPS_MAX);
      for (const name of shown) if (!this.#watched.has(name)) void this.#watch(name);
      const groups = await Promise.all(shown.map((name) => this.#client.groups.describe(name, { deadlineMs: ANSWER_TIMEOUT_MS }).catch(() => undefined)));
      const looks = groups.flatMap((group) => (group === undefined ? [] : [{ ...this.#known(group.name), ...group }]));
      return { groups: looks.map(({ name, delivery, nodes, subscriptions, committed, behind, missing }) => ({ name, delivery, nodes, subscriptions, committed, behind, missing })), moreGroups: names.length > GROUPS_MAX, groupsFault: undefined };
    } catch (error) {
      return { groups: [], moreGroups: false, groupsFault: parseStatus(error).message };
    }
  }

  #known(name: string): Pick<GroupLook, 'committed' | 'behind' | 'missing'> {
    return this.#coverage.get(name) ?? { committed: undefined, behind: undefined, missing: undefined };
  }

  /** Until the group or the tree builder is gone; the next look begins again. */
  async #watch(name: string): Promise<void> {
    this.#watched.add(name);
    try {
      for await (const coverage of this.#client.groups.watchCoverage(name)) {
        if (coverage === undefined) continue;
        const { committed, reached, behind, missing } = coverage;
        this.#coverage.set(name, { committed, behind: committed - (behind[0]?.reached ?? reached), missing: missing.length });
      }
    } catch {
      this.#coverage.delete(name); // what it was is no longer known; the groups' own call says why
    } finally {
      this.#watched.delete(name);
    }
  }
}

async function scrape(admin: string | undefined): Promise<Samples | undefined> {
  if (admin === undefined) return undefined;
  const answer = await fetch(`http://${admin}/metrics`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).then((response) => response.text(), () => undefined);
  return answer === undefined ? undefined : readSamples(answer);
}
