export { IsoError } from './iso-error.ts';
export type {
  FieldFormat,
  FieldLength,
  FieldSpec,
  FieldTable,
  LayoutSpec,
  MaskPolicy,
  PartSpec,
} from './spec/field-spec.ts';
export { fixed, llvar, lllvar } from './spec/field-spec.ts';
export type { MessageMatch, MessageSpec, ReplyPresence, RequestPresence, TotalsShape } from './spec/message-spec.ts';
export { defineProfile } from './spec/profile.ts';
export type { FieldsOf, IsoMessage, MessageOf, Profile, ProfileData } from './spec/profile.ts';
export { terminalProfile, type TerminalMessage } from './specs/terminal-profile.ts';
export {
  networkProfile,
  networkProfileAscii,
  networkProfileBcd,
  type NetworkMessage,
} from './specs/network-profile.ts';

export { macFieldOf, pack, packForMac, packWithMac, type Unsealed } from './codec/pack.ts';
export { unpack } from './codec/unpack.ts';
export { peek, peekLoosely, type Peeked, type Walked } from './codec/peek.ts';
export { check, checkReply, identify, replyMti, requiresMac } from './check.ts';
export { mask, MASKED, maskPan } from './mask.ts';
export { responseCode, responseCodes, type ResponseClass, type ResponseText } from './response-codes.ts';

export {
  formatF54,
  formatF60,
  formatF61,
  formatF90,
  parseF54,
  parseF60,
  parseF61,
  parseF90,
} from './fields/subfields.ts';
export type { F54, F60, F61, F90 } from './fields/subfields.ts';
export {
  formatTotals,
  formatUploadEnd,
  formatUploadItems,
  MAX_UPLOAD_ITEMS,
  NO_TOTALS,
  parseTotals,
  parseUploadEnd,
  parseUploadItems,
} from './fields/settlement-totals.ts';
export type { BlockTotals, SettlementTotals, TotalsReply, UploadItem } from './fields/settlement-totals.ts';
export { joinKeyBlob, splitKeyBlob, type DeliveredKey, type DeliveredKeys } from './fields/key-blob.ts';
export { formatScanData, parseScanData, type ScanData } from './fields/scan-data.ts';
export {
  CARD_NUMBER_TAGS,
  formatTlv,
  parseTlv,
  tagNames,
  takeTags,
  type TlvItem,
  type TlvLimits,
} from './fields/tlv.ts';

export { DEFAULT_MAX_FRAME_BYTES, FrameReader, writeFrame, type FrameLimits } from './framing/frame-reader.ts';
export {
  DEMANDS,
  ENVELOPE_BYTES,
  formatHeader,
  openEnvelope,
  parseHeader,
  replyTpdu,
  sealEnvelope,
  terminalTpdu,
  type Envelope,
  type Header,
} from './framing/envelope.ts';
export { connectIso, IsoConnection, type ConnectOptions } from './framing/iso-connection.ts';

export { Iso8583Server, DEFAULT_SERVER_LIMITS } from './transport/iso-server.ts';
export type { Iso8583ServerOptions, ServerEvent, ServerLimits } from './transport/iso-server.ts';
export type { ClosedBecause, ConnectionLimits } from './transport/server-connection.ts';
export type { ServiceFault } from './transport/service.ts';
export { ISO8583_TRANSPORT, IsoMessagePattern, type IsoPattern } from './transport/iso-pattern.ts';
export { echoOf, IsoRequest, SILENCE, type IsoReply, type Peer } from './transport/iso-request.ts';
export { unguarded, type Admission, type FrameGuard } from './transport/frame-guard.ts';
export { renderProfilePage } from './docs/profile-page.ts';
