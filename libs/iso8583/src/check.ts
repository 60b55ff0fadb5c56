import { parseLayout } from './fields/layout.ts';
import { parseScanData } from './fields/scan-data.ts';
import { parseTotals, parseUploadEnd, parseUploadItems } from './fields/settlement-totals.ts';
import { parseTlv } from './fields/tlv.ts';
import { IsoError } from './iso-error.ts';
import type { IsoMessage, Profile } from './spec/profile.ts';
import type { MessageSpec } from './spec/message-spec.ts';

/** F39 values after which a reply carries what a success carries (domain 2.5, class A and the doubtful successes). */
const SUCCESS = new Set(['00', '10', '11', 'A2', 'A4', 'A5', 'A6']);

/** The MTI of the reply: 0200 → 0210, 0221 → 0230, 0421 → 0430. */
export function replyMti(mti: string): string {
  return `${mti.slice(0, 2)}${Number(mti[2]) + 1}0`;
}

/** Whether requests with this MTI must carry a MAC (domain 2.6), for a guard that has read no field yet; false for an unknown MTI. */
export function requiresMac(profile: Profile, mti: string): boolean {
  return profile.messages.some((spec) => spec.mac === 'required' && spec.mti.includes(mti));
}

/** The message of the profile that a request is, by MTI, F3, F60.1, F60.3 (domain 2.3); undefined when it is none. */
export function identify(profile: Profile, message: IsoMessage): MessageSpec | undefined {
  const { fields } = message;
  const digits = profile.compiled[60]?.format === 'n' ? textOf(fields[60]) : '';
  const type = digits.slice(0, 2);
  const network = digits.slice(8, 11);
  for (const spec of profile.messages) {
    const { match } = spec;
    if (!spec.mti.includes(message.mti)) continue;
    if (match.processing !== undefined && !match.processing.includes(textOf(fields[3]))) continue;
    if (match.type !== undefined && !match.type.includes(type)) continue;
    if (match.network !== undefined && !match.network.includes(network)) continue;
    if (match.management !== undefined && !match.management.includes(textOf(fields[70]))) continue;
    if (match.scan !== undefined && match.scan !== (fields[59] !== undefined)) continue;
    return spec;
  }
  return undefined;
}

/**
 * Checks a request that was unpacked: it is one of the profile's messages, has what that message must have and nothing
 * else, and its sub-fields are well formed. Gives the message's spec; throws IsoError with the first fault.
 */
export function check(profile: Profile, message: IsoMessage): MessageSpec {
  const spec = identify(profile, message);
  if (spec === undefined)
    throw new IsoError('MTI', 'no such message', 'a combination of MTI, F3, F60.1, F60.3 of the profile');
  const { mandatory, optional, oneOf = [] } = spec.request;
  demand(message, mandatory, spec.en);
  for (const group of oneOf) {
    if (group.every((number) => message.fields[number] === undefined)) {
      throw new IsoError(`F${group.join('|F')}`, 'absent', `one of them in: ${spec.en}`);
    }
  }
  refuseOthers(message, spec.request, [mandatory, optional], spec.en);
  checkParts(profile, message, spec);
  return spec;
}

/**
 * Checks a reply to a request of the given spec: MTI, presence by F39, sub-fields. Throws IsoError. F64 is not demanded
 * here: replies A0, 97, 30 and 77 go without, and whoever holds the key decides what a missing one means.
 */
export function checkReply(profile: Profile, spec: MessageSpec, reply: IsoMessage): void {
  if (reply.mti !== spec.replyMti) throw new IsoError('MTI', 'not the reply to this request', spec.replyMti);
  const { always, approved, optional } = spec.reply;
  demand(reply, always, `the reply to: ${spec.en}`);
  if (SUCCESS.has(textOf(reply.fields[39]))) {
    const others = approved.filter((number) => number !== 64);
    demand(reply, others, `an approving reply to: ${spec.en}`);
  }
  refuseOthers(
    reply,
    spec.reply,
    [always, approved, optional, [profile.secondaryBitmap ? 128 : 64, 64]],
    `the reply to: ${spec.en}`,
  );
  checkParts(profile, reply, spec);
}

function demand(message: IsoMessage, numbers: readonly number[], where: string): void {
  for (const number of numbers) {
    if (message.fields[number] === undefined) throw new IsoError(`F${number}`, 'absent', `present in: ${where}`);
  }
}

// Lists of a spec never change, so what they allow is worked out once.
const allowedBy = new WeakMap<object, Uint8Array>();

function refuseOthers(
  message: IsoMessage,
  presence: object,
  lists: readonly (readonly number[])[],
  where: string,
): void {
  let allowed = allowedBy.get(presence);
  if (allowed === undefined) {
    allowed = new Uint8Array(129);
    for (const number of lists.flat()) allowed[number] = 1;
    allowedBy.set(presence, allowed);
  }
  const { fields } = message;
  const last = fields[70] !== undefined || fields[90] !== undefined || fields[128] !== undefined ? 128 : 64;
  for (let number = 2; number <= last; number += 1) {
    if (allowed[number] === 0 && fields[number] !== undefined) {
      throw new IsoError(`F${number}`, 'present', `absent in: ${where}`);
    }
  }
}

/** Fields with pieces in either profile. */
const LAID_OUT = [54, 60, 61, 90];

function checkParts(profile: Profile, message: IsoMessage, spec: MessageSpec): void {
  const { fields } = message;
  for (const number of LAID_OUT) {
    const value = fields[number];
    const layout = value === undefined ? undefined : profile.compiled[number]?.spec.layout;
    if (layout !== undefined && typeof value === 'string') parseLayout(layout, value);
  }
  if (typeof fields[59] === 'string') parseScanData(fields[59]);
  if (Buffer.isBuffer(fields[55])) parseTlv(fields[55]);
  const totals = fields[48];
  if (typeof totals !== 'string') return;
  if (spec.f48 === 'settlement-totals') parseTotals(totals);
  else if (spec.f48 === 'upload-items' && message.mti === '0320') parseUploadItems(totals);
  else if (spec.f48 === 'upload-end' && message.mti === '0320') parseUploadEnd(totals);
}

function textOf(value: string | Buffer | undefined): string {
  return typeof value === 'string' ? value : '';
}
