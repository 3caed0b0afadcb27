import type { Io, OutputStream } from '../io.ts';

/** Emphasis for people, or none. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** Emphasis when `stream` is a terminal that shows it and `NO_COLOR` is not set (no-color.org). */
export function styleFor(stream: OutputStream, env: Io['env']): Style {
  const isOn = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint = (open: number, close: number) => (text: string) => (isOn ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  return { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39), green: paint(32, 39), yellow: paint(33, 39) };
}
