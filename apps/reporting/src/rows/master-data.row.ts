import { Entity } from 'typeorm';
import { Flag, Key, Place, Text } from './column-types.ts';

/** A merchant's name and standing, as reports show it. */
@Entity('merchant')
export class MerchantRow {
  @Key() merchantId!: string;
  @Place() position!: string;
  @Text() name!: string;
  @Text() merchantType!: string;
  @Text() mcc!: string;
  @Text() feeClass!: string;
  @Flag() blocked!: boolean;
  /** `<id> v<version>` of the plan agreed last. */
  @Text() feePlan!: string;
}

/** A terminal's binding and standing. */
@Entity('terminal')
export class TerminalRow {
  @Key() acquirer!: string;
  @Key() terminalId!: string;
  @Place() position!: string;
  @Text() merchantId!: string;
  @Text() serialNumber!: string;
  @Text() model!: string;
  @Text() status!: string;
}

/** A channel's name and standing. */
@Entity('channel')
export class ChannelRow {
  @Key() channel!: string;
  @Place() position!: string;
  @Text() name!: string;
  @Text() kind!: string;
}

/**
 * Until when the history reached which position: "as of a time" is the last position whose `at` is not later (design 4). One row
 * per second and one per hour, each named by the instant at which all of its facts are past.
 */
@Entity('moment')
export class MomentRow {
  /** Seconds that the row spans: 1 or 3600. */
  @Key('integer') span!: number;
  /** Seconds since 1970, UTC. */
  @Key('bigint') past!: string;
  @Place() lastPosition!: string;
}
