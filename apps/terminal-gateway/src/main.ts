import 'reflect-metadata';
import { port, runService, text, type Metrics } from '@tillstream/service-kit';
import { gatewayEnvironment, gatewayFrom, gatewayProblems } from './environment.ts';
import { TerminalGatewayModule } from './terminal-gateway.module.ts';
import { openTerminalGateway, type TerminalGateway } from './terminal-gateway.ts';

const listening = {
  terminalHost: text('TILLSTREAM_TERMINAL_HOST', {
    what: 'address that terminals connect to',
    pattern: /^[0-9a-fA-F.:]{2,45}$/,
    right: 'an IP address of this machine, such as 127.0.0.1 or 0.0.0.0',
    fallback: '127.0.0.1',
  }),
  terminalPort: port('TILLSTREAM_TERMINAL_PORT', {
    what: 'port that terminals connect to; another is taken when it is in use, 0 for any',
    fallback: 5583,
  }),
};

await runService({
  name: 'terminal-gateway',
  sendsCommands: true,
  settings: { ...gatewayEnvironment, ...listening },
  check: gatewayProblems,
  open: async ({ platform, settings, readiness, metrics }) => {
    const gateway = await openTerminalGateway(platform, {
      ...{ host: settings.terminalHost, port: settings.terminalPort, ifTaken: 'next-free' },
      ...gatewayFrom(settings),
    });
    readiness.add('authorization', () => gateway.reached());
    showGauges(metrics, gateway);
    return {
      modules: [TerminalGatewayModule.of(gateway)],
      strategies: [gateway.server],
      busy: () => gateway.status().busy,
      started: () => ({ terminals: gateway.server.address?.port ?? 0 }),
    };
  },
});

function showGauges(metrics: Metrics, gateway: TerminalGateway): void {
  metrics.gauge({ name: 'terminal_connections', help: 'Open connections of terminals' }, (gauge) =>
    gauge.set(gateway.status().connections),
  );
  metrics.gauge({ name: 'new_payments_turned_away', help: 'New payments answered 91 or 96 unread' }, (gauge) =>
    gauge.set(gateway.status().turnedAway),
  );
}
