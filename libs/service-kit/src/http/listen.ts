import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Where an API listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly moved: boolean;
}

/** Listens at the preferred port of an address of this machine, or at a free one when it is taken. */
export async function listenOn(app: NestFastifyApplication, host: string, preferred: number): Promise<Listening> {
  let moved = false;
  try {
    await app.listen(preferred, host);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    moved = true;
    await app.listen(0, host);
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port, moved };
}
