import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerMatches } from './bearer-token.ts';

const COOKIE = 'tillstream_token';

/** Whether a request may pass: the bearer token, or for reading alone the cookie that a browser was given. */
export function isAllowed(request: FastifyRequest, token: string): boolean {
  if (bearerMatches(request.headers.authorization, token)) return true;
  // Another site can make a browser send a cookie, so a cookie never changes anything.
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\x21-\\x3a\\x3c-\\x7e]{1,512})`).exec(
    request.headers.cookie ?? '',
  )?.[1];
  return bearerMatches(`Bearer ${cookie ?? ''}`, token);
}

/**
 * A person opens `/?token=…` once: the right token becomes a cookie of this browser and leaves the address line, so that it
 * stands in no history and no log of a later request. True when the request was answered so.
 */
export function startsBrowserSession(request: FastifyRequest, reply: FastifyReply, token: string): boolean {
  if (request.method !== 'GET') return false;
  const [path, query] = request.url.split('?', 2);
  const given = new URLSearchParams(query ?? '').get('token');
  if (given === null || !bearerMatches(`Bearer ${given}`, token)) return false;
  const cookie = `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`;
  // A path of our own only: `//elsewhere` would leave this host.
  const back = `/${(path ?? '/').replace(/^\/+/, '')}`;
  void reply.code(303).header('set-cookie', cookie).header('location', back).send();
  return true;
}
