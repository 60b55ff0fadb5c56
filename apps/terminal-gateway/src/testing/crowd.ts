import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a crowd of connections is to do. */
export interface CrowdOrder {
  readonly port: number;
  readonly count: number;
  /** Connections that may be connecting, or waiting for their answer, at once. */
  readonly atOnce: number;
  /** In base64: each connection sends it once and waits for its answer; a connection that ends before is opened again. */
  readonly frame?: string;
  /** Without a frame: every second connection sends a byte of a frame at once, and another after each such time; the others say nothing. */
  readonly trickleMs?: number;
}

/** What a crowd has seen. */
export interface CrowdReport {
  readonly standing: number;
  readonly answered: number;
  /** Ended by the other side after it stood and, with a frame, was answered. */
  readonly closed: number;
  readonly reconnected: number;
  readonly givenUp: number;
  /** Of those closed, the shortest time that one stood; 1e9 before. */
  readonly shortestMs: number;
  /** The last error of a socket. */
  readonly trouble: string;
  /** In base64, first bytes of each answer since the last report. */
  readonly replies: readonly string[];
}

/** Connections held by a process of its own, with its own file handles and event loop, as a fleet's are. */
export interface Crowd {
  /** The last report, with the answers of all reports. */
  readonly seen: CrowdReport;
  /** Its process is killed, and its connections with it. */
  leave(): Promise<void>;
}

/** Starts a crowd; it begins to connect at once. */
export function startCrowd(order: CrowdOrder): Crowd {
  const file = fileURLToPath(new URL('./crowd.child.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(order)], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const replies: string[] = [];
  let seen: CrowdReport = {
    ...{ standing: 0, answered: 0, closed: 0, reconnected: 0, givenUp: 0, shortestMs: 1e9 },
    ...{ trouble: '', replies },
  };
  child.on('message', (report) => {
    const { replies: more, ...rest } = report as CrowdReport;
    replies.push(...more);
    seen = { ...rest, replies };
  });
  return {
    get seen() {
      return seen;
    },
    leave: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
