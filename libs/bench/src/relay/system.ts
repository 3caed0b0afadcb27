// A system that relays: one process takes messages from one source and hands each to every sink. What differs between
// systems is how they connect; who sends what and who counts is the same for all.

/** Keys and certificates for one party, PEM. */
export interface PartyKeys {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

/** What a party of a system is told. */
export interface PartySetup {
  /** Bytes of a message; all of a run have the same size. */
  readonly size: number;
  /** Sinks. */
  readonly fanout: number;
  /** Mutual TLS on every connection that carries messages. */
  readonly mtls: boolean;
  /** One for each party: relay, source, then the sinks. */
  readonly keys: readonly PartyKeys[];
}

/** Where messages go in. */
export interface Source {
  /** Where sinks connect, of a system that has no relay. */
  readonly address?: string;
  /** Takes a message, which does not change afterwards; a promise when the source must wait for room. */
  send(message: Uint8Array): Promise<void> | undefined;
}

/** The relay that is measured. */
export interface Relay {
  /** `host:port`. */
  readonly address: string;
  /** The source stands, the sinks do not yet. */
  meetSource?(): Promise<void>;
  /** All stand. Rejects when what stands is not one relay between them. */
  meetSinks?(): Promise<void>;
}

/** How one system is run; each function in a process of its own. */
export interface RelaySystem {
  /** Starts the relay. Absent: it is a program of somebody else's, started by the suite. */
  relay?(setup: PartySetup): Promise<Relay>;
  source(relay: string, setup: PartySetup): Promise<Source>;
  /** Connects all sinks; `take` is called for each message at each. */
  sinks(relay: string, setup: PartySetup, take: (sink: number, message: Uint8Array) => void): Promise<void>;
}

/** Cuts a stream of bytes into messages of `size`; what it hands out is valid during the call only. */
export function cutter(size: number, take: (message: Uint8Array) => void): (chunk: Uint8Array) => void {
  const carry = Buffer.alloc(size);
  let carried = 0;
  return (chunk) => {
    let at = 0;
    if (carried > 0) {
      at = Math.min(size - carried, chunk.length);
      carry.set(chunk.subarray(0, at), carried);
      carried += at;
      if (carried < size) return;
      carried = 0;
      take(carry);
    }
    for (; at + size <= chunk.length; at += size) take(chunk.subarray(at, at + size));
    carry.set(chunk.subarray(at), 0);
    carried = chunk.length - at;
  };
}
