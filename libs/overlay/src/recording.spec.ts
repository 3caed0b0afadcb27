import { randomId } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { effectsDigest, parseRecording, recordingHeaderLine, recordingStepLine, type RecordingHeader } from './recording.ts';

const self: NodeHandle = {
  id: randomId(seededRng(1)),
  incarnation: 7,
  controlAddress: '127.0.0.1:1',
  dataAddress: '127.0.0.1:2',
  region: '',
  zone: '',
  capacity: 4,
};
const header: RecordingHeader = { version: 1, kind: 'overlay-node', seed: 9, config: { leafSet: 8 }, self };
const input = { type: 'frame', frame: { payload: Uint8Array.of(0, 127, 255), parts: [Uint8Array.of(16)] }, link: undefined };

function write(...steps: readonly { readonly now: number; readonly input: unknown; readonly effects: readonly unknown[] }[]): string {
  return `${[recordingHeaderLine(header), ...steps.map(recordingStepLine)].join('\n')}\n`;
}

describe('a recording', () => {
  it('gives back what was written, bytes too', () => {
    const text = write({ now: 1.5, input, effects: [] }, { now: 2, input: { type: 'tick' }, effects: [{ type: 'send' }] });
    expect(parseRecording(text)).toEqual({
      header,
      steps: [
        { now: 1.5, input: { type: 'frame', frame: { payload: Uint8Array.of(0, 127, 255), parts: [Uint8Array.of(16)] } }, effects: effectsDigest([]) },
        { now: 2, input: { type: 'tick' }, effects: effectsDigest([{ type: 'send' }]) },
      ],
    });
  });

  it('is good up to the last whole line when it was cut off', () => {
    const text = write({ now: 1, input, effects: [] });
    const cut = parseRecording(text + text.slice(text.indexOf('\n') + 1, -5));
    expect('steps' in cut && cut.steps.length).toBe(1);
  });

  it('tells which line is malformed', () => {
    expect(parseRecording('')).toEqual({ fault: 'line 1 is no header of a recording of version 1' });
    expect(parseRecording('{"version":2}\n')).toEqual({ fault: 'line 1 is no header of a recording of version 1' });
    expect(parseRecording(`${recordingHeaderLine(header)}\n{"now":1}\n`)).toEqual({ fault: 'line 2 is no recorded step' });
    expect(parseRecording(`${recordingHeaderLine(header)}\nrubbish\n`)).toEqual({ fault: 'line 2 is no recorded step' });
  });
});

describe('a digest of effects', () => {
  it('looks into bytes and at the order of effects, not at the order of members', () => {
    expect(effectsDigest([{ a: 1, b: Uint8Array.of(1) }])).toBe(effectsDigest([{ b: Uint8Array.of(1), a: 1, c: undefined }]));
    expect(effectsDigest([{ b: Uint8Array.of(1) }])).not.toBe(effectsDigest([{ b: Uint8Array.of(2) }]));
    expect(effectsDigest([1, 2])).not.toBe(effectsDigest([2, 1]));
  });
});
