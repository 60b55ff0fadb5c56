import fc from 'fast-check';
import { check, checkReply } from '../check.ts';
import { IsoError } from '../iso-error.ts';
import { mask } from '../mask.ts';
import { networkProfileAscii, networkProfileBcd } from '../specs/network-profile.ts';
import { terminalProfile } from '../specs/terminal-profile.ts';
import { exampleFrames } from '../docs/worked-example.ts';
import { FrameReader, writeFrame } from '../framing/frame-reader.ts';
import { openEnvelope } from '../framing/envelope.ts';
import { parseTlv, formatTlv } from '../fields/tlv.ts';
import type { CompiledField, IsoMessage, Profile } from '../spec/profile.ts';
import { pack } from './pack.ts';
import { peek } from './peek.ts';
import { unpack } from './unpack.ts';

const DIGITS = [...'0123456789'];
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz '];
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const ALPHABET = {
  n: DIGITS,
  an: [...DIGITS, ...LETTERS],
  ans: PRINTABLE,
  text: PRINTABLE,
  z: [...DIGITS, '='],
} as const;

function valueOf(field: CompiledField): fc.Arbitrary<string | Buffer> {
  const size = { minLength: field.prefix === 0 ? field.size : 1, maxLength: field.size };
  if (field.format === 'b') return fc.uint8Array(size).map((bytes) => Buffer.from(bytes));
  return fc.string({ unit: fc.constantFrom(...ALPHABET[field.format]), ...size, size: 'max' });
}

function messageOf(profile: Profile): fc.Arbitrary<IsoMessage> {
  const fields = Object.fromEntries(
    profile.compiled.flatMap((field) => (field === undefined ? [] : [[field.number, valueOf(field)] as const])),
  );
  return fc.record({
    mti: fc.string({ unit: fc.constantFrom(...DIGITS), minLength: 4, maxLength: 4 }),
    fields: fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<IsoMessage['fields']>,
  });
}

/** Runs the work; anything thrown but an IsoError is a defect. */
function onlyIsoErrors(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
  }
}

const runs = { numRuns: 300 };

describe.each([terminalProfile, networkProfileAscii, networkProfileBcd] as Profile[])('$name profile', (profile) => {
  it('reads back every legal message', () => {
    fc.assert(
      fc.property(messageOf(profile), (message) => {
        const bytes = pack(profile, message);
        expect(unpack(profile, bytes)).toEqual(message);
        expect(peek(profile, bytes).f41).toBe(message.fields[41]);
      }),
      runs,
    );
  });

  it('has one way to write a message: what it reads, it writes alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
        const bytes = Buffer.from(noise);
        onlyIsoErrors(() => expect(pack(profile, unpack(profile, bytes))).toEqual(bytes));
        onlyIsoErrors(() => peek(profile, bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('mutated frames of the page', () => {
  const bodies = exampleFrames().map(({ frame }) => frame.subarray(2));
  const edit = fc.record({
    at: fc.nat(400),
    value: fc.nat(255),
    kind: fc.constantFrom('set', 'cut', 'insert', 'drop'),
  });

  function mutate(body: Buffer, edits: readonly { at: number; value: number; kind: string }[]): Buffer {
    return edits.reduce((bytes, { at, value, kind }) => {
      const place = at % Math.max(bytes.length, 1);
      if (kind === 'cut') return bytes.subarray(0, place);
      if (kind === 'insert') return Buffer.concat([bytes.subarray(0, place), Buffer.of(value), bytes.subarray(place)]);
      if (kind === 'drop') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)]);
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[place] = value;
      return copy;
    }, body);
  }

  it('are read, or refused with an IsoError, and are masked in either case', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.array(edit, { minLength: 1, maxLength: 4 }), (body, edits) => {
        onlyIsoErrors(() => {
          const { message } = openEnvelope(mutate(body, edits));
          const read = unpack(terminalProfile, message) as IsoMessage;
          mask(terminalProfile, read);
          onlyIsoErrors(() => check(terminalProfile, read));
          for (const spec of terminalProfile.messages) onlyIsoErrors(() => checkReply(terminalProfile, spec, read));
        });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('streams', () => {
  it('give the same frames however they are cut', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map((body) => writeFrame(Buffer.from(body))));
        const reader = new FrameReader();
        const seen: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n += 1) {
          const size = cuts[n % cuts.length] as number;
          reader.push(stream.subarray(at, at + size));
          at += size;
          for (let frame = reader.next(); frame !== undefined; frame = reader.next()) seen.push(frame);
        }
        expect(seen.map((frame) => frame.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body).toString('hex')),
        );
        expect(reader.pendingBytes).toBe(0);
      }),
      runs,
    );
  });
});

describe('TLV', () => {
  it('has one way to write what it reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        const bytes = Buffer.from(noise);
        onlyIsoErrors(() => expect(formatTlv(parseTlv(bytes))).toEqual(bytes));
      }),
      { numRuns: 3000 },
    );
  });
});
