import { legalSizes } from '../fields/layout.ts';
import { responseCodes } from '../response-codes.ts';
import type { FieldSpec, LayoutSpec } from '../spec/field-spec.ts';
import type { MessageSpec } from '../spec/message-spec.ts';
import type { Profile } from '../spec/profile.ts';

const FORMATS = { n: 'n', an: 'an', ans: 'ans', text: 'ans, GBK', z: 'z', b: 'b' } as const;

function lengthText({ length }: FieldSpec): string {
  if (length.is === 'fixed') return `${length.size}`;
  return `${length.is === 'llvar' ? 'LLVAR' : 'LLLVAR'} ..${length.max}`;
}

/** A table of every field: number, name, format, length, padding. */
export function fieldTable(profile: Profile): string {
  const rows = profile.compiled.flatMap((field) => {
    if (field === undefined) return [];
    const { spec } = field;
    const isOdd = spec.length.is === 'fixed' ? spec.length.size % 2 === 1 : true;
    const packed = spec.format === 'n' || spec.format === 'z';
    const pad = packed && isOdd ? (spec.pad === 'left' ? 'left' : 'right') : '';
    return [
      `| F${field.number} | ${spec.zh} | ${spec.en} | ${FORMATS[spec.format]} | ${lengthText(spec)} | ${pad} | ${spec.note ?? ''} |`,
    ];
  });
  return [
    '| Field | 名称 | Name | Format | Length | Zero nibble if odd | Note |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** A table of the pieces of a field. */
export function layoutTable(layout: LayoutSpec): string {
  const rows = layout.parts.map(
    (part, index) =>
      `| ${part.id} | ${part.zh} | ${part.en} | ${part.format} ${part.size} | ${index < layout.required ? 'yes' : 'no'} |`,
  );
  const sizes = legalSizes(layout).join(', ');
  return [
    '| Piece | 名称 | Name | Format | Always there |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Legal sizes of the field: ${sizes}.`,
  ].join('\n');
}

/** One line per message: how it is told from others. */
export function messageTable(profile: Profile): string {
  const rows = profile.messages.map((spec) => {
    const { processing, type, network, scan } = spec.match;
    const cells = [
      `${spec.zh} ${spec.en}`,
      `${spec.mti.join('/')} → ${spec.replyMti}`,
      processing?.join(' ') ?? '–',
      type?.join(' ') ?? '–',
      network?.join(' ') ?? '–',
      scan === undefined ? '–' : scan ? 'present' : 'absent',
      spec.mac === 'required' ? 'yes' : 'may',
      { reverse: '0400', resend: 'send again', nothing: '–' }[spec.unanswered],
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| Message | MTI | F3 | F60.1 | F60.3 | F59 | F64 in the request | If no answer comes |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Presence of fields in one message and its reply. */
export function presence(spec: MessageSpec): string {
  const list = (numbers: readonly number[]): string =>
    numbers.length === 0 ? '–' : numbers.map((n) => `F${n}`).join(' ');
  const oneOf = (spec.request.oneOf ?? []).map((group) => `at least one of ${list(group)}`).join('; ');
  return [
    `### ${spec.zh} ${spec.en} (\`${spec.id}\`, ${spec.mti.join('/')} → ${spec.replyMti})`,
    '',
    ...(spec.note === undefined ? [] : [spec.note, '']),
    `- Request, mandatory: ${list(spec.request.mandatory)}${oneOf === '' ? '' : `; ${oneOf}`}`,
    `- Request, optional: ${list(spec.request.optional)}`,
    `- Reply, always: ${list(spec.reply.always)}`,
    `- Reply, when F39 is a success, also: ${list(spec.reply.approved.filter((n) => !spec.reply.always.includes(n)))}`,
    `- Reply, optional: ${list(spec.reply.optional)}`,
  ].join('\n');
}

/** F39 with text, class and meaning. */
export function responseTable(): string {
  const rows = Object.entries(responseCodes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { zh, en, class: of }]) => `| ${code} | ${zh} | ${en} | ${of} |`);
  return ['| F39 | 显示 | Meaning | Class |', '|---|---|---|---|', ...rows].join('\n');
}
