import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PUBLIC_MODE, writeFileAtomically } from './atomic-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'banyan-file-'));
});
afterEach(async () => {
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

describe('writeFileAtomically', () => {
  it('replaces the content and the mode, and leaves nothing beside it', async () => {
    const path = join(directory, 'a');
    await writeFile(path, 'old', { mode: 0o666 });
    await writeFileAtomically(path, 'new');
    expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['new', 0o600]);
    await writeFileAtomically(path, Uint8Array.of(104, 105), PUBLIC_MODE);
    expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['hi', 0o644]);
    expect(await readdir(directory)).toEqual(['a']);
  });

  it('keeps the old file when the new one cannot take its place', async () => {
    await expect(writeFileAtomically(join(directory, 'nowhere', 'a'), 'new')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writeFileAtomically(directory, 'new')).rejects.toMatchObject({ code: expect.stringMatching(/EISDIR|EEXIST|ENOTEMPTY/) as string });
    expect(await readdir(directory)).toEqual([]);
  });
});
