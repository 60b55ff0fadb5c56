import type { StartOptions } from '../arguments.ts';
import type { NodeFolder } from '../host/data-folder.ts';
import type { Node } from '../host/node.ts';
import type { Services } from '../host/services.ts';
import type { ForeignWorld } from './foreign-world.ts';

/** What runs where, in one short block; ports that had to move say so. */
export function startBlock(parts: {
  readonly node: Node;
  readonly services: Services;
  readonly world: ForeignWorld;
  readonly folder: NodeFolder;
  readonly options: StartOptions;
}): string {
  const { node, services, world, folder, options } = parts;
  const moved = (is: number, wished: number): string =>
    wished !== 0 && is !== wished ? `  (${wished} is in use)` : '';
  const { host, port } = services.terminalAddress;
  const database = node.embedded
    ? `embedded PostgreSQL on 127.0.0.1:${node.embedded.port}${node.embedded.adopted ? ' (found running, adopted)' : ''}`
    : 'your PostgreSQL (DATABASE_URL)';
  const rows: [string, string][] = [
    ['terminals', `${host}:${port} ISO 8583 over TCP${moved(port, options.terminalPort)}`],
    ['HTTP API', `${services.url}  documentation ${services.url}/docs${moved(services.httpPort, options.httpPort)}`],
    ['token', services.token],
    ['page', `${services.url}/?token=${services.token}`],
    ['network, bank', `simulated, 127.0.0.1:${world.networkPort} and ${world.bankUrl}`],
    ['database', database],
    ['durability', node.durability],
    ['data folder', folder.path],
    ['log', folder.logFile],
  ];
  return ['', 'Tillstream is up', ...rows.map(([name, text]) => `  ${name.padEnd(15)}${text}`), ''].join('\n');
}
