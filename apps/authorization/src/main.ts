import 'reflect-metadata';
import { runService, type Metrics, type Readiness } from '@tillstream/service-kit';
import { AuthorizationModule } from './authorization.module.ts';
import { Authorization } from './authorization.ts';
import { channelEnvironment, authorizationEnvironment, authorizationFrom } from './environment.ts';
import { authorizationModels } from './index.ts';

await runService({
  name: 'authorization',
  // An instance that hears of a fact asks the writer of its key.
  sendsCommands: true,
  settings: { ...authorizationEnvironment, ...channelEnvironment },
  open: ({ settings, readiness, metrics }) => ({
    modules: [AuthorizationModule.register(authorizationFrom(settings))],
    models: authorizationModels,
    started: (app) => watch(app.get(Authorization), readiness, metrics),
  }),
});

function watch(authorization: Authorization, readiness: Readiness, metrics: Metrics): undefined {
  readiness.add('authorization', () => {
    const { ready, why } = authorization.ready();
    if (!ready) throw new Error(why.join('; '));
  });
  metrics.gauge({ name: 'in_doubt_operations', help: 'Operations that are in doubt' }, async (gauge) =>
    gauge.set((await authorization.inDoubtFigures()).count),
  );
  metrics.gauge(
    {
      name: 'in_doubt_oldest_seconds',
      help: 'Age of the oldest operation in doubt by the business clock, s; 0 when none is',
    },
    async (gauge) => gauge.set((await authorization.inDoubtFigures()).oldestSeconds),
  );
  metrics.gauge(
    { name: 'resolver_operations', help: 'Operations that are told or asked at the channel now, by this process' },
    (gauge) => gauge.set(authorization.inDoubt().count),
  );
  metrics.gauge({ name: 'channel_link_up', help: '1 while the card network can be asked' }, (gauge) =>
    gauge.set(authorization.linkUp() ? 1 : 0),
  );
}
