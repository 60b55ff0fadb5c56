import { managementMessage } from './messages.ts';
import { codeOnly, type Outcome } from './outcome.ts';
import type { TerminalCore } from './terminal-core.ts';

/** An 0820 that moves no money and no keys, sent once. */
export async function manage(core: TerminalCore, which: 'echo' | 'sign-off'): Promise<Outcome> {
  if (!(await core.reachable())) return { is: 'refused', why: 'no-line' };
  const request = managementMessage(core.terminal, which, {
    stan: core.takeStan(),
    batch: core.state.batch,
    operator: core.operator,
  });
  const reply = await core.ask(request, { mac: false });
  return codeOnly(reply.is === 'reply' ? reply.code : null);
}
