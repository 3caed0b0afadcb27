import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { PUBLIC_MODE, SECRET_MODE, writeFileAtomically } from './atomic-file.ts';
import { assembleCredentials, type Credentials } from './credentials.ts';
import { generateNodeKey, privateKeyFromPem, privateKeyToPem } from './keys.ts';
import { parseCertificate } from './peer-identity.ts';

/** A file of the store cannot be understood; it was damaged or is not ours. Nothing is overwritten. */
export class IdentityFileError extends Error {
  override readonly name = 'IdentityFileError';
  /** In the words of the overlay's table of reasons. */
  readonly reason = 'DATA_DIR_UNUSABLE';

  constructor(
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${message}`, options);
  }
}

/**
 * Who a process is, across restarts: its key, its certificate, the authority it enrolled with, and how many lives it
 * has had. One directory, one process at a time (whoever opens it holds the lock of the data directory).
 * Rejects with IdentityFileError for damaged files, else with the error of the file system.
 */
export class IdentityStore {
  private constructor(private readonly directory: string) {}

  /** Opens the store in `directory`, made with mode 0700 when it is not there. */
  static async open(directory: string): Promise<IdentityStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new IdentityStore(directory);
  }

  /** The private key: the one on disk, or a new one that is there from now on. */
  async privateKey(): Promise<KeyObject> {
    const pem = await this.#read('key.pem');
    if (pem !== undefined) return this.#parseKey(pem);
    const key = generateNodeKey();
    await this.#write('key.pem', privateKeyToPem(key), SECRET_MODE);
    return key;
  }

  /**
   * The credentials under the authority `trusted` (PEM); undefined when the process has not enrolled yet, or enrolled
   * with another overlay's authority: then it enrolls (again).
   */
  async credentials(trusted: string): Promise<Credentials | undefined> {
    const [key, certificate, authority] = await Promise.all([this.#read('key.pem'), this.#read('certificate.pem'), this.#read('authority.pem')]);
    if (key === undefined || certificate === undefined || authority === undefined) return undefined;
    this.#parseKey(key);
    if (parseCertificate(certificate) === undefined) throw new IdentityFileError(this.#path('certificate.pem'), 'is not a certificate');
    if (parseCertificate(authority)?.fingerprint256 !== parseCertificate(trusted)?.fingerprint256) return undefined;
    return assembleCredentials({ key, certificate, authority });
  }

  /** Keeps credentials that were enrolled for or renewed with this store's key. */
  async save(credentials: Credentials): Promise<void> {
    await this.#write('authority.pem', credentials.authority, PUBLIC_MODE);
    await this.#write('certificate.pem', credentials.certificate, PUBLIC_MODE);
  }

  /** The incarnation of the life that begins now: max(stored + 1, `now`), stored before it is told. `now` is wall ms. */
  async nextIncarnation(now: number): Promise<number> {
    const text = (await this.#read('incarnation'))?.trim();
    const stored = text === undefined ? 0 : Number(text);
    if (!Number.isSafeInteger(stored) || stored < 0) throw new IdentityFileError(this.#path('incarnation'), 'is not a whole number');
    const incarnation = Math.max(stored + 1, now);
    await this.#write('incarnation', `${incarnation}\n`, SECRET_MODE);
    return incarnation;
  }

  #parseKey(pem: string): KeyObject {
    try {
      return privateKeyFromPem(pem);
    } catch (cause) {
      throw new IdentityFileError(this.#path('key.pem'), 'is not a private key', { cause });
    }
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#path(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #write(name: string, content: string, mode: number): Promise<void> {
    return writeFileAtomically(this.#path(name), content, mode);
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}
