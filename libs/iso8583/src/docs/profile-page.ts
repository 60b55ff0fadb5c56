import { balanceLayout, originalLayout, transactionLayout } from '../specs/layouts.ts';
import type { Profile } from '../spec/profile.ts';
import { encodingChapter, exampleChapter, framingChapter, keyChapter, macChapter, pinChapter } from './chapters.ts';
import { fieldTable, layoutTable, messageTable, presence, responseTable } from './field-tables.ts';
import {
  numberingChapter,
  originalChapter,
  otherFieldsChapter,
  reversalChapter,
  settlementChapter,
} from './trade-chapters.ts';
import { exampleFrames } from './worked-example.ts';

/**
 * The page of the terminal profile in Markdown, made from the spec: enough to write a terminal's client from it alone.
 * The same spec gives the same text.
 */
export function renderProfilePage(profile: Profile): string {
  const frames = exampleFrames();
  const sale = frames.find(({ message }) => message.mti === '0200')?.mac;
  if (sale === undefined) throw new Error('the examples have a sale with a MAC');
  const chapters = [
    `# ${profile.title}`,
    'Generated from the message specification; do not edit. All that a terminal needs to speak to the host.',
    framingChapter(),
    encodingChapter(),
    `## 3 Fields\n\n${fieldTable(profile)}`,
    '## 4 Fields with pieces',
    `### F60, transaction\n\n${layoutTable(transactionLayout)}`,
    `${originalChapter()}\n\n${layoutTable(originalLayout)}`,
    `### F54, balance\n\n${layoutTable(balanceLayout)}`,
    otherFieldsChapter(),
    'F48 is in section 11, F62 of a sign-in reply in section 6.',
    `## 5 Messages\n\nA message is known by MTI, F3, F60.1, F60.3 and, for QR, by F59. "may" = F64 may be left out. Fields in neither list must be absent.\n\n${messageTable(profile)}`,
    ...profile.messages.map(presence),
    keyChapter(),
    macChapter(sale),
    pinChapter(),
    numberingChapter(),
    reversalChapter(),
    settlementChapter(),
    `## 12 Response codes\n\nClass: A done, B the user may try again, C final, D operator or card action, E system. Any other code is 交易失败, class C.\nReplies that refuse carry F39, F41, F42 and what else the host could read of the request.\n\n${responseTable()}`,
    exampleChapter(frames),
  ];
  return `${chapters.join('\n\n')}\n`;
}
