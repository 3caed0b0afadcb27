import type { ClientReadableStream } from '@grpc/grpc-js';
import { parseStatus } from '@banyan/grpc';
import type { Overlay } from '@banyan/host';
import { idFromBytes, idToBytes } from '@banyan/ids';
import type { builder } from '@banyan/proto';
import type { PeerService } from '@banyan/service-kit';
import type { Logger } from '@banyan/telemetry';
import { nodeCodec } from '@banyan/wire';

/** Pause before a broken stream is opened again, ms; it doubles to the greatest. */
const REOPEN_MS = 1_000;
const REOPEN_MS_MAX = 60_000;

type AdviceStream = ClientReadableStream<builder.WatchAdviceResponse>;

/**
 * Hands the tree builder's advice to multicast, which decides. One stream, opened again with growing pauses while the builder is
 * away or does not know the call; nothing waits for it.
 */
export class AdviceWatch {
  readonly #service: PeerService<builder.TreeBuilderServiceClient>;
  readonly #overlay: Pick<Overlay, 'self'> & { readonly groups: Pick<Overlay['groups'], 'advise'> };
  readonly #logger: Logger;
  #stream: AdviceStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reopenMs = REOPEN_MS;

  constructor(service: PeerService<builder.TreeBuilderServiceClient>, overlay: Pick<Overlay, 'self'> & { readonly groups: Pick<Overlay['groups'], 'advise'> }, logger: Logger) {
    this.#service = service;
    this.#overlay = overlay;
    this.#logger = logger;
  }

  start(): void {
    const stream = this.#service.client.watchAdvice({ nodeId: idToBytes(this.#overlay.self.id) });
    this.#stream = stream;
    stream.on('data', (advice: builder.WatchAdviceResponse) => {
      this.#reopenMs = REOPEN_MS;
      this.#take(advice);
    });
    stream.on('error', (error) => this.#broken(stream, error));
    stream.on('end', () => this.#broken(stream, undefined));
  }

  stop(): void {
    clearTimeout(this.#timer);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
  }

  // An error and an end may both come for one stream.
  #broken(stream: AdviceStream, error: unknown): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (error !== undefined && this.#reopenMs === REOPEN_MS) this.#logger.warn({ event: 'advice_stream_broken', reason: parseStatus(error).reason, address: this.#service.address }, String(error));
    this.#timer = setTimeout(() => this.start(), this.#reopenMs).unref();
    this.#reopenMs = Math.min(this.#reopenMs * 2, REOPEN_MS_MAX);
  }

  #take({ group, epoch, parent, better, gain, atMs, validMs }: builder.WatchAdviceResponse): void {
    if (parent === undefined || better === undefined || parent.id.length !== ID_BYTES || better.id.length !== ID_BYTES || group.length !== ID_BYTES) return;
    // Two clocks take part: one that is behind the builder's makes advice younger than it is, never older than it was sent.
    const ageMs = Math.max(0, Date.now() - Number(atMs));
    this.#overlay.groups.advise({ group: idFromBytes(group), epoch: Number(epoch), parent: nodeCodec.fromWire(parent), better: nodeCodec.fromWire(better), gain, forMs: validMs - ageMs });
  }
}

const ID_BYTES = 16;
