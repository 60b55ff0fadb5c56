import { ApiProperty } from '@nestjs/swagger';
import type { ChannelState } from '@tillstream/domain/channel/decide';
import type { Kept } from '../desk/shelf.ts';

/** A channel as registered; keys by handle. */
export class ChannelItems {
  @ApiProperty() channel!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['card-network'] }) kind!: string;
  @ApiProperty() acquirer!: string;
  @ApiProperty({ description: 'Handle' }) zonePinKey!: string;
  @ApiProperty({ description: 'Handle' }) linkMacKey!: string;
}

/** The answer to a registration, with the first 3 bytes of the check values. */
export class RegisteredChannel extends ChannelItems {
  @ApiProperty({ example: '8CA64D' }) zonePinKeyKcv!: string;
  @ApiProperty({ example: '8CA64D' }) linkMacKeyKcv!: string;
}

/** A channel with every version of its price. */
export class ChannelView extends ChannelItems {
  @ApiProperty({ description: 'Business clock' }) registeredAt!: string;
  @ApiProperty({ type: [Object], description: 'Every version, in order' }) costPlans!: object[];
}

/** One page of channels. */
export class ChannelPage {
  @ApiProperty({ type: [ChannelView] }) items!: ChannelView[];
  @ApiProperty({ type: String, nullable: true, description: 'after of the next page' }) next!: string | null;
}

/** A version of a plan as agreed. */
export class AgreedCostPlan {
  @ApiProperty() channel!: string;
  @ApiProperty({ type: Object }) plan!: object;
  @ApiProperty() effectiveFrom!: string;
}

/** The view of what is kept; undefined when nothing is registered. */
export function viewOf(kept: Kept<ChannelState> | undefined): ChannelView | undefined {
  if (kept?.state.is !== 'registered') return undefined;
  const { registration, plans } = kept.state;
  return { ...registration, registeredAt: kept.since, costPlans: [...plans] };
}
