import { randomBytes } from 'node:crypto';
import { OverlayError } from '@banyan/grpc';
import { isScope, isSubject, SCOPES_MAX } from '@banyan/identity';
import type { AuditLog } from '../storing/audit-log.ts';
import type { SubjectStore } from '../storing/subject-store.ts';
import { hashSecret, matchesSecret } from './secret-hash.ts';

/** The subject that the configuration makes. */
export const ADMIN = 'admin';
/** All there is. */
export const EVERY_SCOPE: readonly string[] = ['admin', 'route', 'publish:*', 'subscribe:*', 'subscribe:*:block'];

const SECRET_BYTES = 24;

/** Who may ask for tokens, and with which scopes. */
export class Subjects {
  constructor(
    private readonly store: SubjectStore,
    private readonly audit: AuditLog,
    private readonly now: () => number,
  ) {}

  /** Makes a subject, or gives one that is there new scopes and a new secret, which is told here and kept nowhere. Throws REQUEST_INVALID. */
  async create(order: { readonly actor: string; readonly subject: string; readonly scopes: readonly string[] }): Promise<string> {
    const { actor, subject, scopes } = order;
    if (!isSubject(subject)) throw invalid('subject', 'a subject is a letter or digit, then up to 63 of a-z, 0-9, dot, underscore and hyphen');
    if (scopes.length > SCOPES_MAX || !scopes.every(isScope)) throw invalid('scopes', `at most ${SCOPES_MAX} of publish:GROUP, subscribe:GROUP, route, admin`);
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    await this.store.put({ subject, scopes, secretHash: await hashSecret(secret) });
    await this.audit.append({ at: this.now(), event: 'subject_created', actor, object: subject, detail: scopes.join(' ') });
    return secret;
  }

  /** Takes a subject away; tokens it has live on until they expire. Twice is once. */
  async remove(order: { readonly actor: string; readonly subject: string }): Promise<void> {
    const { actor, subject } = order;
    if (!(await this.store.remove(subject))) return;
    await this.audit.append({ at: this.now(), event: 'subject_deleted', actor, object: subject, detail: '' });
  }

  /** Makes the subject `admin` with every scope and the secret of the configuration. */
  async putAdmin(secret: string): Promise<void> {
    const known = await this.store.find(ADMIN);
    if (known !== undefined && (await matchesSecret(secret, known.secretHash))) return;
    await this.store.put({ subject: ADMIN, scopes: EVERY_SCOPE, secretHash: await hashSecret(secret) });
    await this.audit.append({ at: this.now(), event: 'subject_created', actor: 'config', object: ADMIN, detail: EVERY_SCOPE.join(' ') });
  }
}

function invalid(field: string, message: string): OverlayError {
  return new OverlayError('REQUEST_INVALID', `${field}: ${message}`, { field });
}
