import { join } from 'node:path';
import { BankHost, FileHost, NetworkHost, type BankFaults } from '@tillstream/simulator';
import type { ForeignAddresses } from '../demo/foreign-world.ts';
import { DEMO_CHANNEL, demoLinkKeys } from '../demo/roster.ts';

const BANK_SECRET = 'a secret that only journeys know';
const FILES_SECRET = 'another secret of the journeys';

/** Card network and bank with durable records of their own. */
export class ForeignHosts {
  readonly network: NetworkHost;
  readonly bank: BankHost;
  readonly #files: FileHost;
  #bankPort = 0;
  #filesPort = 0;
  #networkPort = 0;

  constructor(
    folder: string,
    now: () => number,
    {
      seed = '1',
      lateAnswerMs = 3_000,
      bankFaults,
    }: { readonly seed?: string; readonly lateAnswerMs?: number; readonly bankFaults?: BankFaults } = {},
  ) {
    this.network = new NetworkHost({
      port: 0,
      journalPath: join(folder, 'network.ndjson'),
      zonePinKey: Buffer.from(demoLinkKeys.zonePinKeyHex, 'hex'),
      linkMacKey: Buffer.from(demoLinkKeys.linkMacKeyHex, 'hex'),
      seed,
      now,
      lateAnswerMs,
      dialect: 'ascii',
    });
    this.bank = new BankHost({
      port: 0,
      journalPath: join(folder, 'bank.ndjson'),
      secret: BANK_SECRET,
      now,
      processingMs: 20,
      ...(bankFaults === undefined ? {} : { faults: bankFaults }),
    });
    this.#files = new FileHost({ port: 0, secret: FILES_SECRET, files: this.network.files });
  }

  /** Starts them; gives the network's port. */
  async listen(): Promise<number> {
    this.#bankPort = await this.bank.listen();
    this.#filesPort = await this.#files.listen();
    this.#networkPort = await this.network.listen();
    return this.#networkPort;
  }

  /** Where the network really listens. */
  get networkPort(): number {
    return this.#networkPort;
  }

  /** As the node is told of it; `networkPort` may lead through a gate. */
  world(networkPort: number): ForeignAddresses {
    return {
      networkPort,
      bankUrl: `http://127.0.0.1:${this.#bankPort}`,
      bankSecret: BANK_SECRET,
      filesUrl: `http://127.0.0.1:${this.#filesPort}`,
      filesSecret: FILES_SECRET,
    };
  }

  /** The network closes a date; the net of its file is on the bank's books from the value date on. Gives the net, fen. */
  endClearing(clearingDate: string, valueDate: string): number {
    this.network.endClearing(clearingDate);
    const amount = this.network.files.netOf(clearingDate);
    this.bank.credit({ channel: DEMO_CHANNEL, clearingDate, amount, valueDate });
    return amount;
  }

  async close(): Promise<void> {
    await Promise.all([this.network.close(), this.bank.close(), this.#files.close()]);
  }
}
