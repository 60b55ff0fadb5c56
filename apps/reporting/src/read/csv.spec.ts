import { csvOf } from './csv.ts';

const lineOf = (...cells: (string | number | null)[]): string => csvOf(['a'], [cells]).split('\r\n')[1] ?? '';

describe('CSV', () => {
  it('never lets a text begin a formula in a spreadsheet', () => {
    expect(lineOf('=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx', ' =1')).toBe("'=1+1,'+cmd,'-2+3,'@SUM(A1),'\tx,' =1");
  });
  it('leaves amounts as numbers, also negative ones', () => {
    expect(lineOf('-397.60', 5, '0.00')).toBe('-397.60,5,0.00');
  });
  it('quotes what would end a cell and doubles quotes', () => {
    expect(lineOf('a,b', 'say "hi"', 'two\nlines')).toBe('"a,b","say ""hi""","two\nlines"');
  });
  it('begins with a byte order mark and ends every line', () => {
    expect(csvOf(['商户'], [[null]])).toBe('\ufeff商户\r\n\r\n');
  });
});
