import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { CliProblem, gatewayOf, readTillFile, wholeNumber } from './cli/till-file.ts';
import { TillMenu } from './cli/till-menu.ts';

const help = `A terminal in the shell: amount, card, PIN, answer, void, settlement.

  npm run terminal [-- options]

  --keys FILE      terminals with their keys (TILLSTREAM_TILL, or terminals.json of the node's data folder)
  --terminal ID    which of them (the one kept for a person, else the last)
  --host HOST      terminal gateway (from the file, else 127.0.0.1)
  --port N         its port (from the file)
  --state DIR      where this terminal keeps its record (.till in the current folder)
  --timer MS       how long an answer may take (5000)
  --help           this text

FILE is JSON: {"gateway":{"host","port"},"terminals":[{"terminalId","merchantId","merchantName","acquirer","tmkHex"}]}.
The record is the terminal's memory (STAN, batch, keys, pending reversals): keep it as long as the terminal lives.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      terminal: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      state: { type: 'string' },
      timer: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${help}\n`);
    return;
  }
  const path = values.keys ?? process.env['TILLSTREAM_TILL'];
  if (path === undefined) throw new CliProblem('--keys: expected a file with terminals; see --help');
  const file = readTillFile(path);
  const terminal =
    values.terminal === undefined
      ? (file.terminals.find(({ byHand }) => byHand === true) ?? file.terminals.at(-1))
      : file.terminals.find(({ terminalId }) => terminalId === values.terminal);
  if (terminal === undefined) throw new CliProblem('--terminal: not in the file');
  const menu = new TillMenu({
    terminal,
    gateway: gatewayOf(file, values.host, values.port),
    stateDir: values.state ?? '.till',
    answerTimerMs: wholeNumber('timer', values.timer, 5_000, [100, 120_000]),
    lines: createInterface({ input: process.stdin, output: process.stdout }),
    print: (text) => process.stdout.write(`${text}\n`),
  });
  await menu.run();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'unknown error'}\n`);
  process.exitCode = error instanceof CliProblem || error instanceof TypeError ? 2 : 1;
});
