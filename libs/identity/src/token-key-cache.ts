import { X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PUBLIC_MODE, writeFileAtomically } from './atomic-file.ts';
import { trustedTokenKeys, type TokenKeySource } from './token-keys.ts';

/** What a cache of token keys needs. */
export interface TokenKeyCacheOptions {
  /** Where auth publishes its key set. */
  readonly url: string;
  /** Where the last good set is kept; tokens are then verified with auth down, over restarts too. */
  readonly file: string;
  /** The overlay's authority, PEM. */
  readonly authority: string;
  /** A clock that never goes back, ms. */
  readonly now: () => number;
  /** Fetches over HTTP; node's own when left out. */
  readonly fetch?: typeof fetch;
}

// A token may name a key that nobody knows; it must not make us ask auth at every call.
const ASK_AGAIN_MS = 10_000;
const FETCH_TIMEOUT_MS = 3_000;
const SET_BYTES_MAX = 65_536;

/**
 * The token keys of an overlay: fetched when a token names one that is not known, kept in memory and on disk.
 * Keys are only ever added while the process runs; a key that auth no longer publishes is forgotten at the next start.
 */
export class TokenKeyCache implements TokenKeySource {
  readonly #keys = new Map<string, KeyObject>();
  readonly #authority: X509Certificate;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  private constructor(private readonly options: TokenKeyCacheOptions) {
    this.#authority = new X509Certificate(options.authority);
  }

  /** The cache with what lies on disk; asks nobody yet. A damaged file counts as none. */
  static async open(options: TokenKeyCacheOptions): Promise<TokenKeyCache> {
    const cache = new TokenKeyCache(options);
    cache.#learn(await readFile(options.file, 'utf8').catch(() => '{}'));
    return cache;
  }

  async keyFor(keyId: string): Promise<KeyObject | undefined | 'unreachable'> {
    if (!this.#keys.has(keyId)) await this.refresh();
    return this.#keys.get(keyId) ?? (this.#keys.size === 0 ? 'unreachable' : undefined);
  }

  /** Asks auth, unless it was asked less than 10 s ago. Failing is no error: what is known stays known. */
  async refresh(): Promise<void> {
    if (this.#asking === undefined && this.options.now() - this.#askedAt >= ASK_AGAIN_MS) {
      this.#askedAt = this.options.now();
      this.#asking = this.#ask().finally(() => (this.#asking = undefined));
    }
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const text = await this.#fetch();
    if (text === undefined || !this.#learn(text)) return;
    // Only a convenience for the next start: a full disk must not refuse a good token.
    await writeFileAtomically(this.options.file, text, PUBLIC_MODE).catch(() => undefined);
  }

  async #fetch(): Promise<string | undefined> {
    const fetchSet = this.options.fetch ?? fetch;
    try {
      const response = await fetchSet(this.options.url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
      const text = await response.text();
      return response.ok && text.length <= SET_BYTES_MAX ? text : undefined;
    } catch {
      return undefined; // auth is down: expected, and told by `unreachable` when it matters
    }
  }

  /** True when the set held a key that is trusted. */
  #learn(text: string): boolean {
    const trusted = trustedTokenKeys(parseJson(text), this.#authority);
    for (const [keyId, key] of trusted) this.#keys.set(keyId, key);
    return trusted.size > 0;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
