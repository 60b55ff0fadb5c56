import { DEMANDS } from '../framing/envelope.ts';
import { checkValue, EXAMPLE_KEYS, pinBlock, tripleDes, type ExampleFrame, type MacSteps } from './worked-example.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();

/** Bytes on the line. */
export function framingChapter(): string {
  const demands = Object.entries(DEMANDS)
    .map(([word, digit]) => `${digit} ${word.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(', ');
  return `## 1 Connection and frame

TCP, or TLS when the host says so. One connection carries any number of exchanges. Send the next request after the answer
to the last one, or after its timer has run out; the host works on one request per connection at a time.

\`\`\`
LEN (2 bytes) | TPDU (5) | HEADER (6) | MTI (2) | BITMAP (8) | fields in ascending order
\`\`\`

- LEN: unsigned, big-endian, number of bytes after LEN. Zero or more than 2,048 ends the connection.
- TPDU: \`60\`, destination (2 bytes), source (2 bytes); a terminal sends \`6000030000\`. The reply has destination and source exchanged.
- HEADER: 12 digits in 6 bytes: application (2: 60 magnetic, 61 chip), software major version (2), terminal status (1: 0),
  processing demand (1: 0 from a terminal), software minor version (6). In a reply the processing demand says what the host wants:
  ${demands}.
- MTI: 4 digits in 2 bytes.
- BITMAP: bit n, counted from 1 at the most significant bit of the first byte, is 1 when field n is present. Bit 1 is always 0: there is one bitmap.
- No byte may follow the last field. A field with bit 1 in the bitmap is never empty.

What the host cannot read up to the bitmap is not answered. What is readable but breaks a rule below is answered with F39 = 30.`;
}

/** How values become bytes. */
export function encodingChapter(): string {
  return `## 2 Encodings

| Format | Content | Bytes |
|---|---|---|
| n | digits | two digits a byte, first digit in the high nibble |
| z | track data: digits and the separator \`=\` | as n, the separator is nibble D |
| an | letters, digits, space | ASCII, one byte each |
| ans | printable ASCII (20 to 7E) | ASCII, one byte each |
| ans, GBK | printable ASCII and Chinese | one byte each, Chinese two (GBK); sizes are in bytes |
| b | bytes | as they are; sizes are in bytes |

- A fixed field has exactly its length in digits, characters or bytes, without a prefix.
- LLVAR: before the value one byte with two digits of length; LLLVAR: two bytes with \`0\` and three digits of length.
  The length counts digits (n, z), characters (an, ans) or bytes (b), never the packed bytes: 19 digits of F2 have length \`19\` and take 10 bytes.
- An odd number of digits in n and z is filled with a zero nibble to whole bytes: on the right (F22 \`021\` → \`02 10\`),
  in F23 on the left (\`001\` → \`00 01\`). The zero nibble is not counted, and a filling other than zero is refused.
- Amounts are in fen, without a point, zeros on the left. Currency is always 156.`;
}

/** Keys and sign-in. */
export function keyChapter(): string {
  const { tmk, pik, mak } = EXAMPLE_KEYS;
  return `## 6 Keys and sign-in

Every terminal has a master key, TMK (16 bytes, two DES keys), injected when it is registered. At sign-in the host makes new
working keys and delivers them under the TMK. Sign in at start, at least daily, when F39 is A0, 97 (after registration), 99 or 77, and when a reply's header
demands it (3).

Request: 0800 with F60 = \`00\` + any batch + \`003\` (TDES) and F63 = operator (three digits). It carries no MAC. Reply: F12, F13 the host's time and date; F60.2 the
batch number to use from now on; F62 the keys. F62 by F60.3 of the request, lengths in bytes:

| F60.3 | F62 | Size |
|---|---|---|
| 001 | PIK 8, KCV 4, MAK 8, KCV 4 (single DES keys) | 24 |
| 003 | PIK 16, KCV 4, MAK 16, KCV 4 | 40 |
| 004 | PIK 16, KCV 4, MAK 16, KCV 4, TDK 16, KCV 4 | 60 |
| 005 | PIK 16, KCV 4, MAK 16, KCV 4 (SM4 keys under an SM4 TMK) | 40 |

Each key is encrypted by itself under the TMK: TDES (encrypt with TMK bytes 1-8, decrypt with 9-16, encrypt with 1-8) in ECB
mode, eight bytes at a time, no padding; the terminal decrypts it likewise. KCV: the first four bytes of eight zero bytes encrypted under the *clear* delivered key, all of its
bytes (8: DES, 16: TDES). Compare every KCV; if one differs, use none of the keys and sign in again.

Example: TMK \`${hex(tmk)}\`

| Key | Clear | In F62 | KCV |
|---|---|---|---|
| PIK | \`${hex(pik)}\` | \`${hex(tripleDes(tmk, pik))}\` | \`${hex(checkValue(pik))}\` |
| MAK | \`${hex(mak)}\` | \`${hex(tripleDes(tmk, mak))}\` | \`${hex(checkValue(mak))}\` |

New keys become current with the first message whose MAC verifies under them; the keys before them end 60 s later. The same
0800 sent again (same STAN) gets the same keys; another STAN gets others, and the latest delivered set is the one to use.`;
}

/** How F64 is computed. */
export function macChapter(steps: MacSteps): string {
  return `## 7 MAC (F64)

0100, 0200, 0220, 0400, 0620 must carry F64, and so do their replies. In 0800, 0820, 0500, 0320 it may be left out; a wrong one is refused
(A0) everywhere. Replies with F39 = A0 or 97, and 30 or 77 when the host has no key of the terminal, have no F64. A terminal takes any other reply
to a message with F64, whose own F64 is missing or wrong, as no reply: it reverses (F39 of the 0400 is A0).

1. The MAC block is every byte from the MTI to the last field before F64, bitmap included, with bit 64 set. LEN, TPDU and HEADER are outside.
2. Fill it with zero bytes to a multiple of 8 and XOR all blocks of 8 bytes into one block of 8.
3. Write that block as 16 ASCII characters, hex in capital letters.
4. Encrypt the first 8 characters under the MAK. With a 16-byte MAK that is TDES under all of it, unless the terminal is registered as
   "single8", when only MAK bytes 1-8 are used as a single DES key. An 8-byte MAK is a single DES key.
5. XOR the result with the last 8 characters, and encrypt that the same way.
6. Write the result as 16 hex characters, capitals; F64 is the first 8 of them, as 8 ASCII bytes.

With SM4 keys (005) blocks have 16 bytes, so step 3 gives 32 characters, halves of 16, and SM4 takes the place of DES; F64 is again the first 8 characters.

Example, the sale of section 13 under the MAK of section 6:

| Step | Value |
|---|---|
| MAC block (${steps.mab.length} bytes) | \`${hex(steps.mab)}\` |
| XOR of all blocks | \`${hex(steps.folded)}\` |
| As text | \`${steps.hex}\` |
| First half encrypted | \`${hex(steps.first)}\` |
| XOR last half | \`${hex(steps.mixed)}\` |
| Encrypted | \`${hex(steps.second)}\` |
| F64 | \`${hex(steps.mac)}\` = "${steps.mac.toString('latin1')}" |`;
}

/** How F52 is made. */
export function pinChapter(): string {
  const { pin, pan, pinField, panField, clear, encrypted } = pinBlock();
  return `## 8 PIN (F52)

Format 0 of ISO 9564-1. PIN field: \`0\`, number of digits, the PIN, filled with F to 16 hex digits. Card field: \`0000\` and the last 12 digits of the card number
without its check digit. XOR both, encrypt under the PIK: TDES in ECB mode (single DES with an 8-byte PIK). With F52 send F26 = 06, F53 = \`2600000000000000\` (\`2000000000000000\` with single DES
keys), and F22 ending in 1. Without a PIN leave out F26, F52 and F53; F22 ends in 2.

Example: PIN ${pin}, card ${pan}, PIK of section 6: \`${pinField}\` XOR \`${panField}\` = \`${hex(clear)}\`, F52 = \`${hex(encrypted)}\`.`;
}

/** The example frames in hex. */
export function exampleChapter(frames: readonly ExampleFrame[]): string {
  const parts = frames.map(({ title, message, frame }) => {
    const rows = Object.entries(message.fields).map(
      ([number, value]) => `| F${number} | \`${Buffer.isBuffer(value) ? hex(value) : value}\` |`,
    );
    return [
      `### ${title} (${message.mti})`,
      '',
      '| Field | Value |',
      '|---|---|',
      ...rows,
      '',
      '```',
      hex(frame),
      '```',
    ].join('\n');
  });
  return [
    '## 13 Examples, byte for byte',
    '',
    'Frames from LEN on. Keys are those of section 6.',
    '',
    ...parts.flatMap((part) => [part, '']),
  ]
    .join('\n')
    .trimEnd();
}
