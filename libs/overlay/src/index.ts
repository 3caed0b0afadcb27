export type {
  AnyApplication,
  Applications,
  BodyOf,
  CommandOf,
  EventOf,
  FrameOf,
  OverlayEffect,
  OverlayInput,
} from './contract.ts';
export type { LookupBody, LookupCommand, LookupEvent, LookupFailure } from './lookup/messages.ts';
export type { AttachedBody, AttachedCommand, AttachedEvent } from './attached/messages.ts';
export {
  effectsDigest,
  parseRecording,
  RECORDING_VERSION,
  recordingHeaderLine,
  recordingStepLine,
  type RecordedStep,
  type Recording,
  type RecordingHeader,
} from './recording.ts';
