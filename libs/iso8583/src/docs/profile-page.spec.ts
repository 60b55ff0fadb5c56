import { readFileSync } from 'node:fs';
import { check, checkReply, identify } from '../check.ts';
import { unpack } from '../codec/unpack.ts';
import { openEnvelope } from '../framing/envelope.ts';
import type { IsoMessage } from '../spec/profile.ts';
import { terminalProfile } from '../specs/terminal-profile.ts';
import { renderProfilePage } from './profile-page.ts';
import { checkValue, exampleFrames, macSteps } from './worked-example.ts';

const key = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const block = Buffer.from(Array.from({ length: 35 }, (_, index) => index));

describe('the page of the terminal profile', () => {
  it('is the one that the specification gives (else run src/docs/write-page.ts)', () => {
    const committed = readFileSync(new URL('../../docs/terminal-profile.md', import.meta.url), 'utf8');
    expect(committed).toBe(renderProfilePage(terminalProfile));
  });
  it('names every field and every message', () => {
    const page = renderProfilePage(terminalProfile);
    for (const number of Object.keys(terminalProfile.fields)) expect(page).toContain(`| F${number} |`);
    for (const { id } of terminalProfile.messages) expect(page).toContain(`\`${id}\``);
  });
  it('computes the MAC as the vectors of domain 2.6 do', () => {
    expect(macSteps(key, block).mac.toString('latin1')).toBe('A8D307C3');
    expect(macSteps(key.subarray(0, 8), block).mac.toString('latin1')).toBe('4DA7E76A');
    expect(checkValue(key).toString('hex').toUpperCase()).toBe('08D7B4FB');
    expect(checkValue(key.subarray(0, 8)).toString('hex').toUpperCase()).toBe('D5D44FF7');
  });
  it('shows frames that the profile takes for legal requests and replies', () => {
    let request: IsoMessage | undefined;
    for (const { frame } of exampleFrames()) {
      const message = unpack(terminalProfile, openEnvelope(frame.subarray(2)).message) as IsoMessage;
      if (message.mti[2] === '0' || message.mti[2] === '2') {
        check(terminalProfile, message);
        request = message;
      } else {
        const spec = identify(terminalProfile, request as IsoMessage);
        expect(spec).toBeDefined();
        if (spec !== undefined) checkReply(terminalProfile, spec, message);
      }
    }
  });
});
