import { ApiProperty } from '@nestjs/swagger';
import type { TerminalState } from '@tillstream/domain/terminal/decide';
import type { Kept } from '../desk/shelf.ts';

/** A terminal as registered, with its five bound items; keys and accounts by handle. */
export class TerminalItems {
  @ApiProperty() acquirer!: string;
  @ApiProperty() terminalId!: string;
  @ApiProperty() merchantId!: string;
  @ApiProperty() creditCode!: string;
  @ApiProperty({ description: 'Handle' }) settlementAccount!: string;
  @ApiProperty() address!: string;
  @ApiProperty() serialNumber!: string;
  @ApiProperty() model!: string;
  @ApiProperty({ description: 'Handle' }) masterKey!: string;
  @ApiProperty() profile!: string;
}

/** The answer to a registration. */
export class RegisteredTerminal extends TerminalItems {
  @ApiProperty({ description: 'First 3 bytes of the check value, to compare with the letter', example: '8CA64D' })
  masterKeyKcv!: string;
}

/** A terminal and its standing. */
export class TerminalView extends TerminalItems {
  @ApiProperty({ description: 'Business clock of its first registration' }) registeredAt!: string;
  @ApiProperty({ enum: ['active', 'blocked', 'retired'] }) standing!: string;
}

/** One page of terminals. */
export class TerminalPage {
  @ApiProperty({ type: [TerminalView] }) items!: TerminalView[];
  @ApiProperty({ type: String, nullable: true, description: 'after of the next page' }) next!: string | null;
}

/** Whether a terminal may take new payments. */
export class TerminalStanding {
  @ApiProperty() acquirer!: string;
  @ApiProperty() terminalId!: string;
  @ApiProperty({ enum: ['active', 'blocked', 'retired'] }) standing!: 'active' | 'blocked' | 'retired';
}

/** The view of what is kept; undefined when nothing is registered. */
export function viewOf(kept: Kept<TerminalState> | undefined): TerminalView | undefined {
  if (kept === undefined || kept.state.is === 'new') return undefined;
  const { state, since } = kept;
  const standing = state.is === 'retired' ? 'retired' : state.blocked ? 'blocked' : 'active';
  return { ...state.registration, registeredAt: since, standing };
}
