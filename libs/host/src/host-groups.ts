import { randomBytes } from 'node:crypto';
import { OverlayError } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { Coverage, GroupDescriptor, Multicast, MulticastCommand, MulticastEvent, ParentAdvice, SlowReader, Verified } from '@banyan/multicast';
import { multicast as api } from '@banyan/proto';
import type { Tracer } from '@banyan/telemetry';
import { descriptorCodec, type DescriptorCheck } from '@banyan/wire';
import { Anycasts } from './anycasts.ts';
import type { AnycastAnswer, Ask, GroupPlace, Groups, MovableSubscription, Publication } from './contract.ts';
import type { HostMetrics } from './host-metrics.ts';
import { HostPublication } from './publication.ts';
import { HostSubscription, WINDOW_BYTES } from './subscription.ts';

/** What the groups of a host need of it. */
export interface GroupPorts {
  command(command: MulticastCommand): void;
  readonly machine: Multicast;
  readonly isSigned: DescriptorCheck;
  readonly tracer: Tracer;
  readonly metrics: HostMetrics;
}

interface Opening {
  settle(outcome: OverlayError | undefined): void;
}

const OPEN_TIMEOUT_MS = 30_000;
const SESSION = /^[0-9a-f]{32}$/;
const MS_PER_S = 1_000;

/** Multicast as this node's users have it: each session and subscription is an object, and events find theirs. */
export class HostGroups implements Groups {
  readonly #ports: GroupPorts;
  readonly #descriptors: ReturnType<typeof descriptorCodec>;
  readonly #publications = new Map<string, HostPublication>();
  readonly #subscriptions = new Map<number, { readonly subscription: HostSubscription; readonly group: Id; readonly client: string }>();
  readonly #anycasts: Anycasts;
  readonly #openings = new Map<Id, Set<Opening>>();
  #nextSubscription = 1;
  #left: (() => void) | undefined;
  #leaving: Promise<void> | undefined;

  constructor(ports: GroupPorts) {
    this.#ports = ports;
    this.#descriptors = descriptorCodec(ports.isSigned);
    this.#anycasts = new Anycasts(ports.command);
  }

  verify(signed: api.SignedGroupDescriptor): api.GroupDescriptor {
    this.#verified(signed);
    return api.GroupDescriptor.decode(signed.descriptor);
  }

  open(signed: api.SignedGroupDescriptor, ask: Ask = {}): Promise<void> {
    const descriptor = this.#verified(signed);
    return new Promise((resolve, reject) => {
      const openings = this.#openings.get(descriptor.group) ?? new Set<Opening>();
      this.#openings.set(descriptor.group, openings);
      const abort = (): void => opening.settle(new OverlayError('CANCELLED', 'the caller went away'));
      const opening: Opening = {
        settle(outcome) {
          clearTimeout(timer);
          ask.signal?.removeEventListener('abort', abort);
          openings.delete(opening);
          if (outcome === undefined) resolve();
          else reject(outcome);
        },
      };
      const timer = setTimeout(() => opening.settle(new OverlayError('ROUTE_TIMEOUT', 'the owner of the group\'s key did not answer')), ask.timeoutMs ?? OPEN_TIMEOUT_MS);
      ask.signal?.addEventListener('abort', abort, { once: true });
      openings.add(opening);
      this.#ports.command({ type: 'open', descriptor });
    });
  }

  publish(options: Parameters<Groups['publish']>[0]): Publication {
    const { group, client } = options;
    const session = options.session ?? randomBytes(16).toString('hex');
    if (!SESSION.test(session)) throw new OverlayError('REQUEST_INVALID', 'a session is 16 bytes', { field: 'session' });
    const key = publicationKey(group, client, session);
    if (this.#publications.has(key)) throw new OverlayError('SESSION_TAKEN', 'another stream publishes in this session', { session });
    const descriptor = options.descriptor === undefined ? undefined : this.#verified(options.descriptor);
    const publication = new HostPublication(
      { group, client, session, descriptor },
      {
        command: this.#ports.command,
        tracer: this.#ports.tracer,
        receipted: (ms, trace) => this.#ports.metrics.multicast.receiptDuration.observeTraced(ms / MS_PER_S, trace),
        closed: () => this.#publications.delete(key),
      },
    );
    this.#publications.set(key, publication);
    return publication;
  }

  subscribe(options: Parameters<Groups['subscribe']>[0]): MovableSubscription {
    const id = this.#nextSubscription++;
    const descriptor = options.descriptor === undefined ? undefined : this.#verified(options.descriptor);
    const subscription = new HostSubscription(id, {
      command: this.#ports.command,
      tracer: this.#ports.tracer,
      delivered: (count, stampMs, trace) => this.#delivered(count, stampMs, trace),
      closed: () => this.#subscriptions.delete(id),
    });
    this.#subscriptions.set(id, { subscription, group: options.group, client: options.client ?? '' });
    const { group, start, windowBytes = WINDOW_BYTES, policy, client, answers } = options;
    const manner = { ...(policy === undefined ? {} : { policy }), ...(client === undefined ? {} : { client }), ...(answers === undefined ? {} : { answers }) };
    this.#ports.command({ type: 'subscribe', subscription: id, group, start, windowBytes, ...manner, ...(descriptor === undefined ? {} : { descriptor }) });
    return subscription;
  }

  async anycast(offer: Parameters<Groups['anycast']>[0], ask: Ask = {}): Promise<AnycastAnswer> {
    return this.#anycasts.ask(offer, ask);
  }

  answerAnycast({ group, offer, client, reply }: Parameters<Groups['answerAnycast']>[0]): void {
    const isHis = [...this.#subscriptions.values()].some((one) => one.group === group && one.client === client && one.subscription.takeOffer(offer));
    if (!isHis) throw new OverlayError('OFFER_GONE', 'no such offer waits for an answer');
    this.#anycasts.answer(offer, reply);
  }

  place(group: Id): GroupPlace | undefined {
    const picture = this.#ports.machine.describe(group);
    if (picture === undefined) return undefined;
    const { name, role, isVoter, parent, children, subscriptions, record, low, committed, next, fanOut, publishers } = picture;
    return { group, name, role, isVoter, parent, children, subscriptions, epoch: record?.epoch, low, committed, next, fanOut, publishers };
  }

  coverage(group: Id): Coverage | undefined {
    return this.#ports.machine.coverage(group);
  }

  slow(): readonly SlowReader[] {
    return this.#ports.machine.slow();
  }

  places(): readonly GroupPlace[] {
    // A stripe has no name of its own by which one could ask for it.
    return this.#ports.machine.groups().flatMap((group) => (this.#ports.machine.descriptorOf(group)?.stripe === undefined ? (this.place(group) ?? []) : []));
  }

  advise(advice: ParentAdvice): void {
    this.#ports.command({ type: 'advise', advice });
  }

  /** An event of multicast. */
  on(event: MulticastEvent): void {
    switch (event.type) {
      case 'opened':
        return this.#settleOpening(event.group, undefined);
      case 'openFailed':
        return this.#settleOpening(event.group, event.reason === 'TOO_MANY' ? new OverlayError('BUSY', 'as many groups are being opened as this node takes') : new OverlayError('ROUTE_TIMEOUT', 'no root of the group is to be found'));
      case 'left':
        return this.#left?.();
      case 'advised':
        return this.#ports.metrics.multicast.advice.add(1, { outcome: event.outcome });
      case 'anycastEnded':
        return this.#anycasts.on(event);
      case 'note':
        return undefined;
      default:
        if ('subscription' in event) this.#subscriptions.get(event.subscription)?.subscription.on(event);
        else this.#publications.get(publicationKey(event.group, event.client, event.session))?.on(event);
    }
  }

  /** Begins to hand over every duty. Once. */
  beginLeave(withinMs: number): void {
    this.#leaving ??= new Promise<void>((resolve) => {
      this.#left = resolve;
      this.#ports.command({ type: 'leave', withinMs });
    });
  }

  /** Hands over every duty; resolves when the machine has, or after `graceMs`. */
  async leave(graceMs: number): Promise<void> {
    this.beginLeave(graceMs);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#leaving, new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)))]);
    clearTimeout(timer);
  }

  /** Everything that goes on fails. */
  failAll(error: OverlayError): void {
    for (const publication of [...this.#publications.values()]) publication.fail(error);
    for (const { subscription } of [...this.#subscriptions.values()]) subscription.fail(error);
    this.#anycasts.failAll(error);
    for (const group of [...this.#openings.keys()]) this.#settleOpening(group, error);
  }

  #verified(signed: api.SignedGroupDescriptor): Verified<GroupDescriptor> {
    try {
      return this.#descriptors.fromWire(signed);
    } catch (error) {
      throw new OverlayError('DESCRIPTOR_INVALID', error instanceof Error ? error.message : 'the descriptor cannot be read', {}, { cause: error });
    }
  }

  #settleOpening(group: Id, outcome: OverlayError | undefined): void {
    for (const opening of [...(this.#openings.get(group) ?? [])]) opening.settle(outcome);
    this.#openings.delete(group);
  }

  #delivered(count: number, stampMs: number, trace: string | undefined): void {
    this.#ports.metrics.multicast.delivered.add(count);
    this.#ports.metrics.multicast.deliveryLag.observeTraced(Math.max(0, Date.now() - stampMs) / MS_PER_S, trace);
  }
}

function publicationKey(group: Id, client: string, session: string): string {
  return `${group} ${session} ${client}`;
}
