import { parsePattern, RouteTable } from './routes.ts';

const message = (mti: string, processing?: string, f60?: string) => ({
  mti,
  fields: { ...(processing === undefined ? {} : { 3: processing }), ...(f60 === undefined ? {} : { 60: f60 }) },
});

describe('routing by MTI, F3, F60.1, F60.3', () => {
  const table = new RouteTable([
    { pattern: { mti: '0200' }, handler: 'any' },
    { pattern: { mti: '0200', processing: '000000' }, handler: 'purchase' },
    { pattern: { mti: '0200', processing: '000000', type: '22' }, handler: 'sale' },
    { pattern: { mti: '0820', network: '301' }, handler: 'echo' },
  ]);
  it.each([
    ['0200', '000000', '22000007000', 'sale'],
    ['0200', '000000', '20000007000', 'purchase'],
    ['0200', '310000', '01000007000', 'any'],
    ['0200', undefined, undefined, 'any'],
    ['0820', undefined, '00000007301', 'echo'],
    ['0820', undefined, '00000007002', undefined],
    ['0100', '000000', '22000007000', undefined],
  ])('%s %s %s: the most specific handler wins', (mti, processing, f60, handler) => {
    expect(table.find(message(mti, processing, f60))).toBe(handler);
  });
  it('leaves routes of other transports alone and refuses a misspelled one', () => {
    expect(parsePattern('payments.authorise')).toBeUndefined();
    expect(parsePattern('{"cmd":"x"}')).toBeUndefined();
    expect(parsePattern('{"mti":"0200","type":"22"}')).toEqual({ mti: '0200', type: '22' });
    expect(() => parsePattern('{"mti":"0200","proccessing":"000000"}')).toThrow('no ISO 8583 route');
  });
});
