import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address, SimulatedTerminal } from '@tillstream/simulator';
import type { NodeFolder } from '../host/data-folder.ts';
import {
  DEMO_ACQUIRER,
  DEMO_CHANNEL,
  demoLinkKeys,
  type DemoTerminal,
  handTerminals,
  loadTerminals,
} from './roster.ts';
import { SimulatorProcess } from './simulator-process.ts';

/** Where the card network and the bank are found, and the secret shared with the bank. */
export interface ForeignAddresses {
  readonly networkPort: number;
  readonly bankUrl: string;
  readonly bankSecret: string;
  /** The card network's clearing files. */
  readonly filesUrl: string;
  readonly filesSecret: string;
}

/** Everything foreign to the node: the card network, the bank and the terminals, in one other process. */
export interface ForeignWorld extends ForeignAddresses {
  readonly simulator: SimulatorProcess;
  /** Tells the simulator which terminals there are and where the gateway listens. */
  fleet(terminals: readonly DemoTerminal[], gateway: Address): void;
}

/** Starts the simulator; network and bank listen on loopback ports of their own choice. */
export async function startForeignWorld(settings: {
  readonly folder: NodeFolder;
  readonly seed: number;
  readonly answerTimerMs: number;
  readonly onDeath: (error: Error) => void;
}): Promise<ForeignWorld> {
  const simulator = new SimulatorProcess(settings.onDeath);
  // Both ends are started by us, so the shared secrets live as long as they do.
  const [bankSecret, filesSecret] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
  const ready = await simulator.ask(
    {
      type: 'start',
      stateDir: settings.folder.simulatorFolder,
      seed: String(settings.seed),
      answerTimerMs: settings.answerTimerMs,
      bankSecret,
      filesSecret,
      channel: DEMO_CHANNEL,
      ...demoLinkKeys,
    },
    'ready',
  );
  return {
    simulator,
    networkPort: ready.networkPort,
    bankUrl: `http://127.0.0.1:${ready.bankPort}`,
    bankSecret,
    filesUrl: `http://127.0.0.1:${ready.filesPort}`,
    filesSecret,
    fleet: (terminals, gateway) =>
      simulator.send({
        type: 'fleet',
        gateway,
        terminals: terminals.map(simulated),
      }),
  };
}

const simulated = (terminal: DemoTerminal): SimulatedTerminal => ({
  terminalId: terminal.terminalId,
  merchantId: terminal.merchantId,
  merchantName: terminal.merchantName,
  acquirer: DEMO_ACQUIRER,
  model: terminal.model,
  tmkHex: terminal.tmkHex,
});

/** Writes the file that `npm run terminal` and `npm run fleet` find their terminals in: test keys, the owner's eyes only. */
export function writeTillFile(folder: NodeFolder, gateway: Address): void {
  const terminals = [
    ...handTerminals().map((terminal) => ({ ...simulated(terminal), byHand: true })),
    ...loadTerminals().map(simulated),
  ];
  const file = join(folder.simulatorFolder, 'terminals.json');
  writeFileSync(file, JSON.stringify({ gateway, terminals }, null, 2), { mode: 0o600 });
}
