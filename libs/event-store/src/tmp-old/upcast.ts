import type { RecordContent } from './record.ts';

/** Gives the data of version n + 1 from the data of version n. */
export type Upcaster = (data: unknown) => unknown;

/** What the running code knows about versions of facts (design 4). */
export interface FactVersions {
  /** Newest version per type; by default one more than the type's last upcaster, and 1 for a type without any. */
  readonly newest?: Readonly<Record<string, number>>;
  /** Per type, the step from each older version. */
  readonly upcasts?: Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;
}

/** A fact was written by newer code, or a step from an older version is missing: reading stops before anything is made of it. */
export class UnknownFactVersion extends Error {
  override readonly name = 'UnknownFactVersion';
  readonly type: string;
  readonly version: number;

  constructor(type: string, version: number, newest: number, stream: string, revision: number) {
    const why =
      version > newest
        ? `this program knows versions up to ${newest}; run a newer one`
        : `the step from version ${version} is missing`;
    super(`${stream}, revision ${revision}: ${type} version ${version}: ${why}`);
    this.type = type;
    this.version = version;
  }
}

/** Makes the function that brings a record's data to the newest version, one step at a time. */
export function upcasting(versions: FactVersions): (content: RecordContent) => RecordContent {
  const newestOf = (type: string): number => {
    const steps = Object.keys(versions.upcasts?.[type] ?? {}).map(Number);
    return versions.newest?.[type] ?? Math.max(0, ...steps) + 1;
  };
  const known = new Map<string, number>();
  return (content) => {
    const { type } = content;
    let newest = known.get(type);
    if (newest === undefined) known.set(type, (newest = newestOf(type)));
    if (content.version === newest) return content;
    let { version, data } = content;
    while (version < newest) {
      const step = versions.upcasts?.[type]?.[version];
      if (step === undefined) break;
      data = step(data);
      version += 1;
    }
    if (version !== newest) throw new UnknownFactVersion(type, version, newest, content.stream, content.revision);
    return { ...content, version, data };
  };
}
