import { MessagePattern } from '@nestjs/microservices';

/** Which messages a handler takes. Every value that is given must match; the handler that gives most wins. */
export interface IsoPattern {
  readonly mti: string;
  /** F3. */
  readonly processing?: string;
  /** F60.1. */
  readonly type?: string;
  /** F60.3. */
  readonly network?: string;
}

/** Transport id of Iso8583Server: in a program with several transports these handlers go to it alone. */
export const ISO8583_TRANSPORT = Symbol('iso8583');

/** `@MessagePattern` with the keys of an ISO 8583 route: `@IsoMessagePattern({ mti: '0200', type: '22' })`. */
export function IsoMessagePattern(pattern: IsoPattern): MethodDecorator {
  return MessagePattern<IsoPattern>(pattern, ISO8583_TRANSPORT);
}
