import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';

/**
 * Where a node stands in a group's tree, as it said itself (`in`), or as its last parent saw it go: `left` in order, or
 * `suspected` to be dead. `moves` counts how often this life of it took a place.
 */
export interface Certificate {
  readonly member: Id;
  readonly incarnation: number;
  readonly moves: number;
  /** Itself at the root. */
  readonly parent: Id;
  readonly state: 'in' | 'left' | 'suspected';
  /** It has readers: coverage is of these. */
  readonly reads: boolean;
}

interface Entry {
  readonly certificate: Certificate;
  /** The roster's version that it came with. */
  readonly version: number;
  readonly at: Millis;
}

/** How far a chain of parents is followed. */
const DEPTH_MAX = 64;

/**
 * The certificates of a node and of everybody below it, the newest of each. What is known already changes nothing, so news
 * goes up the tree only as far as it is news. Source: Jannotti et al. 2000 (Overcast), §4.3, the up/down protocol.
 * Deviation: no death is told for those below one that died. Who stands below whom is in the certificates, and they may
 * have moved, or come back with it, in the meantime.
 */
export class Roster {
  /** In the order of their versions. */
  readonly #entries = new Map<Id, Entry>();
  #version = 0;

  /** Raised by every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(member: Id): Certificate | undefined {
    return this.#entries.get(member)?.certificate;
  }

  /** Takes a certificate; false when it is no news, or there is no room for another member. */
  take(certificate: Certificate, now: Millis, max: number): boolean {
    const known = this.#entries.get(certificate.member)?.certificate;
    if (known === undefined ? this.#entries.size >= max : !isNews(certificate, known)) return false;
    this.#entries.delete(certificate.member);
    this.#entries.set(certificate.member, { certificate, version: ++this.#version, at: now });
    return true;
  }

  /** A member below this node left, or is thought dead; no news when it took another place since. */
  end(member: Id, parent: Id, state: 'left' | 'suspected', now: Millis): void {
    const known = this.#entries.get(member)?.certificate;
    if (known?.parent === parent && known.state === 'in') this.take({ ...known, state }, now, Infinity);
  }

  /** What changed after `version`, oldest first, at most `max`; and the version that who has all of these is at. */
  changesAfter(version: number, max: number): { readonly certificates: readonly Certificate[]; readonly version: number } {
    const certificates: Certificate[] = [];
    let last = version;
    for (const entry of this.#entries.values()) {
      if (entry.version <= version) continue;
      if (certificates.length === max) return { certificates, version: last };
      certificates.push(entry.certificate);
      last = entry.version;
    }
    return { certificates, version: this.#version };
  }

  /** Who left or is suspected for so long is forgotten. */
  forget(before: Millis): void {
    for (const [member, { certificate, at }] of this.#entries) if (certificate.state !== 'in' && at < before) this.#entries.delete(member);
  }

  /** Nodes with readers: those in the tree, and those that were and are not seen there any more. */
  members(): { readonly present: readonly Id[]; readonly missing: readonly Id[] } {
    const present: Id[] = [];
    const missing: Id[] = [];
    for (const { certificate } of this.#entries.values()) {
      if (!certificate.reads || certificate.state === 'left') continue;
      (this.#isBelow(certificate) ? present : missing).push(certificate.member);
    }
    return { present, missing };
  }

  /** Nobody on its way to the root is known to be gone. */
  #isBelow(certificate: Certificate): boolean {
    let at: Certificate | undefined = certificate;
    for (let depth = 0; at !== undefined && depth < DEPTH_MAX; depth++) {
      if (at.state !== 'in') return false;
      if (at.parent === at.member) return true;
      at = this.get(at.parent);
    }
    // Who stands in between has not said so yet.
    return true;
  }
}

function isNews(a: Certificate, b: Certificate): boolean {
  const order = a.incarnation - b.incarnation || a.moves - b.moves || rank(a) - rank(b);
  if (order !== 0) return order > 0;
  return a.reads !== b.reads;
}

function rank({ state }: Certificate): number {
  return state === 'in' ? 0 : 1;
}
