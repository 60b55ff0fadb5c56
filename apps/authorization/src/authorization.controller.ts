import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { paymentPattern, type PaymentAnswer } from '@tillstream/domain/payment/commands';
import { reachPattern } from '@tillstream/domain/payment/reach';
import { turnAwayPattern } from '@tillstream/domain/payment/turn-away';
import { Authorization } from './authorization.ts';
import { readCommand } from './intake/read-command.ts';
import type { RequestOnPayment } from './operations/linked.ts';
import { readTurnAway } from './intake/read-turn-away.ts';

const bytesOf = (answer: PaymentAnswer): Buffer => Buffer.from(JSON.stringify(answer));

/** Payment commands as bytes: JSON in, JSON out (design 1: between services travel bytes). */
@Controller()
export class AuthorizationController {
  readonly #authorization: Authorization;

  constructor(authorization: Authorization) {
    this.#authorization = authorization;
  }

  @MessagePattern(paymentPattern.sale)
  async sale(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.sale(readCommand('sale', bytes)));
  }

  @MessagePattern(paymentPattern.inquiry)
  async inquiry(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.inquiry(readCommand('inquiry', bytes)));
  }

  @MessagePattern(paymentPattern.preAuth)
  async preAuth(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.preAuth(readCommand('preAuth', bytes)));
  }

  @MessagePattern(paymentPattern.void)
  void(@Payload() bytes: Buffer): Promise<Buffer> {
    return this.#onPayment('void', bytes);
  }

  @MessagePattern(paymentPattern.preAuthVoid)
  preAuthVoid(@Payload() bytes: Buffer): Promise<Buffer> {
    return this.#onPayment('pre-auth-void', bytes);
  }

  @MessagePattern(paymentPattern.completion)
  completion(@Payload() bytes: Buffer): Promise<Buffer> {
    return this.#onPayment('completion', bytes);
  }

  @MessagePattern(paymentPattern.completionVoid)
  completionVoid(@Payload() bytes: Buffer): Promise<Buffer> {
    return this.#onPayment('completion-void', bytes);
  }

  @MessagePattern(paymentPattern.completionAdvice)
  async completionAdvice(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.completionAdvice(readCommand('void', bytes)));
  }

  @MessagePattern(paymentPattern.refund)
  async refund(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.refund(readCommand('refund', bytes)));
  }

  @MessagePattern(paymentPattern.offlineSale)
  async offlineSale(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.offlineSale(readCommand('offlineSale', bytes)));
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
  async turnAway(@Payload() bytes: Buffer): Promise<Buffer> {
    return Buffer.from(JSON.stringify(await this.#authorization.turnAway(readTurnAway(bytes))));
  }

  /** They name their original in the same fields. */
  async #onPayment(kind: RequestOnPayment['kind'], bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#authorization.onPayment({ kind, command: readCommand('void', bytes) }));
  }
}
