import type { EpochKeys } from '@tillstream/crypto';
import { holdsCardNumber } from '@tillstream/domain/payment/bins';
import { sealContext, type KeepSignature, type ReportScriptResult } from '@tillstream/domain/payment/commands';
import { fen } from '@tillstream/money';
import { formatTlv, IsoError, parseF61, takeTags, type TerminalMessage } from '@tillstream/iso8583';
import { paymentMessage, type CommandFrame } from './payments.ts';

/** What a script result keeps of F55 (domain 2.3); nothing of the card is among it. */
const scriptTags = ['95', '9F1E', '9F10', '9F36', 'DF31'];

/** 0620. @throws IsoError when F55 has none of its tags or is malformed. */
export function reportScriptResult(message: TerminalMessage, frame: CommandFrame): ReportScriptResult {
  const { 55: chip, 61: original } = message.fields;
  const { taken } = takeTags(chip ?? Buffer.alloc(0), scriptTags);
  if (taken.length === 0) throw new IsoError('F55', 'no result in it', `one of ${scriptTags.join(' ')}`);
  const bytes = formatTlv(taken);
  // It is stored for ever, so a number in disguise is none of its business.
  if (holdsCardNumber(bytes.toString('hex')) || holdsCardNumber(bytes.toString('latin1'))) {
    throw new IsoError('F55', 'a card number in it', 'results of scripts');
  }
  const { batch, stan } = original === undefined ? {} : parseF61(original);
  return {
    ...paymentMessage(message, frame),
    originalBatch: batch ?? null,
    originalStan: stan ?? null,
    chip: bytes.toString('hex'),
  };
}

/** 0820 with a signature; the image crosses sealed, as card fields do (design 10). Rejects when it cannot be sealed. */
export async function keepSignature(
  message: TerminalMessage,
  frame: CommandFrame,
  epochKeys: EpochKeys,
  nowMs: number,
): Promise<KeepSignature> {
  const { 4: amount, 37: rrn, 62: signature } = message.fields;
  if (amount === undefined || rrn === undefined || signature === undefined) {
    throw new IsoError('F62', 'a signature of nothing', 'F4, F37 and F62');
  }
  const about = paymentMessage(message, frame);
  const { epoch, box } = await epochKeys.seal({ signature }, sealContext(about), nowMs);
  return { ...about, amount: fen(Number(amount)), rrn, image: { epoch, box: Buffer.from(box).toString('base64') } };
}
