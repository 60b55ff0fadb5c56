import { IsString, Length, Matches } from 'class-validator';

const HANDLE = /^[A-Za-z0-9._:-]{1,64}$/;

/** Names a terminal of an acquirer. */
export class TerminalCommand {
  @Matches(/^\d{3,11}$/, { message: 'acquirer must be an institution number of 3 to 11 digits' })
  acquirer!: string;

  @Matches(/^[0-9A-Za-z]{8}$/, { message: 'terminalId must be 8 letters or digits' })
  terminalId!: string;
}

/** Registers a terminal with the five items that it is bound to (259号, domain 5). */
export class RegisterTerminal extends TerminalCommand {
  @Matches(/^\d{15}$/, { message: 'merchantId must be 15 digits' })
  merchantId!: string;

  @Matches(HANDLE, { message: 'creditCode must be the one that the merchant is registered with' })
  creditCode!: string;

  @Matches(HANDLE, {
    message: 'settlementAccount must be the handle of the account that the merchant is registered with',
  })
  settlementAccount!: string;

  @IsString()
  @Length(1, 200)
  address!: string;

  @Matches(/^[0-9A-Za-z-]{4,50}$/, { message: 'serialNumber must be 4 to 50 letters, digits or dashes' })
  serialNumber!: string;

  @IsString()
  @Length(1, 50)
  model!: string;

  @Matches(HANDLE, { message: 'masterKey must be the handle of a key in the vault' })
  masterKey!: string;

  @Matches(/^[A-Za-z0-9._-]{1,50}$/, { message: 'profile must be the name of a message profile' })
  profile!: string;
}

/** A change of a terminal's standing, with the reason that stays on record. */
export class TerminalStandingCommand extends TerminalCommand {
  @IsString()
  @Length(1, 200)
  reason!: string;
}
/** Stops new payments of a terminal. */
export class BlockTerminal extends TerminalStandingCommand {}
/** Lets a blocked terminal trade again. */
export class UnblockTerminal extends TerminalStandingCommand {}
/** Takes a terminal out of service for good and frees its serial number. */
export class RetireTerminal extends TerminalStandingCommand {}
