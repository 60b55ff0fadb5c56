import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { Doubt } from '../rows/operation-rows.ts';
import type { DoubtOwner } from './in-doubt-list.ts';

/** Which part of the list of what is in doubt. */
export class InDoubtQuery {
  @ApiPropertyOptional({ description: '商户号 · merchant number', example: '898310058120001' })
  @IsOptional()
  @Matches(/^[0-9A-Za-z]{1,15}$/, { message: 'merchant must be a merchant number of up to 15 letters and digits' })
  merchant?: string;

  @ApiPropertyOptional({ description: '上一页的 next · next of the page before' })
  @IsOptional()
  @Matches(/^[0-9T:.Z-]{20,30}\/[0-9a-f-]{36}$/, { message: 'after must be next of the page before' })
  after?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

/** One operation of which nobody can tell yet how it stands at the channel. */
export class OperationInDoubtAnswer {
  @ApiProperty({ format: 'uuid' }) paymentId!: string;
  @ApiProperty({ format: 'uuid' }) operationId!: string;
  @ApiProperty({ description: '商户号 · merchant number' }) merchantId!: string;
  @ApiProperty({ description: '受理机构.终端号 · acquirer.terminal' }) terminal!: string;
  @ApiProperty({ description: '交易类型 · kind', example: 'sale' }) kind!: string;
  @ApiProperty({ description: '金额，分 · amount, fen', example: 100_00 }) amount!: number;
  @ApiProperty({ description: '交易日 · trade date', example: '2026-11-23' }) tradeDate!: string;
  @ApiProperty({
    description: '已请求 · asked; 结果未知 · in-doubt; 冲正中 · reversing; 渠道未冲正 · stuck',
    enum: ['asked', 'in-doubt', 'reversing', 'stuck'],
  })
  standing!: Doubt;
  @ApiProperty({ description: '起始时间，以事实为准 · since when, by its fact', format: 'date-time' }) since!: string;
  @ApiProperty({
    description: '由谁处理: 系统重试 · resolver; 对账文件 · clearing-file',
    enum: ['resolver', 'clearing-file'],
  })
  owner!: DoubtOwner;
  @ApiProperty({ description: '由该清算日的文件决定 · clearing date whose file decides', type: String, nullable: true })
  clearingFileOf!: string | null;
  @ApiProperty({
    description: '下一步 · what is tried next',
    enum: ['await-answer', 'begin-reversal', 'reverse', 'advise'],
    type: String,
    nullable: true,
  })
  next!: string | null;
  @ApiProperty({ description: '下次尝试 · next try, machine clock', type: String, format: 'date-time', nullable: true })
  nextTryAt!: string | null;
  @ApiProperty({ description: '已尝试次数 · tries so far' }) attempts!: number;
}

/** A page of what is in doubt, oldest first. */
export class InDoubtPage {
  @ApiProperty({ description: '存疑总数 · how many are in doubt, over all merchants' }) count!: number;
  @ApiProperty({ description: '最早 · since when the oldest is', type: String, format: 'date-time', nullable: true })
  oldest!: string | null;
  @ApiProperty({ type: [OperationInDoubtAnswer] }) items!: OperationInDoubtAnswer[];
  @ApiProperty({ description: '下一页 · give it as after; null at the end', type: String, nullable: true })
  next!: string | null;
}
