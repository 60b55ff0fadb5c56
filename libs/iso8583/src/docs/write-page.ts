/* Run by hand after a change of the spec: `npx node libs/iso8583/src/docs/write-page.ts`. */
import { writeFileSync } from 'node:fs';
import { terminalProfile } from '../specs/terminal-profile.ts';
import { renderProfilePage } from './profile-page.ts';

writeFileSync(new URL('../../docs/terminal-profile.md', import.meta.url), renderProfilePage(terminalProfile));
