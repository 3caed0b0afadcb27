import type { ServiceName } from './overlay-file.ts';
import type { LocalNetwork } from './network/local-network.ts';
import type { Programs } from './programs.ts';
import type { ProcessExit } from './service-process.ts';
import type { Settings } from './settings.ts';

/** What to start and how. */
export interface LaunchOptions {
  /** Everything lies below it; a second start in it goes on with the same authority, identities and groups. */
  readonly dataDir: string;
  /** How many nodes, at least 1. */
  readonly nodes: number;
  /** Start the console, too: a process of its own, which tests do without. */
  readonly console?: boolean;
  /** More settings for the services. */
  readonly services?: Readonly<Partial<Record<ServiceName, Settings>>>;
  /** More settings for each node; `index` counts from 0. */
  readonly nodeConfig?: (name: string, index: number) => Settings;
  /** Variables for every process that are no settings (`OTEL_EXPORTER_OTLP_ENDPOINT`). */
  readonly env?: Readonly<Record<string, string>>;
  /** More of them for one process (`BANYAN_RECORD`, which names a file). */
  readonly envOf?: (name: string) => Readonly<Record<string, string>>;
  /** Gives every node a host of its own, named like the node, and the services one; by default all listen on loopback. Stays the caller's. */
  readonly network?: LocalNetwork;
  /** Other programs than those built in this repository. */
  readonly programs?: Programs;
  /** Interrupts the start: everything begun is stopped, and CANCELLED is thrown. */
  readonly signal?: AbortSignal;
  /** Told as processes come up. */
  readonly onProgress?: (progress: LaunchProgress) => void;
  /** Told when a process ends that nobody asked to. */
  readonly onDeath?: (name: string, exit: ProcessExit) => void;
  /** How long each process may take to its ready line and to readiness, ms; by default 60,000. */
  readonly readyTimeoutMs?: number;
  /** How long each process may take to stop, ms; by default 12,000. Then it is killed. */
  readonly stopGraceMs?: number;
}

/** A process came up. */
export interface LaunchProgress {
  readonly name: string;
  readonly up: number;
  readonly total: number;
}
