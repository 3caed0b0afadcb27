import { issueToken, type TokenRequest } from '@banyan/client';
import { parseStatus } from '@banyan/grpc';
import type { Logger } from '@banyan/telemetry';
import { rest } from './topic.ts';

const RETRY_MS = 2_000;
const TTL_SECONDS = 3_600;
// Renewed after half of its life, so that auth may be away for the other half.
const RENEW_AFTER_MS = (TTL_SECONDS / 2) * 1_000;

/** The token the console looks around with: asked for, renewed, kept while auth is away. */
export class OwnToken {
  #token: string | undefined;

  constructor(
    private readonly request: Omit<TokenRequest, 'scopes' | 'ttlSeconds'>,
    private readonly logger: Logger,
    private readonly got: () => void,
  ) {}

  /** The token, once there is one. */
  get current(): string | undefined {
    return this.#token;
  }

  /** Asks for tokens until the signal is aborted. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.#ask();
      if (failure !== undefined) this.logger.warn({ event: 'token_failed', ...failure });
      await rest(failure === undefined ? RENEW_AFTER_MS : RETRY_MS, signal);
    }
  }

  async #ask(): Promise<{ readonly reason: string; readonly message: string } | undefined> {
    try {
      const { token } = await issueToken({ ...this.request, scopes: ['admin', 'route'], ttlSeconds: TTL_SECONDS });
      this.#token = token;
      this.got();
      return undefined;
    } catch (error) {
      const { reason, message } = parseStatus(error);
      return { reason, message };
    }
  }
}
