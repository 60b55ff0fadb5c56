import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { RegisterTerminal } from '@tillstream/domain/terminal/commands';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { documented } from '../desk/documented.ts';
import { Paging } from '../desk/http.ts';

/** Message profiles that terminals speak (domain 2.6), and the master keys that are strong enough for their working keys. */
export const masterKeysOf = {
  'unionpay-tdes16': ['tdes', 'sm4'],
  'unionpay-single8': ['des', 'tdes'],
  'x9.19': ['tdes'],
} as const;

/** Name of a message profile. */
export type Profile = keyof typeof masterKeysOf;

/** Registers a terminal: the domain's command with the master key itself; the account is the merchant's. */
export class TerminalRegistration extends OmitType(RegisterTerminal, [
  'settlementAccount',
  'masterKey',
  'profile',
] as const) {
  @ApiProperty({ enum: Object.keys(masterKeysOf) })
  @IsIn(Object.keys(masterKeysOf))
  profile!: Profile;

  @ApiProperty({ writeOnly: true, description: 'Terminal master key in clear; goes into the security module' })
  @Matches(/^(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{48})$/, {
    message: 'masterKey must be 16, 32 or 48 hex digits',
  })
  masterKey!: string;

  @ApiPropertyOptional({ enum: ['des', 'tdes', 'sm4'], description: 'By its length when left out: des or tdes' })
  @IsOptional()
  @IsIn(['des', 'tdes', 'sm4'])
  masterKeyAlgorithm?: 'des' | 'tdes' | 'sm4';

  @ApiPropertyOptional({ description: 'Check value that came with the key', example: '8CA64D' })
  @IsOptional()
  @Matches(/^(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$/, { message: 'masterKeyKcv must be 6 or 8 hex digits' })
  masterKeyKcv?: string;
}
documented(TerminalRegistration, {
  acquirer: { type: String, example: '48021000' },
  terminalId: { type: String, minLength: 8, maxLength: 8, example: '10000001' },
  merchantId: { type: String, example: '480290053310001' },
  creditCode: { type: String, description: 'As GET /merchants/:id says it' },
  address: { type: String, maxLength: 200, description: 'Where the terminal stands' },
  serialNumber: { type: String, example: 'TS0000000001', description: 'Bound to one terminal at a time (259号)' },
  model: { type: String, maxLength: 50 },
});

/** Which terminals. */
export class TerminalQuery extends Paging {
  @ApiPropertyOptional({ description: 'Number of a merchant' })
  @IsOptional()
  @Matches(/^\d{15}$/, { message: 'merchant must be 15 digits' })
  merchant?: string;
}
