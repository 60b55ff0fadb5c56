import { IsoError } from '../iso-error.ts';
import { formatHeader, openEnvelope, parseHeader, replyTpdu, sealEnvelope, terminalTpdu } from './envelope.ts';
import { FrameReader, writeFrame } from './frame-reader.ts';

const header = { application: '61', softwareMajor: '31', terminalStatus: '0', demand: '3', softwareMinor: '000001' };

describe('frames', () => {
  it('have their length in front, big-endian, without itself', () => {
    expect(writeFrame(Buffer.alloc(258, 1)).subarray(0, 3).toString('hex')).toBe('010201');
  });
  it('come out whole, and wait when a byte is missing', () => {
    const reader = new FrameReader();
    reader.push(Buffer.from('0002AABB0001', 'hex'));
    expect(reader.next()?.toString('hex')).toBe('aabb');
    expect(reader.next()).toBeUndefined();
    expect(reader.pendingBytes).toBe(2);
    reader.push(Buffer.from('CC', 'hex'));
    expect(reader.next()?.toString('hex')).toBe('cc');
    expect(reader.pendingBytes).toBe(0);
  });
  it('of length zero or above the limit are refused as soon as the length is known', () => {
    const zero = new FrameReader();
    zero.push(Buffer.of(0, 0));
    expect(() => zero.next()).toThrow('LEN: length 0; expected 1 to 2048');
    const large = new FrameReader({ maxFrameBytes: 16 });
    large.push(Buffer.of(0, 17));
    expect(() => large.next()).toThrow('LEN: length 17; expected 1 to 16');
  });
  it('may be as large as 65,535 bytes when configured, never larger or empty', () => {
    const reader = new FrameReader({ maxFrameBytes: 65_535 });
    reader.push(writeFrame(Buffer.alloc(65_535)));
    expect(reader.next()).toHaveLength(65_535);
    expect(() => new FrameReader({ maxFrameBytes: 65_536 })).toThrow(RangeError);
    expect(() => writeFrame(Buffer.alloc(65_536))).toThrow(IsoError);
    expect(() => writeFrame(Buffer.alloc(0))).toThrow(IsoError);
  });
});

describe('the envelope', () => {
  const frame = sealEnvelope({ tpdu: terminalTpdu(), header }, Buffer.from('0800', 'hex'));
  it('is TPDU, header, message', () =>
    expect(frame.toString('hex')).toBe('000d' + '6000030000' + '613103000001' + '0800'));
  it('opens to what was sealed', () => {
    const { tpdu, header: read, message } = openEnvelope(frame.subarray(2));
    expect([tpdu.toString('hex'), read, message.toString('hex')]).toEqual(['6000030000', header, '0800']);
  });
  it('exchanges destination and source for the reply', () => {
    expect(replyTpdu(terminalTpdu('0003', '1234')).toString('hex')).toBe('6012340003');
  });
  it.each([
    ['too short a frame', () => openEnvelope(Buffer.alloc(11, 0x60)), 'frame'],
    ['another TPDU id', () => openEnvelope(Buffer.concat([Buffer.of(0x61), frame.subarray(3)])), 'TPDU'],
    ['a header that is not digits', () => parseHeader(Buffer.from('6131030000AA', 'hex')), 'HEADER'],
    ['a header of another size', () => parseHeader(Buffer.alloc(5)), 'HEADER'],
    ['header pieces of another size', () => formatHeader({ ...header, demand: '' }), 'HEADER'],
    ['a TPDU of another size', () => sealEnvelope({ tpdu: Buffer.alloc(4), header }, Buffer.alloc(2)), 'TPDU'],
    ['an address that is not hex', () => terminalTpdu('00G3'), 'TPDU'],
    ['an empty message', () => sealEnvelope({ tpdu: terminalTpdu(), header }, Buffer.alloc(0)), 'LEN'],
  ])('refuses %s', (_what, work, path) => {
    expect(work).toThrow(expect.objectContaining({ path }) as Error);
  });
});
