import { documentsOf } from './files.ts';
import type { Manifest } from './kubernetes-types.ts';

/** What our kustomizations use of their format. */
export interface Kustomization {
  readonly resources?: readonly string[];
  readonly patches?: readonly { readonly path: string; readonly target?: { readonly kind: string } }[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly envs: readonly string[] }[];
  readonly images?: readonly { readonly name: string; readonly newTag: string }[];
}
/** What our workloads use of a container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
  }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: Record<string, unknown>;
  readonly resources: { readonly requests?: object; readonly limits?: object };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly [probe: string]: unknown;
}
/** What our workloads use of a pod. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Record<string, unknown>;
  readonly automountServiceAccountToken: boolean;
  readonly volumes: readonly { readonly name: string }[];
}
type Labels = Readonly<Record<string, string>>;

/** The manifests of a file. */
export const manifestsOf = (path: string): Manifest[] =>
  documentsOf(path).map((content) => ({
    ...{ path, content },
    apiVersion: String(content['apiVersion']),
    kind: String(content['kind']),
    name: (content['metadata'] as { readonly name: string }).name,
  }));

/** A folder's kustomization. */
export const kustomizationOf = (folder: string): Kustomization =>
  documentsOf(`${folder}/kustomization.yaml`)[0] as Kustomization;

export const specOf = <T>({ content }: Manifest): T => content['spec'] as T;
export const podOf = (workload: Manifest): PodSpec => specOf<{ template: { spec: PodSpec } }>(workload).template.spec;
export const labelsOf = (workload: Manifest): Labels =>
  specOf<{ template: { metadata: { labels: Labels } } }>(workload).template.metadata.labels;
/** Our pods have one container. */
export const containerOf = (workload: Manifest): Container => podOf(workload).containers[0] as Container;
