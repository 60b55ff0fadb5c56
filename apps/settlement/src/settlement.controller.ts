import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { batchPattern, type BatchAnswer } from '@tillstream/domain/batch/commands';
import { readEndUpload, readForSignIn, readPresentTotals, readUploadItems } from './batch/read-command.ts';
import { Settlement } from './settlement.ts';

const bytesOf = (answer: BatchAnswer): Buffer => Buffer.from(JSON.stringify(answer));

/** Batch commands as bytes: JSON in, JSON out (design 1: between services travel bytes). */
@Controller()
export class SettlementController {
  readonly #settlement: Settlement;

  constructor(settlement: Settlement) {
    this.#settlement = settlement;
  }

  @MessagePattern(batchPattern.forSignIn)
  async forSignIn(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#settlement.batches.forSignIn(readForSignIn(bytes)));
  }

  @MessagePattern(batchPattern.presentTotals)
  async presentTotals(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#settlement.batches.present(readPresentTotals(bytes)));
  }

  @MessagePattern(batchPattern.uploadItems)
  async uploadItems(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#settlement.batches.upload(readUploadItems(bytes)));
  }

  @MessagePattern(batchPattern.endUpload)
  async endUpload(@Payload() bytes: Buffer): Promise<Buffer> {
    return bytesOf(await this.#settlement.batches.endUpload(readEndUpload(bytes)));
  }
}
