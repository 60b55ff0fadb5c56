import type { CardFields, EpochKeys } from '@tillstream/crypto';
import { sealContext, type PaymentMessage, type SealedCard } from '@tillstream/domain/payment/commands';
import { formatTlv, takeTags, type TerminalMessage } from '@tillstream/iso8583';

/** Objects of F55 that hold the card's number or a track: besides 57 and 5A those of contactless cards. */
const sealedTags = ['56', '57', '5A', '9F6B'];

/** The card fields of a message in a box that only authorization's security module opens (design 10). */
export async function sealCard(
  epochKeys: EpochKeys,
  { fields }: TerminalMessage,
  named: Pick<PaymentMessage, 'acquirer' | 'merchantId' | 'terminalId' | 'batch' | 'stan'>,
  at: { readonly nowMs: number; readonly keySet: string },
): Promise<SealedCard> {
  const { taken, rest } = fields[55] === undefined ? { taken: [], rest: null } : takeTags(fields[55], sealedTags);
  const card: CardFields = {
    ...(fields[2] === undefined ? {} : { pan: fields[2] }),
    ...(fields[14] === undefined ? {} : { expiry: fields[14] }),
    ...(fields[35] === undefined ? {} : { track2: fields[35] }),
    ...(fields[36] === undefined ? {} : { track3: fields[36] }),
    ...(fields[52] === undefined ? {} : { pinBlock: fields[52] }),
    ...(taken.length === 0 ? {} : { chip: formatTlv(taken) }),
  };
  const { epoch, box } = await epochKeys.seal(card, sealContext(named), at.nowMs);
  return {
    epoch,
    box: Buffer.from(box).toString('base64'),
    pinKey: fields[52] === undefined ? null : at.keySet,
    chip: rest === null ? null : rest.toString('hex'),
  };
}
