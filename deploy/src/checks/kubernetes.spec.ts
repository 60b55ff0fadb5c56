import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { topics } from '@tillstream/messaging/published';
import { codeTexts, documentsOf, filesUnder, root, textOf } from './files.ts';
import { modelOf, unknownFields, type Manifest } from './kubernetes-types.ts';
import { containerOf, kustomizationOf, labelsOf, manifestsOf, podOf, specOf } from './manifests-of.ts';

const base = 'deploy/k8s/base';
const overlays = ['production', 'small'].map((name) => `deploy/k8s/overlays/${name}`);
const services = ['authorization', 'ledger', 'merchants', 'reporting', 'settlement', 'terminal-gateway'];
const manifests = (kustomizationOf(base).resources ?? []).flatMap((file) => manifestsOf(`${base}/${file}`));
const ofKind = (...kinds: string[]): Manifest[] => manifests.filter(({ kind }) => kinds.includes(kind));
const workloads = ofKind('Deployment', 'StatefulSet');
const settings = new Map(
  textOf(`${base}/settings.env`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const chosenBy = (selector: Readonly<Record<string, string>>): Manifest[] =>
  workloads.filter((one) => Object.entries(selector).every(([label, value]) => labelsOf(one)[label] === value));

describe('the Kubernetes manifests', () => {
  it('every kind is what its schema says', async () => {
    const wrong: string[] = [];
    for (const manifest of manifests) {
      const model = (await import(modelOf(manifest))) as Record<string, new (data: object) => { validate(): void }>;
      const Kind = model[manifest.kind];
      if (Kind === undefined) throw new Error(`there is no schema of ${manifest.apiVersion} ${manifest.kind}`);
      try {
        new Kind(manifest.content).validate();
      } catch (error) {
        wrong.push(`${manifest.path}, ${manifest.kind} ${manifest.name}: ${(error as Error).message}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(manifests.length).toBeGreaterThan(25);
  });

  it('no manifest has a field that its kind does not have', () => {
    const [first] = workloads as [Manifest];
    const mistyped = { ...first, content: { ...first.content, spec: { ...specOf<object>(first), replica: 2 } } };
    // The last one proves that the check sees a field too many.
    expect(unknownFields([...manifests, mistyped])).toEqual([expect.stringContaining('replica')]);
  });

  it('everything that a kustomization names is there, and every file is named by one', () => {
    const named = [base, ...overlays].flatMap((folder) => {
      const { resources = [], patches = [], configMapGenerator = [] } = kustomizationOf(folder);
      const files = [
        ...resources,
        ...patches.map(({ path }) => path),
        ...configMapGenerator.flatMap(({ envs }) => envs),
      ];
      return files.map((file) => posix.join(folder, file));
    });
    for (const path of named) expect([path, existsSync(new URL(path, root))]).toEqual([path, true]);
    const files = filesUnder('deploy/k8s', '.yaml').filter((path) => !path.endsWith('kustomization.yaml'));
    expect(files.filter((path) => !named.includes(path))).toEqual([]);
  });

  it('every patch of an overlay changes something that is there', () => {
    const known = manifests.map(({ kind, name }) => `${kind} ${name}`);
    for (const folder of overlays) {
      for (const { path, target } of kustomizationOf(folder).patches ?? []) {
        if (target === undefined) {
          for (const { kind, name } of manifestsOf(`${folder}/${path}`)) expect(known).toContain(`${kind} ${name}`);
          continue;
        }
        const operations = documentsOf(`${folder}/${path}`).flat() as unknown as { op: string; path: string }[];
        expect([ofKind(target.kind).length > 0, operations.length > 0]).toEqual([true, true]);
        for (const { op, path: pointer } of operations) {
          const steps = pointer.split('/').slice(1);
          const needed = op === 'add' ? steps.slice(0, -1) : steps;
          for (const { content } of ofKind(target.kind)) {
            const at = needed.reduce<unknown>((found, step) => (found as Record<string, unknown>)?.[step], content);
            expect([pointer, at === undefined]).toEqual([pointer, false]);
          }
        }
      }
    }
  });

  it('every service runs, and its image has a fixed tag', () => {
    expect(workloads.map(({ name }) => name).sort()).toEqual(services);
    const tags = new Map((kustomizationOf(base).images ?? []).map(({ name, newTag }) => [name, newTag]));
    for (const workload of workloads) {
      expect(containerOf(workload).image).toBe(`tillstream/${workload.name}`);
      expect(tags.get(`tillstream/${workload.name}`)).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('a gateway keeps its name, under which it holds a partition of replies, and every instance is told its own', () => {
    expect(workloads.find(({ name }) => name === 'terminal-gateway')?.kind).toBe('StatefulSet');
    // No more of them than there are partitions of replies.
    const scaler = ofKind('HorizontalPodAutoscaler').find(({ name }) => name === 'terminal-gateway') as Manifest;
    expect(specOf<{ maxReplicas: number }>(scaler).maxReplicas).toBeLessThanOrEqual(topics.replies.partitions);
    const instance = { name: 'TILLSTREAM_INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
    for (const workload of workloads) expect(containerOf(workload).env).toContainEqual(instance);
  });

  it('no process is root, writes its file system, keeps a capability or asks the API server', () => {
    for (const workload of workloads) {
      const { automountServiceAccountToken, securityContext, containers } = podOf(workload);
      expect(automountServiceAccountToken).toBe(false);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(containers.map((container) => container.securityContext)).toEqual([
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ]);
    }
  });

  it('every process is probed and bounded, and has longer to stop than all steps of its stop together', () => {
    // Deadlines of the steps in their order (Lifecycle): intake 11; commands, work, feeds 10 each; HTTP 15; store, database 10 each.
    const stopSeconds = 11 + 3 * 10 + 15 + 2 * 10;
    const amounts = { cpu: expect.any(String) as string, memory: expect.any(String) as string };
    for (const workload of workloads) {
      const container = containerOf(workload);
      expect(container['startupProbe']).toMatchObject({ httpGet: { path: '/health', port: 'http' } });
      expect(container['livenessProbe']).toMatchObject({ httpGet: { path: '/health', port: 'http' } });
      expect(container['readinessProbe']).toMatchObject({ httpGet: { path: '/ready', port: 'http' } });
      expect(container.resources).toEqual({ requests: amounts, limits: amounts });
      const { seconds } = container.lifecycle.preStop.sleep;
      expect(podOf(workload).terminationGracePeriodSeconds).toBeGreaterThan(stopSeconds + seconds);
    }
  });

  it('every service has a disruption budget and at most one autoscaler, of something that is there', () => {
    expect(
      ofKind('PodDisruptionBudget')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(services);
    const known = workloads.map(({ kind, name }) => `${kind} ${name}`);
    const scaled = ofKind('HorizontalPodAutoscaler', 'ScaledObject').map((one) => {
      const { kind, name } = specOf<{ scaleTargetRef: { kind: string; name: string } }>(one).scaleTargetRef;
      return `${kind} ${name}`;
    });
    for (const target of scaled) expect(known).toContain(target);
    expect(new Set(scaled).size).toBe(scaled.length);
    // What takes in facts scales by how far it is behind.
    expect(
      ofKind('ScaledObject')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['ledger', 'reporting']);
  });

  it('every selector chooses pods that there are, and every port that is named is one of theirs', () => {
    for (const service of ofKind('Service')) {
      const { selector, ports } = specOf<{
        selector: Record<string, string>;
        ports: { targetPort: string; port: number }[];
      }>(service);
      const [pod] = chosenBy(selector);
      for (const { targetPort, port } of ports)
        expect(pod && containerOf(pod).ports).toContainEqual({ name: targetPort, containerPort: port });
    }
    type Chosen = { matchLabels?: Record<string, string> };
    for (const one of ofKind('NetworkPolicy', 'PodDisruptionBudget')) {
      const { podSelector, selector } = specOf<{ podSelector?: Chosen; selector?: Chosen }>(one);
      expect([one.name, chosenBy((podSelector ?? selector)?.matchLabels ?? {}).length > 0]).toEqual([one.name, true]);
    }
    for (const workload of workloads) {
      const { matchLabels } = specOf<{ selector: { matchLabels: Record<string, string> } }>(workload).selector;
      expect(chosenBy(matchLabels)).toEqual([workload]);
    }
  });

  it('nothing is reached unless a policy says so, terminals alone come from anywhere, and only to ports that are served', () => {
    const policies = ofKind('NetworkPolicy');
    const closed = policies.find(({ name }) => name === 'nobody-to-nobody') as Manifest;
    expect(specOf(closed)).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const open = policies.filter(({ content }) => JSON.stringify(content).includes('0.0.0.0/0'));
    expect(open.map(({ name }) => name)).toEqual(['terminals']);
    const served = workloads.flatMap((one) => containerOf(one).ports.map(({ containerPort }) => containerPort));
    for (const policy of policies) {
      const { ingress = [] } = specOf<{ ingress?: { ports: { port: number }[] }[] }>(policy);
      for (const { port } of ingress.flatMap(({ ports }) => ports)) expect(served).toContain(port);
    }
  });

  it('every setting is one that the code reads; what is secret is named and never given', () => {
    const texts = codeTexts();
    const given = workloads.flatMap((workload) => containerOf(workload).env);
    const names = new Set([...settings.keys(), ...given.map(({ name }) => name)]);
    names.delete('NODE_OPTIONS');
    expect([...names].filter((name) => !texts.has(name))).toEqual([]);
    const secret = /SECRET|TOKEN|PASSWORD|USERNAME|MASTER_KEY|^DATABASE_URL$|^EVENT_STORE_URL$/;
    for (const { name, value, valueFrom } of given)
      expect([name, valueFrom?.secretKeyRef !== undefined && value === undefined]).toEqual([name, secret.test(name)]);
    for (const name of settings.keys()) expect(name).not.toMatch(secret);
    expect(ofKind('Secret')).toEqual([]);
  });

  it('the ports and files that a process is told are those that its container has', () => {
    for (const workload of workloads) {
      const { env, ports, volumeMounts, envFrom } = containerOf(workload);
      expect(envFrom).toEqual([{ configMapRef: { name: kustomizationOf(base).configMapGenerator?.[0]?.name } }]);
      const told = new Map([...settings, ...env.map(({ name, value }) => [name, value ?? ''] as const)]);
      expect(ports).toContainEqual({ name: 'http', containerPort: Number(told.get('TILLSTREAM_HTTP_PORT')) });
      const terminals = told.get('TILLSTREAM_TERMINAL_PORT');
      if (terminals !== undefined)
        expect(ports).toContainEqual({ name: 'terminals', containerPort: Number(terminals) });
      for (const path of [...told.values()].filter((value) => value.startsWith('/run/')))
        expect(volumeMounts.some(({ mountPath, readOnly }) => readOnly && path.startsWith(`${mountPath}/`))).toBe(true);
      const volumes = podOf(workload).volumes.map(({ name }) => name);
      expect(volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.sort());
    }
  });
});
