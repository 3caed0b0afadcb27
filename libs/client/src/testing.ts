// A small real overlay API for specs: grpc-js servers over TLS that keep one log per group and obey the rules of the
// protos that clients rely on: receipts after numbering, retries recognised by (session, counter), starts, gaps.
// Not for production. Imported as `@banyan/client/testing`.
import { Server, type ServerDuplexStream, type ServerWritableStream } from '@grpc/grpc-js';
import { OverlayError, tlsServerCredentials, toServiceError } from '@banyan/grpc';
import { mintTestAuthority, type TestMember } from '@banyan/identity/testing';
import { builder, multicast, overlay } from '@banyan/proto';
import { TestGroups } from './testing-groups.ts';

export { TestGroups } from './testing-groups.ts';

type PublishCall = ServerDuplexStream<multicast.PublishRequest, multicast.PublishResponse>;
type SubscribeCall = ServerWritableStream<multicast.SubscribeRequest, multicast.SubscribeResponse>;

/** What all nodes of the test overlay share: one log. */
export class SharedLog {
  readonly messages: Uint8Array[] = [];
  /** Sequences below are expired. */
  low = 1n;
  readonly #receipts = new Map<string, multicast.Receipt>();
  readonly #watchers = new Set<() => void>();
  /** By sequence. */
  readonly #fragments = new Map<number, multicast.Fragment>();
  batches = 0;
  retries = 0;

  get next(): bigint {
    return BigInt(this.messages.length) + 1n;
  }

  /** Which part of a large message stands there, if it is one. */
  fragmentAt(sequence: bigint): multicast.Fragment | undefined {
    return this.#fragments.get(Number(sequence));
  }

  append(session: Uint8Array, batch: multicast.PublishBatch): multicast.Receipt {
    const key = `${Buffer.from(session).toString('hex')}:${batch.firstCounter}`;
    const known = this.#receipts.get(key);
    if (known !== undefined) {
      this.retries++;
      return known;
    }
    const receipt = { firstCounter: batch.firstCounter, count: batch.messages.length, firstSequence: this.next };
    this.messages.push(...batch.messages.map((message) => Uint8Array.from(message)));
    if (batch.fragment !== undefined) this.#fragments.set(this.messages.length, { ...batch.fragment, publisher: Buffer.from(session) });
    this.#receipts.set(key, receipt);
    this.batches++;
    for (const watcher of this.#watchers) watcher();
    return receipt;
  }

  grown(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake);
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** One node: a server of its own on a port of its own. */
export class TestNode {
  readonly log: SharedLog;
  readonly #groups: TestGroups;
  address = '';
  /** The next receipts are kept back: numbered, but the publisher never learns it. */
  swallowReceipts = false;
  /** Every call is refused with this. */
  refusal: OverlayError | undefined;
  /** Messages per Messages response. */
  messagesPerResponse = 16;
  readonly answered: overlay.ForwardAnswer[] = [];
  readonly opened: multicast.PublishOpen[] = [];
  readonly subscribed: multicast.SubscribeRequest[] = [];
  /** Said to a subscriber before anything of the log. */
  saidFirst: multicast.SubscribeResponse[] = [];
  written = 0;
  /** Offers a payload to the subscriber that answers anycasts, and calls back with his reply. */
  offered: ((payload: Uint8Array, replied: (reply: Uint8Array) => void) => void) | undefined;
  readonly anycastAnswers: multicast.AnswerAnycastRequest[] = [];
  #replied: ((reply: Uint8Array) => void) | undefined;
  /** What `listSlow` tells. */
  slow: multicast.SlowReader[] = [];
  /** What `watchNeighbors` tells. */
  leaves: overlay.Node[] = [];
  isReady = true;
  isLeaving = false;
  /** What `drain` tells, one after the other. */
  drains: overlay.DrainResponse[] = [];
  /** What `trace` tells. */
  hops: overlay.Hop[] = [];
  #server: Server | undefined;
  readonly #name: number;

  constructor(log: SharedLog, groups: TestGroups, name: number) {
    this.log = log;
    this.#groups = groups;
    this.#name = name;
  }

  async start(key: string, certificate: string): Promise<this> {
    const server = new Server();
    server.addService(multicast.MulticastServiceService, this.#multicast());
    server.addService(overlay.OverlayServiceService, this.#overlay());
    server.addService(builder.TreeBuilderServiceService, this.#groups.service());
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', tlsServerCredentials({ key, certificate }), (error, bound) => (error === null ? resolve(bound) : reject(error))),
    );
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  /** As SIGKILL does it: every connection is cut. */
  kill(): void {
    this.#server?.forceShutdown();
  }

  get node(): overlay.Node {
    const id = new Uint8Array(16).fill(this.#name);
    return { id, incarnation: 1n, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 8, apiAddress: this.address };
  }

  #multicast(): multicast.MulticastServiceServer {
    return {
      publish: (call: PublishCall) => void this.#publish(call).catch(() => undefined), // a cut stream throws
      subscribe: (call: SubscribeCall) => void this.#subscribe(call),
      anycast: ({ request }, answer) => {
        const { offered } = this;
        if (offered === undefined) answer(toServiceError(new OverlayError('NOBODY_ACCEPTED', 'no member took it')));
        else offered(request.payload, (reply) => answer(null, { node: this.node, reply, visits: 2 }));
      },
      answerAnycast: ({ request }, answer) => {
        this.anycastAnswers.push(request);
        this.#replied?.(request.reply);
        answer(null, {});
      },
      listSlow: (_call, answer) => answer(null, { readers: this.slow }),
      describePlace: ({ request }, answer) => {
        const place = this.#groups.places.find(({ group, node }) => group === request.group && node?.id[0] === this.#name);
        if (place === undefined) answer(toServiceError(new OverlayError('GROUP_NOT_FOUND', `there is no group '${request.group}' here`)));
        else answer(null, { place });
      },
    };
  }

  #overlay(): overlay.OverlayServiceServer {
    const notReady = toServiceError(new OverlayError('NOT_READY', 'not in the ring'));
    return {
      route: (_call, answer) => answer(notReady),
      trace: (_call, answer) => answer(null, { root: this.node, hops: this.hops, elapsedMs: 2, directRoundTripMs: 1.5, key: this.node.id }),
      getState: (_call, answer) => answer(notReady),
      drain: (call) => {
        for (const response of this.drains) call.write(response);
        call.end();
      },
      replicaSet: (_call, answer) => answer(null, { replicas: [this.node], isRoot: true, key: this.node.id }),
      watchNeighbors: (call) => {
        call.write({ node: this.node, ready: this.isReady, leaves: this.leaves, gained: [], lost: [], leaving: this.isLeaving });
      },
      attach: (call) => {
        call.on('data', ({ answer, forwardPrefixes }: overlay.AttachRequest) => {
          if (answer !== undefined) return void this.answered.push(answer);
          call.write({ event: { $case: 'attached', value: { node: this.node } } });
          if (forwardPrefixes.length > 0) {
            const offered = { forwardId: 7n, key: this.node.id, payload: Buffer.from('on its way'), origin: this.node, hops: 1, nextHop: this.node, otherHops: [] };
            call.write({ event: { $case: 'forward', value: offered } });
            return;
          }
          call.write({ event: { $case: 'deliver', value: { key: this.node.id, payload: Buffer.from('hello'), origin: this.node, hops: 2 } } });
        });
        call.on('end', () => call.end());
      },
      lookup: (_call, answer) => {
        if (this.refusal !== undefined) answer(toServiceError(this.refusal));
        else answer(null, { root: this.node, replicas: [this.node], hops: 0, elapsedMs: 1, key: this.node.id });
      },
    };
  }

  async #publish(call: PublishCall): Promise<void> {
    call.on('error', () => undefined);
    let session = new Uint8Array() as Uint8Array;
    for await (const { request } of call as AsyncIterable<multicast.PublishRequest>) {
      if (this.refusal !== undefined) return void call.emit('error', toServiceError(this.refusal));
      if (request?.$case === 'open') {
        this.opened.push(request.value);
        session = Uint8Array.from(request.value.session);
        call.write({ response: { $case: 'opened', value: { session: Buffer.from(session), unreceiptedBytesMax: 8n << 20n } } });
      } else if (request?.$case === 'batch') {
        const receipt = this.log.append(session, request.value);
        if (!this.swallowReceipts) call.write({ response: { $case: 'receipt', value: receipt } });
      }
    }
    call.end();
  }

  async #subscribe(call: SubscribeCall): Promise<void> {
    call.on('error', () => undefined);
    if (this.refusal !== undefined) return void call.emit('error', toServiceError(this.refusal));
    this.subscribed.push(call.request);
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    call.on('close', () => abort.abort());
    let next = this.#startOf(call.request.start?.start);
    await send(call, { response: { $case: 'subscribed', value: { nextSequence: next } } });
    for (const response of this.saidFirst) await send(call, response);
    if (call.request.answersAnycasts === true) {
      this.offered = (payload, replied) => {
        this.#replied = replied;
        void send(call, { response: { $case: 'anycast', value: { offer: 7n, payload, origin: this.node } } });
      };
    }
    while (!abort.signal.aborted) {
      if (next < this.log.low) {
        await send(call, { response: { $case: 'gap', value: { firstSequence: next, lastSequence: this.log.low - 1n, reason: multicast.GapReason.EXPIRED } } });
        next = this.log.low;
      }
      const fragment = this.log.fragmentAt(next);
      const messages = this.log.messages.slice(Number(next - 1n), Number(next - 1n) + (fragment === undefined ? this.#runLength(next) : 1));
      if (messages.length === 0) {
        await this.log.grown(abort.signal);
        continue;
      }
      await send(call, { response: { $case: 'messages', value: { firstSequence: next, messages, stampMs: 1_000n, fragment } } });
      this.written += messages.length;
      next += BigInt(messages.length);
    }
  }

  /** Messages for one response: as many as it takes, up to the next part of a large one. */
  #runLength(next: bigint): number {
    for (let length = 1; length < this.messagesPerResponse; length++) if (this.log.fragmentAt(next + BigInt(length)) !== undefined) return length;
    return this.messagesPerResponse;
  }

  #startOf(start: NonNullable<multicast.SubscribeRequest['start']>['start']): bigint {
    switch (start?.$case) {
      case 'first':
        return this.log.low;
      case 'sequence':
        return start.value;
      case 'last':
        return this.log.next > start.value ? this.log.next - start.value : 1n;
      default:
        return this.log.next > 1n ? this.log.next - 1n : 1n;
    }
  }
}

/** An overlay for a spec. */
export interface TestOverlay {
  readonly nodes: readonly TestNode[];
  readonly log: SharedLog;
  readonly groups: TestGroups;
  /** The PEM that clients trust. */
  readonly authority: string;
  readonly stop: () => void;
}

/** `count` nodes over one log, with certificates as `member` says; each is a tree builder, too. */
export async function startTestOverlay(count: number, member: TestMember = {}): Promise<TestOverlay> {
  const { pem, issue } = await mintTestAuthority();
  const [log, groups] = [new SharedLog(), new TestGroups()];
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { key, certificate } = await issue(member);
      return new TestNode(log, groups, i + 1).start(key, certificate);
    }),
  );
  return { nodes, log, groups, authority: pem, stop: () => nodes.forEach((node) => node.kill()) };
}

async function send(call: SubscribeCall, response: multicast.SubscribeResponse): Promise<void> {
  if (call.write(response)) return;
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    call.once('cancelled', () => resolve());
    call.once('close', resolve);
  });
}
