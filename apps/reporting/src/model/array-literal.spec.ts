import { arrayLiteral } from './array-literal.ts';

describe('an array literal', () => {
  it('quotes texts that would read as something else', () => {
    expect(arrayLiteral(['a-1', '', 'null', 'NULL', 'a,b', '{x}', 'say "hi"', 'back\\slash', '商户'])).toBe(
      '{a-1,"","null","NULL","a,b","{x}","say \\"hi\\"","back\\\\slash","商户"}',
    );
  });
  it('says NULL for nothing, and keeps an empty list empty', () => {
    expect(arrayLiteral([null, undefined, 'x'])).toBe('{NULL,NULL,x}');
    expect(arrayLiteral([])).toBe('{}');
  });
  it('writes numbers bare and JSON quoted', () => {
    expect(arrayLiteral([1, -2, null], 'bigint')).toBe('{1,-2,NULL}');
    expect(arrayLiteral([{ a: 'b' }, null], 'jsonb')).toBe('{"{\\"a\\":\\"b\\"}",NULL}');
  });
});
