import { readFile, stat } from 'node:fs/promises';
import { OverlayError } from '@banyan/grpc';

const OTHERS = 0o077;

/** The token in a file that only its owner may read. Throws TOKEN_FILE_EXPOSED, FILE_NOT_FOUND, TOKEN_MISSING. */
export async function readTokenFile(file: string): Promise<string> {
  const text = await read(file);
  const token = text.trim();
  if (token === '') throw new OverlayError('TOKEN_MISSING', `the token file ${file} is empty`, { file });
  return token;
}

async function read(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    // Windows has no such modes; there everything looks open.
    if ((mode & OTHERS) !== 0 && process.platform !== 'win32') {
      throw new OverlayError('TOKEN_FILE_EXPOSED', `the token file ${file} has mode ${(mode & 0o777).toString(8)}; others may read the token`, { file });
    }
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof OverlayError) throw cause;
    throw new OverlayError('FILE_NOT_FOUND', `the token file cannot be read: ${(cause as Error).message}`, { file }, { cause });
  }
}
