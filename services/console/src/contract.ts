// What the console tells its page, and what the page asks: plain JSON. Sequences are decimal text, ids 32 hex digits.

/** A ring member as the page draws it. */
export interface NodeView {
  readonly id: string;
  readonly incarnation: string;
  readonly region: string;
  readonly zone: string;
  /** `host:port` of its API; absent while only its neighbors have told of it. */
  readonly api?: string;
  readonly capacity: number;
  /** From 0 to 1, as it told the bootstrap service; absent while only its neighbors have told of it. */
  readonly load?: number;
  /** False while it joins or drains. */
  readonly ready: boolean;
  /** Nodes in its leaf set, as far as it is watched. */
  readonly leaves?: number;
}

/** Something that happened in the ring. */
export interface RingEvent {
  readonly atMs: number;
  readonly type: 'came' | 'gone' | 'restarted' | 'ready' | 'unready';
  readonly id: string;
  readonly region: string;
}

/** The whole ring. */
export interface RingView {
  readonly nodes: readonly NodeView[];
  readonly events: readonly RingEvent[];
  /** Nodes whose leaf sets are watched; those of the others come from their neighbors. */
  readonly watched: number;
}

/** What changed in the ring since the last message. */
export interface RingChange {
  readonly upsert: readonly NodeView[];
  readonly gone: readonly string[];
  readonly events: readonly RingEvent[];
  readonly watched: number;
}

/** The leaf set of one node, nearest first. */
export interface LeavesView {
  readonly id: string;
  readonly ready: boolean;
  readonly leaves: readonly string[];
  /** Why there is none, when the node does not answer. */
  readonly fault?: string;
}

/** A group as the list shows it. */
export interface GroupView {
  readonly name: string;
  readonly key: string;
  readonly delivery: string;
  readonly stripes: number;
  readonly fanOutMax: number;
}

/** A node's place in a tree. */
export interface PlaceView {
  readonly id: string;
  readonly region: string;
  readonly role: 'root' | 'forwarder' | 'leaf' | 'unknown';
  readonly parent?: string;
  /** False while its parent does not name it among its children (it moves, or one of the two died), and of the root of an epoch that is over. */
  readonly isHeld: boolean;
  readonly subscriptions: number;
  readonly isVoter: boolean;
  readonly next: string;
  readonly committed: string;
}

/** The tree of a group. */
export interface TreeView {
  readonly group: string;
  readonly places: readonly PlaceView[];
  readonly atMs: number;
  /** Why there is none. */
  readonly fault?: string;
}

/** Who of a group has what. */
export interface CoverageView {
  readonly group: string;
  readonly members: string;
  readonly covered: string;
  readonly reached: string;
  readonly committed: string;
  readonly behind: readonly { readonly id: string; readonly reached: string }[];
  readonly missing: readonly string[];
}

/** Somebody who reads too slowly. */
export interface SlowView {
  /** The node that he keeps waiting. */
  readonly at: string;
  readonly group: string;
  readonly client?: string;
  readonly child?: string;
  readonly queueBytes: string;
  readonly ageMs: number;
  readonly policy?: string;
  readonly holdsPublishers: boolean;
  readonly remedy: string;
}

/** Everybody who reads too slowly, the longest first. */
export interface SlowList {
  readonly readers: readonly SlowView[];
  /** Nodes asked, and those that did not answer. */
  readonly asked: number;
  readonly silent: number;
  readonly atMs: number;
}

/** One service of the control plane. */
export interface ServiceView {
  readonly name: string;
  readonly address: string;
  readonly state: 'serving' | 'notServing' | 'unreachable';
  readonly roundTripMs?: number;
  /** What its absence stops. */
  readonly meaning: string;
  readonly fault?: string;
  /** Since when it has been in this state. */
  readonly sinceMs: number;
}

/** The control plane. */
export interface ControlView {
  readonly services: readonly ServiceView[];
  readonly nodes: { readonly known: number; readonly ready: number };
  readonly atMs: number;
}

/** One entry of the audit log. */
export interface AuditEntry {
  readonly atMs: number;
  readonly subject: string;
  readonly action: string;
  readonly target: string;
  /** `asked` is written before, the others after. */
  readonly outcome: 'asked' | 'done' | 'refused' | 'failed';
  readonly detail?: string;
}

/** A drain as far as it is: its seven steps in their order. */
export interface DrainView {
  readonly id: string;
  readonly steps: readonly {
    readonly name: string;
    readonly state: 'waiting' | 'running' | 'done' | 'late';
    /** What is left of it, or was left behind. */
    readonly left: number;
    /** When the next step begins at the latest, and how long this one took so far; ms since the drain began. */
    readonly deadlineMs: number;
    readonly elapsedMs: number;
  }[];
  readonly isDone: boolean;
  /** Why nothing more is heard of it. */
  readonly fault?: string;
}

/** One hop of a route. */
export interface HopView {
  readonly at: string;
  readonly to: string;
  readonly rule: 'leafSet' | 'routingTable' | 'rareCase' | 'application' | 'unknown';
  readonly row?: number;
  readonly column?: number;
  readonly roundTripMs?: number;
  readonly waitMs: number;
}

/** A route from a node to the root of a key. */
export interface RouteView {
  readonly key: string;
  readonly from: string;
  readonly root: string;
  readonly hops: readonly HopView[];
  readonly elapsedMs: number;
  readonly directRoundTripMs?: number;
}

/** Who is signed in. */
export interface SessionView {
  readonly subject: string;
  readonly isAdmin: boolean;
  readonly canRoute: boolean;
  readonly expiresAtMs: number;
}

/** The outline of the continents and where regions lie; longitude and latitude in degrees. */
export interface WorldView {
  readonly outline: readonly (readonly (readonly [number, number])[])[];
  readonly regions: Readonly<Record<string, readonly [latitude: number, longitude: number]>>;
}

/** The events of the stream by their names. */
export interface StreamEvents {
  readonly hello: { readonly stream: string };
  readonly ring: RingView;
  readonly ringChange: RingChange;
  readonly leaves: LeavesView;
  readonly groups: { readonly groups: readonly GroupView[]; readonly fault?: string };
  readonly tree: TreeView;
  readonly coverage: CoverageView;
  readonly slow: SlowList;
  readonly control: ControlView;
  readonly drain: DrainView;
  readonly audit: { readonly entries: readonly AuditEntry[] };
  readonly expired: { readonly reason: string };
}

/** Name of an event of the stream. */
export type StreamEventName = keyof StreamEvents;
