import { clusterId } from './jvm-broker.ts';

describe('the id of a local cluster', () => {
  it('is 22 characters of base64url and never looks like an option', () => {
    for (let first = 0; first < 256; first += 1)
      expect(clusterId(Buffer.from([first, ...Buffer.alloc(15, first)]))).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  });
});
