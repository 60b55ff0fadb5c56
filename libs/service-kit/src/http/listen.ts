import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Where an API listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly moved: boolean;
}

/** Listens on loopback at the preferred port, or at a free one when it is taken. */
export async function listenLoopback(app: NestFastifyApplication, preferred: number): Promise<Listening> {
  let moved = false;
  try {
    await app.listen(preferred, '127.0.0.1');
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    moved = true;
    await app.listen(0, '127.0.0.1');
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, moved };
}
