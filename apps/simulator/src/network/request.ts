import { createHash } from 'node:crypto';
import { parseF90, type NetworkMessage } from '@tillstream/iso8583';

/** Kinds of request that the network tells apart by MTI, F3 and F25 (domain 2.3). */
export type RequestKind =
  | 'sale'
  | 'offline-sale'
  | 'inquiry'
  | 'void'
  | 'refund'
  | 'pre-auth'
  | 'pre-auth-void'
  | 'completion'
  | 'completion-void'
  | 'unsupported';

/** What an acquirer asks of the network, as far as the network cares. */
export interface NetworkRequest {
  readonly is: RequestKind | 'reversal';
  /** (F7, F11, F32): the request's name for ever. */
  readonly key: string;
  readonly digest: string;
  readonly pan: string;
  /** YYMM, '' when not given. */
  readonly expiry: string;
  readonly amount: number;
  readonly rrn: string;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly mcc: string;
  readonly pinBlock: Buffer | null;
  /** Key of the original by F90, null when absent. */
  readonly original: string | null;
}

const withoutZeros = (digits: string): string => digits.replace(/^0+(?=.)/, '');

/** The name of a request: transmission time, trace number, acquirer. */
export function traceKey(transmittedAt: string, stan: string, acquirer: string): string {
  return `${transmittedAt}.${stan}.${withoutZeros(acquirer)}`;
}

/** F25 of the pre-authorisation family. */
const HOLD = '06';
const ofHold: Readonly<Record<string, RequestKind>> = {
  '0100 030000': 'pre-auth',
  '0100 200000': 'pre-auth-void',
  '0200 000000': 'completion',
  '0220 000000': 'completion',
  '0221 000000': 'completion',
  '0200 200000': 'completion-void',
};

function kindOf(mti: string, processing: string, condition: string): NetworkRequest['is'] {
  if (mti === '0420' || mti === '0421') return 'reversal';
  if (condition === HOLD) return ofHold[`${mti} ${processing}`] ?? 'unsupported';
  if (mti === '0200' && processing === '000000') return 'sale';
  if (mti === '0200' && processing === '310000') return 'inquiry';
  if (mti === '0200' && processing === '200000') return 'void';
  if ((mti === '0220' || mti === '0221') && processing === '200000') return 'refund';
  if ((mti === '0220' || mti === '0221') && processing === '000000' && condition === '00') return 'offline-sale';
  return 'unsupported';
}

function originalOf(f90: string | undefined): string | null {
  if (f90 === undefined) return null;
  const { stan, transmission, acquirer } = parseF90(f90);
  return traceKey(transmission, stan, acquirer);
}

/** Reads a verified message of the network profile. Throws IsoError for a malformed F90. */
export function readRequest({ mti, fields }: NetworkMessage): NetworkRequest {
  const [trackPan = '', track = ''] = (fields[35] ?? '').split('=');
  const is = kindOf(mti, fields[3] ?? '', fields[25] ?? '');
  const pan = fields[2] ?? trackPan;
  const content = [is, pan, fields[3], fields[4], fields[41], fields[42], fields[90]].join('|');
  return {
    is,
    key: traceKey(fields[7] ?? '', fields[11] ?? '', fields[32] ?? ''),
    digest: createHash('sha256').update(content).digest('hex').slice(0, 32),
    pan,
    expiry: fields[14] ?? track.slice(0, 4),
    amount: Number(fields[4] ?? '0'),
    rrn: fields[37] ?? '',
    terminalId: fields[41] ?? '',
    merchantId: fields[42] ?? '',
    mcc: fields[18] ?? '',
    pinBlock: fields[52] ?? null,
    original: originalOf(fields[90]),
  };
}
