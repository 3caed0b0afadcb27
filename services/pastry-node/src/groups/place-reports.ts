import type { ClientWritableStream } from '@grpc/grpc-js';
import { parseStatus } from '@banyan/grpc';
import type { GroupPlace, Overlay } from '@banyan/host';
import { idToBytes, type Id } from '@banyan/ids';
import type { builder } from '@banyan/proto';
import { canonicalJson, type Json } from '@banyan/sansio';
import type { Logger } from '@banyan/telemetry';
import { toNode, toPlace } from '../api/to-proto.ts';
import type { PeerService } from '@banyan/service-kit';
import type { SelfNode } from '../ports.ts';
import { CoverageReports } from './coverage-reports.ts';

/** Between two reports of what changed, ms. */
const CHANGES_MS = 1_000;
/** Between two reports of everything, ms: the builder forgets what is not repeated. */
const ALL_MS = 10_000;
/** Pause before a broken stream is opened again, ms; it doubles to the greatest. */
const REOPEN_MS = 1_000;
const REOPEN_MS_MAX = 30_000;

/** Distances told in one report at most. */
const MEASURED_MAX = 256;

type ReportStream = ClientWritableStream<builder.ReportPlacesRequest>;

type Reported = Pick<Overlay, 'coordinate' | 'roundTripMs'> & { readonly groups: Pick<Overlay['groups'], 'places' | 'coverage'> };

/**
 * Tells the tree builder this node's places, where it lies, and the coverage of groups it is the root of: every second what
 * changed, every ten all. One stream, opened again with growing pauses while the builder is away; nothing waits for it.
 */
export class PlaceReports {
  readonly #service: PeerService<builder.TreeBuilderServiceClient>;
  readonly #overlay: Reported;
  readonly #self: SelfNode;
  readonly #logger: Logger;
  readonly #coverages: CoverageReports;
  /** What the builder was last told, by group: the place without what moves with every message. */
  readonly #told = new Map<Id, string>();
  #stream: ReportStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #allDueAt = 0;
  #reopenAt = 0;
  #reopenMs = REOPEN_MS;

  constructor(service: PeerService<builder.TreeBuilderServiceClient>, overlay: Reported, self: SelfNode, logger: Logger) {
    this.#service = service;
    this.#overlay = overlay;
    this.#self = self;
    this.#logger = logger;
    this.#coverages = new CoverageReports(overlay.groups);
  }

  start(): void {
    this.#timer = setInterval(() => this.#report(performance.now()), CHANGES_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stream?.end();
  }

  #report(now: number): void {
    const stream = this.#stream ?? this.#open(now);
    // A builder that does not read keeps the last report waiting; the next one says everything anyway.
    if (stream === undefined || stream.writableNeedDrain) return;
    const isComplete = now >= this.#allDueAt;
    if (isComplete) this.#allDueAt = now + ALL_MS;
    const named = this.#overlay.groups.places().filter((place) => place.name !== undefined);
    const changed = named.filter((place) => isComplete || this.#told.get(place.group) !== shapeOf(place));
    const left = [...this.#told.keys()].filter((group) => !named.some((place) => place.group === group));
    const coverages = this.#coverages.changed(named, isComplete);
    if (changed.length === 0 && left.length === 0 && coverages.length === 0 && !isComplete) return;
    for (const place of changed) this.#told.set(place.group, shapeOf(place));
    for (const group of left) this.#told.delete(group);
    const places = changed.map((place) => ({ ...toPlace(place.name ?? '', toNode(this.#self.handle), place), node: undefined }));
    stream.write({
      node: toNode(this.#self.handle, this.#self.apiAddress),
      places,
      left: left.map(idToBytes),
      at: this.#overlay.coordinate,
      measured: isComplete ? this.#distances(named) : [],
      coverages: [...coverages],
    });
  }

  // To those that stand next to it in some tree: what the builder compares with what coordinates say.
  #distances(places: readonly GroupPlace[]): builder.MeasuredDistance[] {
    const around = new Set(places.flatMap(({ parent, children }) => [...(parent === undefined ? [] : [parent.id]), ...children.map(({ id }) => id)]));
    return [...around].slice(0, MEASURED_MAX).flatMap((id) => {
      const roundTripMs = this.#overlay.roundTripMs(id);
      return roundTripMs === undefined ? [] : [{ node: idToBytes(id), roundTripMs }];
    });
  }

  #open(now: number): ReportStream | undefined {
    if (now < this.#reopenAt) return undefined;
    const stream = this.#service.client.reportPlaces((error) => {
      if (this.#stream === stream) this.#stream = undefined;
      // A stream that lasted ended for a reason of its own: the next pause is short again.
      if (performance.now() - now > REOPEN_MS_MAX) this.#reopenMs = REOPEN_MS;
      this.#reopenAt = performance.now() + this.#reopenMs;
      if (error !== null && this.#reopenMs === REOPEN_MS) this.#logger.warn({ event: 'report_stream_broken', reason: parseStatus(error).reason, address: this.#service.address }, error.message);
      this.#reopenMs = Math.min(this.#reopenMs * 2, REOPEN_MS_MAX);
    });
    // The stream ends with the status above; the event only must not go unheard.
    stream.on('error', () => undefined);
    this.#told.clear();
    this.#allDueAt = now;
    this.#stream = stream;
    return stream;
  }
}

// Marks move with every message and are told with the full reports; a change of shape is told at once.
function shapeOf(place: GroupPlace): string {
  const { role, isVoter, parent, children, subscriptions, epoch, publishers } = place;
  const shape: Json = { role, isVoter, parent: parent?.id ?? '', children: children.map((child) => child.id), subscriptions, epoch: epoch?.counter ?? 0, publishers: publishers.map((node) => node.id) };
  return canonicalJson(shape);
}
