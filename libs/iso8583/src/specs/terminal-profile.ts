import { defineProfile, type MessageOf } from '../spec/profile.ts';
import { terminalFields } from './terminal-fields.ts';
import { terminalMessages } from './terminal-messages.ts';

/** What terminals speak (domain 2): UnionPay direct-connect style, digits packed two a byte, one bitmap. */
export const terminalProfile = defineProfile({
  name: 'terminal',
  title: 'Tillstream terminal profile',
  digits: 'bcd',
  secondaryBitmap: false,
  fields: terminalFields,
  messages: terminalMessages,
});

/** A message of the terminal profile: `{ mti, fields: { 3?: string, 52?: Buffer, … } }`. */
export type TerminalMessage = MessageOf<typeof terminalProfile>;
