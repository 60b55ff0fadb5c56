import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { AgreeCostPlan, RegisterChannel } from '@tillstream/domain/channel/commands';
import { IsOptional, Matches } from 'class-validator';
import { documented } from '../desk/documented.ts';

const KEY = /^(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{48})$/;
const KCV = /^(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$/;

/** Registers a channel: the domain's command with the keys of its link themselves. */
export class ChannelRegistration extends OmitType(RegisterChannel, ['zonePinKey', 'linkMacKey'] as const) {
  @ApiProperty({ writeOnly: true, description: 'Zone PIN key in clear; goes into the security module' })
  @Matches(KEY, { message: 'zonePinKey must be 16, 32 or 48 hex digits' })
  zonePinKey!: string;

  @ApiPropertyOptional({ description: 'Check value that came with the key' })
  @IsOptional()
  @Matches(KCV, { message: 'zonePinKeyKcv must be 6 or 8 hex digits' })
  zonePinKeyKcv?: string;

  @ApiProperty({ writeOnly: true, description: 'MAC key of the link in clear; goes into the security module' })
  @Matches(KEY, { message: 'linkMacKey must be 16, 32 or 48 hex digits' })
  linkMacKey!: string;

  @ApiPropertyOptional({ description: 'Check value that came with the key' })
  @IsOptional()
  @Matches(KCV, { message: 'linkMacKeyKcv must be 6 or 8 hex digits' })
  linkMacKeyKcv?: string;
}
documented(ChannelRegistration, {
  channel: { type: String, example: 'unionpay' },
  name: { type: String, maxLength: 40 },
  kind: { type: String, enum: ['card-network'] },
  acquirer: { type: String, example: '48021000', description: 'Our institution number on the link (F32)' },
});

/** Agrees on a version of a cost plan. */
export class CostPlanAgreement extends OmitType(AgreeCostPlan, ['channel'] as const) {
  @ApiProperty({ example: '2024-10-01', description: 'As in the plan' })
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: 'effectiveFrom must be a date as 2026-11-23' })
  effectiveFrom!: string;
}
documented(CostPlanAgreement, {
  plan: {
    type: Object,
    description: 'id, version, effectiveFrom, costs (rates in units of 1e-8, caps in fen), returns',
    example: {
      id: 'wallet',
      version: 1,
      effectiveFrom: '2026-01-01',
      costs: { kind: 'flat', clause: { rate1e8: 200_000 } },
      returns: 'PROPORTIONAL',
    },
  },
});
