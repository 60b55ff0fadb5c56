import { DockerfileParser, type From } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { codeTexts, textOf } from './files.ts';

const text = textOf('deploy/Dockerfile');
const dockerfile = DockerfileParser.parse(text);
const lines = text.split('\n');
const instructions = dockerfile.getInstructions().map((one) => {
  const { start, end } = one.getRange();
  const keyword = one.getKeyword();
  const written = lines.slice(start.line, end.line + 1).join('\n');
  return { keyword, content: written.slice(keyword.length).trim() };
});
const lastFrom = instructions.findLastIndex(({ keyword }) => keyword === 'FROM');
const last = instructions.slice(lastFrom);
const inLast = (keyword: string): string[] =>
  last.filter((one) => one.keyword === keyword).map(({ content }) => content);

describe('deploy/Dockerfile', () => {
  it('has no fault that a linter knows', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  it('every stage builds on the Node that the project pins, or on a stage before it', () => {
    const pinned = textOf('.node-version').trim().replace(/^v/, '');
    const stages = new Set<string>();
    for (const from of dockerfile.getFROMs() as From[]) {
      const image = from.getImage() ?? '';
      expect([image, stages.has(image) || image === `node:${pinned}-bookworm-slim`]).toEqual([image, true]);
      const stage = from.getBuildStage();
      if (stage !== null) stages.add(stage);
    }
    expect(text).not.toMatch(/:latest/);
  });

  it('the app is an argument of every stage that asks for it', () => {
    const asking = text
      .split(/^FROM /m)
      .slice(1)
      .filter((stage) => stage.includes('${APP}') || stage.includes('$APP'));
    for (const stage of asking) expect(stage).toMatch(/^ARG APP$/m);
    expect(asking.length).toBeGreaterThan(1);
  });

  it('the image runs as nobody who may write it, and says when it is healthy', () => {
    expect(inLast('USER')).toEqual([expect.stringMatching(/^[1-9]\d{3,}:[1-9]\d{3,}$/)]);
    const user = last.findIndex(({ keyword }) => keyword === 'USER');
    expect(last.slice(user).map(({ keyword }) => keyword)).not.toEqual(expect.arrayContaining(['RUN', 'COPY', 'ADD']));
    expect(inLast('COPY')).toEqual([
      expect.stringMatching(/--chown=root:root \/tillstream \.\/$/),
      expect.stringMatching(/--chown=10001:10001 \/data \/data$/),
    ]);
    expect(inLast('HEALTHCHECK')).toEqual([expect.stringContaining('/health')]);
    expect(inLast('ENTRYPOINT')).toEqual([expect.stringMatching(/ulimit -c 0; exec node/)]);
  });

  it('stays small: the last stage takes one stage’s files, without development dependencies and optional ones', () => {
    expect(inLast('RUN')).toEqual([]);
    for (const copied of inLast('COPY')) expect(copied).toContain('--from=dependencies');
    const installs = instructions.filter(({ keyword, content }) => keyword === 'RUN' && content.includes('npm ci'));
    expect(installs.map(({ content }) => content.includes('--omit=dev --omit=optional'))).toEqual([false, true]);
    expect(installs.at(-1)?.content).toContain('--workspace="apps/${APP}"');
  });

  it('takes in nothing but manifests and sources: no secret, no history, no build of this machine', () => {
    const ignored = textOf('.dockerignore').split('\n');
    expect(ignored[0]).toBe('**');
    expect(ignored).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '**/.env']));
    expect(ignored.filter((line) => line.startsWith('!')).sort()).toEqual(
      [
        '!package.json',
        '!package-lock.json',
        '!.npmrc',
        '!nx.json',
        '!tsconfig.base.json',
        '!apps',
        '!libs',
        '!deploy/package.json',
      ].sort(),
    );
  });

  it('every setting that it gives is one that the code reads, and the port is the one it exposes', () => {
    const env = inLast('ENV').join(' ');
    const names = [...env.matchAll(/(\w+)=/g)].map(([, name = '']) => name);
    const texts = new Set([...codeTexts(), 'NODE_ENV', 'APP']);
    expect(names.filter((name) => !texts.has(name))).toEqual([]);
    expect(inLast('EXPOSE')).toEqual([/TILLSTREAM_HTTP_PORT=(\d+)/.exec(env)?.[1]]);
  });
});
