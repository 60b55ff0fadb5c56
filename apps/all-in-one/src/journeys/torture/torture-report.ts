import type { Broken } from './model/evidence.ts';

/** How long and by which seed the node is tortured. */
export interface TortureSettings {
  readonly rounds: number;
  readonly seed: string;
  /** Mean traffic before a kill, ms; 1,200 unless given. */
  readonly trafficMs?: number;
  /** Rounds of a business day; 20 unless given. */
  readonly roundsPerDay?: number;
  readonly terminals?: number;
  /** Told one line per round and one per step of the end. */
  readonly onProgress?: (line: string) => void;
}

/** What came of a run. */
export interface TortureReport {
  readonly seed: string;
  readonly kills: number;
  /** Of them at a crash point that was named. */
  readonly atPoints: number;
  /** How often the node died at each point, also while it recovered. */
  readonly points: Readonly<Record<string, number>>;
  readonly databaseKills: number;
  readonly payments: number;
  /** Marks of batches that were open when their day ended. */
  readonly overdue: number;
  readonly facts: number;
  /** From the process's start to the first payment that it would take, ms; sorted. */
  readonly recoveries: readonly number[];
  readonly seconds: number;
}

/** A rule was broken; the folder is kept for whoever looks into it. */
export class TortureFailed extends Error {
  override readonly name = 'TortureFailed';
  readonly broken: readonly Broken[];

  constructor(where: string, seed: string, folder: string, broken: readonly Broken[]) {
    const [first] = broken;
    const more = broken.length > 1 ? `; ${broken.length - 1} more` : '';
    super(`seed ${seed}, ${where}: ${first?.rule}: ${first?.detail}${more}. The data is kept in ${folder}`);
    this.broken = broken;
  }
}
