import { connect } from 'node:net';
import { pack } from '../codec/pack.ts';
import { unpack } from '../codec/unpack.ts';
import { writeFrame } from '../framing/frame-reader.ts';
import { connectIso } from '../framing/iso-connection.ts';
import type { IsoMessage } from '../spec/profile.ts';
import { networkProfileAscii } from '../specs/network-profile.ts';
import { unguarded } from './frame-guard.ts';
import { echoOf, type IsoReply, type IsoRequest } from './iso-request.ts';
import { Iso8583Server, type ServerEvent } from './iso-server.ts';

// Self-signed for localhost, published here, so good for nothing else.
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7IMQcqm655x2sxSW
lesARVw31fc/v6oKHx3VrYzTK3yhRANCAATg3fSQPcwOwgiNCTPH+PmGEfgZSikB
iwGNDVjqBJiqhJApKe3v/PkKKOcKtWYEvKVfFleqcoTztD+5xaC+mKkd
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUB5WefD1+Q2ip9azAC7NJpQSk0p0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE5NDE1MFoYDzIxMjYxMDMw
MTk0MTUwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATg3fSQPcwOwgiNCTPH+PmGEfgZSikBiwGNDVjqBJiqhJApKe3v/PkK
KOcKtWYEvKVfFleqcoTztD+5xaC+mKkdo28wbTAdBgNVHQ4EFgQUNy71gUVOdloK
RWSH5380ThgMAXYwHwYDVR0jBBgwFoAUNy71gUVOdloKRWSH5380ThgMAXYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAJU41NqbuMSqvj1IIPTMmP/waTmbDgmtm4kabPO7nxi7AiEA
u5782+LD3rv19G2CLdvj4nmcmMKzFTmeFeMWbKk8iRc=
-----END CERTIFICATE-----`;

const echo: IsoMessage = { mti: '0800', fields: { 7: '1123093000', 11: '000001', 32: '12300000', 70: '301' } };

describe('the network profile over TLS, without TPDU and header', () => {
  const events: ServerEvent[] = [];
  const server = new Iso8583Server({
    profile: networkProfileAscii,
    port: 0,
    envelope: 'none',
    tls: { key, cert },
    guard: unguarded(networkProfileAscii),
    limits: { handshakeMs: 300 },
    onEvent: (event) => void events.push(event),
  });
  const answer = ({ message }: IsoRequest): IsoReply => ({ fields: { ...echoOf(message, [7, 11, 32, 70]), 39: '00' } });
  let port = 0;

  beforeAll(async () => {
    server.addHandler({ mti: '0800' }, (request: IsoRequest) => Promise.resolve(answer(request)));
    port = await new Promise<number>((resolve, reject) => {
      server.listen((error, address) => (address === undefined ? reject(error as Error) : resolve(address.port)));
    });
  });
  afterAll(() => server.close());

  it('answers an echo', async () => {
    const client = await connectIso({ host: '127.0.0.1', port, tls: { ca: cert, servername: 'localhost' } });
    await client.send(writeFrame(pack(networkProfileAscii, echo)));
    const reply = unpack(networkProfileAscii, (await client.receive(5000)) as Buffer);
    expect(reply).toEqual({ mti: '0810', fields: { ...echo.fields, 39: '00' } });
    client.close();
  });

  it('is not opened by a client whose trust does not hold the certificate', async () => {
    await expect(connectIso({ host: '127.0.0.1', port, tls: { servername: 'localhost' } })).rejects.toThrow(
      'self-signed',
    );
  });

  it('gives up a handshake that stalls, and serves others meanwhile', async () => {
    const opened = events.filter(({ is }) => is === 'opened').length;
    const stalled = Array.from({ length: 20 }, () => connect({ host: '127.0.0.1', port }));
    const closed = stalled.map((socket) => {
      socket.on('error', () => undefined);
      // The first bytes of a ClientHello, and no more.
      socket.write(Buffer.from('160301', 'hex'));
      return new Promise((resolve) => socket.once('close', resolve));
    });
    const client = await connectIso({ host: '127.0.0.1', port, tls: { ca: cert, servername: 'localhost' } });
    await client.send(writeFrame(pack(networkProfileAscii, echo)));
    expect(unpack(networkProfileAscii, (await client.receive(5000)) as Buffer).fields[39]).toBe('00');
    client.close();
    await Promise.all(closed);
    expect(events.filter(({ is }) => is === 'opened')).toHaveLength(opened + 1);
  });

  it('hears nothing from a client that speaks no TLS', async () => {
    const opened = events.filter(({ is }) => is === 'opened').length;
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.write(writeFrame(pack(networkProfileAscii, echo)));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(events.filter(({ is }) => is === 'opened')).toHaveLength(opened);
  });
});
