import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { json } from './json.ts';
import { bytesText, durationText, parseBytes } from './quantities.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

describe('quantities', () => {
  it.each([[0, '0 B'], [1_023, '1023 B'], [1_536, '1.5 KiB'], [67_108_864, '64.0 MiB'], [300 * 1_048_576, '300 MiB']])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
  it.each([[undefined, '-'], [0.417, '0.42 ms'], [12.4, '12 ms'], [3_210, '3.2 s'], [600_000, '10 min']])('%s ms are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
  it.each([['500000', 500_000], ['64k', 65_536], ['1.5M', 1_572_864], ['2MiB', 2_097_152], ['1G/s', 1_073_741_824], ['0', undefined], ['-1', undefined], ['much', undefined], ['', undefined]])('reads %j', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });
});

describe('table', () => {
  it('is as wide as it needs, without trailing blanks, and lets no stranger steer the terminal', () => {
    const rows = [{ name: 'a', n: 7 }, { name: 'long\u001b[2Jer', n: 123 }];
    const lines = table(rows, [{ heading: 'NAME', text: (row) => row.name }, { heading: 'N', text: (row) => String(row.n), isNumber: true }]).split('\n');
    expect(lines).toEqual(['NAME          N', 'a             7', 'long?[2Jer  123']);
  });
});

describe('styleFor', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  it.each([
    [terminal, {}, '\u001b[1mx\u001b[22m'],
    [terminal, { NO_COLOR: '1' }, 'x'],
    [terminal, { TERM: 'dumb' }, 'x'],
    [new PassThrough(), {}, 'x'],
  ])('emphasises on terminals only, and never against NO_COLOR', (stream, env, text) => {
    expect(styleFor(stream, env).bold('x')).toBe(text);
  });
});

it('prints whole numbers of any size as JSON', () => {
  expect(json({ small: 5n, large: 2n ** 60n, bytes: Buffer.from('x').subarray(0) })).toContain('"small":5,"large":"1152921504606846976"');
});

it('prints fractions without the noise of their arithmetic', () => {
  expect(json({ roundTripMs: 10.787015625000024, whole: 1_795_379_016_179 })).toBe('{"roundTripMs":10.787,"whole":1795379016179}');
});
