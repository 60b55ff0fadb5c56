import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { paymentPattern, type PaymentAnswer } from '@tillstream/domain/payment/commands';
import { reachPattern } from '@tillstream/domain/payment/reach';
import type { CommandContext } from '@tillstream/messaging';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { Authorization } from './authorization.ts';
import { readCommand } from './intake/read-command.ts';
import type { Heard } from './operations/card-command.ts';
import type { RequestOnPayment } from './operations/linked.ts';
import { readTurnAway } from './intake/read-turn-away.ts';

/** A command with what its transport knows of it. */
const heard = <Command extends object>(command: Command, { mayBeElsewhere }: CommandContext): Heard<Command> => ({
  ...command,
  ...(mayBeElsewhere === true && { mayBeElsewhere }),
});

const bytesOf = (answer: PaymentAnswer): Buffer => Buffer.from(JSON.stringify(answer));

/** Payment commands as bytes: JSON in, JSON out (design 1: between services travel bytes). */
@Controller()
export class AuthorizationController {
  readonly #authorization: Authorization;

  constructor(authorization: Authorization) {
    this.#authorization = authorization;
  }

  @MessagePattern(paymentPattern.sale)
  async sale(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.sale(heard(readCommand('sale', bytes), context)));
  }

  @MessagePattern(paymentPattern.inquiry)
  async inquiry(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.inquiry(heard(readCommand('inquiry', bytes), context)));
  }

  @MessagePattern(paymentPattern.preAuth)
  async preAuth(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.preAuth(heard(readCommand('preAuth', bytes), context)));
  }

  @MessagePattern(paymentPattern.void)
  void(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return this.#onPayment('void', bytes, context);
  }

  @MessagePattern(paymentPattern.preAuthVoid)
  preAuthVoid(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return this.#onPayment('pre-auth-void', bytes, context);
  }

  @MessagePattern(paymentPattern.completion)
  completion(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return this.#onPayment('completion', bytes, context);
  }

  @MessagePattern(paymentPattern.completionVoid)
  completionVoid(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return this.#onPayment('completion-void', bytes, context);
  }

  @MessagePattern(paymentPattern.completionAdvice)
  async completionAdvice(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.completionAdvice(heard(readCommand('void', bytes), context)));
  }

  @MessagePattern(paymentPattern.refund)
  async refund(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.refund(heard(readCommand('refund', bytes), context)));
  }

  @MessagePattern(paymentPattern.offlineSale)
  async offlineSale(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.offlineSale(heard(readCommand('offlineSale', bytes), context)));
  }

  @MessagePattern(paymentPattern.reversal)
  async reversal(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.reversal(readCommand('reversal', bytes)));
  }

  @MessagePattern(paymentPattern.scriptResult)
  async scriptResult(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.scriptResult(readCommand('scriptResult', bytes)));
  }

  @MessagePattern(paymentPattern.signature)
  async signature(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.signature(readCommand('signature', bytes)));
  }

  @MessagePattern(reachPattern)
  reach(): Promise<Buffer> {
    return Promise.resolve(Buffer.from('yes'));
  }

  @MessagePattern(turnAwayPattern)
  async turnAway(@Payload() bytes: Buffer, @Ctx() context: CommandContext): Promise<Buffer> {
    return Buffer.from(JSON.stringify(await this.#authorization.turnAway(heard(readTurnAway(bytes), context))));
  }

  /** They name their original in the same fields. */
  async #onPayment(kind: RequestOnPayment['kind'], bytes: Buffer, context: CommandContext): Promise<Buffer> {
    return bytesOf(await this.#authorization.onPayment({ kind, command: heard(readCommand('void', bytes), context) }));
  }
}
