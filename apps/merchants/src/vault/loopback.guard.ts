import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Problem } from '@tillstream/service-kit';

/** Keys in clear and account numbers are taken from this machine alone, whatever the API may listen on one day. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { ip } = context.switchToHttp().getRequest<{ readonly ip?: string }>();
    if (ip !== undefined && /^(::ffff:)?127\.|^::1$/.test(ip)) return true;
    throw new Problem({
      status: 403,
      code: 'loopback-only',
      title: 'Keys and accounts are taken from this machine alone',
    });
  }
}
