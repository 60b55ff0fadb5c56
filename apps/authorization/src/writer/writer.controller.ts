import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { CommandContext } from '@tillstream/messaging';
import { Authorization } from '../authorization.ts';
import type { ForcedRefund } from '../operations/refund-funding.ts';
import { writerPattern, type FromWriter } from './ask-writer.ts';

/** What other instances of this service ask of the writer of a key. */
@Controller()
export class WriterController {
  readonly #authorization: Authorization;

  constructor(authorization: Authorization) {
    this.#authorization = authorization;
  }

  /** Names a fact by its place; what follows from it has ids of its own, so that twice changes nothing. */
  @MessagePattern(writerPattern.endDoubt)
  endDoubt(@Payload() bytes: Buffer, @Ctx() { key }: CommandContext): Promise<Buffer> {
    const { stream, revision } = read<{ stream: string; revision: number }>(bytes);
    return this.#asWriter(key, () => this.#authorization.endDoubt(stream, revision));
  }

  @MessagePattern(writerPattern.refundFunds)
  refundFunds(@Ctx() { key }: CommandContext): Promise<Buffer> {
    return this.#asWriter(key, async () => this.#authorization.refundFunding.of(key) ?? null);
  }

  @MessagePattern(writerPattern.forceRefund)
  forceRefund(@Payload() bytes: Buffer, @Ctx() { key }: CommandContext): Promise<Buffer> {
    const { paymentId, force } = read<{ paymentId: string; force: ForcedRefund }>(bytes);
    return this.#asWriter(key, () => this.#authorization.refundFunding.force(paymentId, force));
  }

  async #asWriter<Answer>(key: string, work: () => Promise<Answer>): Promise<Buffer> {
    const answer: FromWriter<Answer> = this.#authorization.holds(key) ? { said: await work() } : { notMine: true };
    return Buffer.from(JSON.stringify(answer));
  }
}

const read = <Question>(bytes: Buffer): Question => JSON.parse(bytes.toString('utf8')) as Question;
