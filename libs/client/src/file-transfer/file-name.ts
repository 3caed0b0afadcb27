import { basename, join, resolve } from 'node:path';
import { OverlayError } from '@banyan/grpc';

// Most file systems take 255 bytes; `.part` and the suffix of a temporary file must fit, too.
const NAME_BYTES_MAX = 200;
const RESERVED_ON_WINDOWS = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Where a file that its sender calls `name` may be written below `directory`: always a direct child of it, with a plain
 * name. Throws FILE_NAME_INVALID when nothing usable is left of the name.
 */
export function pathBelow(directory: string, name: string): string {
  return join(resolve(directory), safeFileName(name));
}

/**
 * The last part of `name` without what could lead elsewhere or surprise: path parts of any system, control characters,
 * leading dots, reserved names. Throws FILE_NAME_INVALID when nothing usable is left.
 */
export function safeFileName(name: string): string {
  const last = basename(name.replaceAll('\\', '/'));
  const plain = last.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069:*?"<>|]/g, '_').replace(/^\.+/, '');
  const short = shortened(plain).trim();
  if (short === '') throw new OverlayError('FILE_NAME_INVALID', `the sender's name ${JSON.stringify(name)} is no name of a file`, { name });
  return RESERVED_ON_WINDOWS.test(short) ? `_${short}` : short;
}

function shortened(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > NAME_BYTES_MAX) short = Array.from(short).slice(0, -1).join('');
  return short;
}
