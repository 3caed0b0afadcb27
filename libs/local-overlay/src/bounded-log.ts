import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes after which a log is set aside as `….1` and begun anew: a process keeps two of them at most. */
export const LOG_BYTES_MAX = 8 * 1024 * 1024;

/** A log file that cannot fill the disk, and whose failure to be written disturbs nobody. */
export class BoundedLog {
  readonly #path: string;
  readonly #bytesMax: number;
  #file: number;
  #bytes: number;

  /** Appends to `path`, which is made when it is not there. */
  constructor(path: string, bytesMax = LOG_BYTES_MAX) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  write(bytes: Uint8Array): void {
    try {
      if (this.#bytes + bytes.length > this.#bytesMax) this.#begin();
      this.#bytes += writeSync(this.#file, bytes);
    } catch {
      // The disk is full or the directory is gone: the process itself will say so, this is only its diary.
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #begin(): void {
    closeSync(this.#file);
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#bytes = 0;
  }
}
