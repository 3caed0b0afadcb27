export { controlFrames, type ControlFrames, type ControlMessage } from './control-frames.ts';
export { decodePayload, encodePayload, payloadFrom } from './block-payload.ts';
export { dataFrames, type DataFrames } from './data-frames.ts';
export { descriptorCodec, type DescriptorCheck } from './group-values.ts';
export { handle as nodeCodec } from './ring-values.ts';
export type { Decoded, PeerFault } from './peer-fault.ts';
