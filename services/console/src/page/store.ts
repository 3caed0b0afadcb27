// What the page knows, and the one stream that tells it.
import type { AuditEntry, ControlView, CoverageView, DrainView, LeavesView, NodeView, RingEvent, RouteView, SessionView, SlowList, StreamEventName, StreamEvents, TreeView, WorldView } from '../contract.ts';
import { ask } from './ask.ts';

const EVENTS_KEPT = 100;
const AUDIT_KEPT = 200;

/** Everything the views draw. */
export class Store {
  readonly nodes = new Map<string, NodeView>();
  readonly drains = new Map<string, DrainView>();
  events: readonly RingEvent[] = [];
  watched = 0;
  groups: StreamEvents['groups'] | undefined;
  tree: TreeView | undefined;
  coverage: CoverageView | undefined;
  slow: SlowList | undefined;
  control: ControlView | undefined;
  leaves: LeavesView | undefined;
  audit: readonly AuditEntry[] = [];
  route: RouteView | undefined;
  selected: string | undefined;
  isConnected = false;
  #stream: string | undefined;
  #topics: readonly string[] = [];
  #source: EventSource | undefined;
  #isDrawing = false;

  constructor(
    readonly session: SessionView,
    readonly world: WorldView,
    private readonly draw: () => void,
    private readonly ended: (reason: string) => void,
  ) {}

  /** Opens the stream; the browser opens it again by itself when it breaks. */
  open(): void {
    const source = (this.#source = new EventSource('/api/stream'));
    const on = <Name extends StreamEventName>(name: Name, take: (data: StreamEvents[Name]) => void): void => {
      source.addEventListener(name, (event) => {
        take(JSON.parse((event as MessageEvent<string>).data) as StreamEvents[Name]);
        this.changed();
      });
    };
    source.onerror = () => void this.#lost();
    on('hello', ({ stream }) => {
      this.#stream = stream;
      this.isConnected = true;
      void this.#choose();
    });
    on('ring', ({ nodes, events, watched }) => {
      this.nodes.clear();
      for (const node of nodes) this.nodes.set(node.id, node);
      [this.events, this.watched] = [events, watched];
    });
    on('ringChange', ({ upsert, gone, events, watched }) => {
      for (const node of upsert) this.nodes.set(node.id, node);
      for (const id of gone) this.nodes.delete(id);
      this.events = [...this.events, ...events].slice(-EVENTS_KEPT);
      this.watched = watched;
    });
    on('leaves', (leaves) => (this.leaves = leaves));
    on('drain', (drain) => void this.drains.set(drain.id, drain));
    on('groups', (groups) => (this.groups = groups));
    on('tree', (tree) => (this.tree = tree));
    on('coverage', (coverage) => (this.coverage = coverage));
    on('slow', (slow) => (this.slow = slow));
    on('control', (control) => (this.control = control));
    on('audit', ({ entries }) => (this.audit = entries.length === 1 ? [...this.audit, ...entries].slice(-AUDIT_KEPT) : entries));
    on('expired', ({ reason }) => this.close(reason));
  }

  /** Follows these topics and no others. */
  follow(topics: readonly string[]): void {
    if (topics.join() === this.#topics.join()) return;
    this.#topics = topics;
    void this.#choose();
  }

  /** The views are drawn again, once a frame. */
  changed(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.draw();
    });
  }

  close(reason: string): void {
    this.#source?.close();
    this.ended(reason);
  }

  async #choose(): Promise<void> {
    if (this.#stream === undefined) return;
    const answer = await ask('PUT', `/api/streams/${this.#stream}`, { topics: this.#topics });
    if (answer.type === 'failed' && answer.status === 401) this.close(answer.message);
  }

  async #lost(): Promise<void> {
    this.isConnected = false;
    this.#stream = undefined;
    this.changed();
    const answer = await ask('GET', '/api/session');
    if (answer.type === 'failed' && answer.status === 401) this.close(answer.message);
  }
}
