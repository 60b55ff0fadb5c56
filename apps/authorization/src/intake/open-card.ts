import type { CardFields } from '@tillstream/crypto';
import { lookUpBin, passesLuhn } from '@tillstream/domain/payment/bins';
import { sealContext, type PaymentMessage, type SealedCard } from '@tillstream/domain/payment/commands';
import type { CardRef } from '@tillstream/domain/payment/parts';
import type { PaymentRefusal } from '@tillstream/domain/payment/refusals';
import { parseTlv } from '@tillstream/iso8583';
import type { Platform } from '@tillstream/service-kit';

/** A card in memory: what facts may keep, and what goes on to the channel. */
export interface OpenedCard {
  /** '' when the message names no number. */
  readonly pan: string;
  /** What facts keep; of a card that `refusal` speaks of it never reaches a fact. */
  readonly ref: CardRef;
  readonly refusal: Extract<PaymentRefusal, 'card-number-invalid' | 'card-unknown'> | null;
  readonly expiry: string | null;
  readonly track2: string | null;
  readonly track3: string | null;
  /** F52 as the terminal sent it. */
  readonly pinBlock: Uint8Array | null;
  /** F55 as the channel gets it. */
  readonly chip: Buffer | null;
}

type OpenerNeeds = Pick<Platform, 'epochKeys' | 'vaultCipher' | 'machineClock'>;

/** Opens the sealed box of a message and knows the card. Rejects when the box cannot be opened (`SecurityError`). */
export async function openCard(
  { epochKeys, vaultCipher, machineClock }: OpenerNeeds,
  message: PaymentMessage & { readonly card: SealedCard },
): Promise<OpenedCard> {
  const { epoch, box, chip } = message.card;
  const sealed = { epoch, box: Buffer.from(box, 'base64') };
  const fields = await epochKeys.open(sealed, sealContext(message), machineClock.now());
  const pan = panOf(fields);
  const bin = lookUpBin(pan);
  const refusal = passesLuhn(pan) ? (bin ? null : 'card-unknown') : 'card-number-invalid';
  const hashable = /^\d{12,19}$/.test(pan);
  const ref: CardRef = {
    token: hashable ? vaultCipher.token(pan) : '',
    // The first six digits and the last four: what PCI DSS 3.4.1 lets be shown.
    bin: pan.slice(0, 6),
    last4: pan.slice(-4),
    fingerprint: hashable ? vaultCipher.fingerprint(pan) : '',
    scheme: bin?.scheme ?? 'CUP',
    cardClass: bin?.cardClass ?? 'DEBIT',
    issuer: bin?.issuer ?? '',
    ...(bin && { institution: bin.institution }),
  };
  return {
    pan,
    ref,
    refusal,
    expiry: fields.expiry ?? null,
    track2: fields.track2 ?? null,
    track3: fields.track3 ?? null,
    pinBlock: fields.pinBlock ?? null,
    chip: chipOf(chip, fields.chip),
  };
}

/** F2, else the number in track 2, else tag 5A or 57 of the chip. */
function panOf({ pan, track2, chip }: CardFields): string {
  if (pan !== undefined) return pan;
  if (track2 !== undefined) return beforeSeparator(track2);
  if (chip === undefined) return '';
  const items = parseTlv(Buffer.from(chip));
  const number = items
    .find(({ tag }) => tag === '5A')
    ?.value.toString('hex')
    .replace(/f+$/i, '');
  return number ?? beforeSeparator(items.find(({ tag }) => tag === '57')?.value.toString('hex') ?? '');
}

const beforeSeparator = (track2: string): string => /^\d*/.exec(track2)?.[0] ?? '';

function chipOf(rest: string | null, taken: Uint8Array | undefined): Buffer | null {
  if (rest === null && taken === undefined) return null;
  return Buffer.concat([Buffer.from(rest ?? '', 'hex'), taken ?? Buffer.alloc(0)]);
}
