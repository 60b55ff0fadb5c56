import { fen, type Fen } from './fen.ts';

type Numerals = { digits: string; ten: string; hundred: string; thousand: string };

const FINANCIAL: Numerals = { digits: '零壹贰叁肆伍陆柒捌玖', ten: '拾', hundred: '佰', thousand: '仟' };
const EVERYDAY: Numerals = { digits: '零一二三四五六七八九', ten: '十', hundred: '百', thousand: '千' };

/** 1 to 9999; zeros inside become one 零, zeros at the end vanish. */
function belowTenThousand(value: number, numerals: Numerals): string {
  const places: [number, string][] = [
    [1000, numerals.thousand],
    [100, numerals.hundred],
    [10, numerals.ten],
    [1, ''],
  ];
  let text = '';
  let zeroPending = false;
  for (const [size, unit] of places) {
    const digit = Math.floor(value / size) % 10;
    if (digit === 0) {
      zeroPending = text !== '';
      continue;
    }
    text += (zeroPending ? numerals.digits.charAt(0) : '') + numerals.digits.charAt(digit) + unit;
    zeroPending = false;
  }
  return text;
}

/** A positive integer; 零 joins two groups only where the lower one does not fill its highest place. */
function integerText(value: number, numerals: Numerals): string {
  for (const [size, unit] of [
    [100_000_000, '亿'],
    [10_000, '万'],
  ] as const) {
    if (value < size) continue;
    const low = value % size;
    const high = integerText(Math.floor(value / size), numerals) + unit;
    if (low === 0) return high;
    return high + (low < size / 10 ? numerals.digits.charAt(0) : '') + integerText(low, numerals);
  }
  return belowTenThousand(value, numerals);
}

function partsOf(amount: Fen): { sign: string; yuan: number; jiao: number; cent: number } {
  const size = Math.abs(fen(amount));
  const rest = size % 100;
  return { sign: amount < 0 ? '负' : '', yuan: (size - rest) / 100, jiao: Math.floor(rest / 10), cent: rest % 10 };
}

/**
 * The amount in financial capitals 大写 as slips, cheques and invoices carry it, without the currency: 伍角整, 壹仟肆佰零玖元伍角整.
 * Rules of domain 6.4: 整 follows 元 and 角, never 分; 零 follows 元 where its last digit is 0 or 角 is 0 and something follows.
 * A negative amount begins with 负.
 */
export function uppercaseAmount(amount: Fen): string {
  const { sign, yuan, jiao, cent } = partsOf(amount);
  const digit = (value: number): string => FINANCIAL.digits.charAt(value);
  if (yuan === 0 && jiao === 0 && cent === 0) return '零元整';
  let text = sign;
  if (yuan > 0) text += `${integerText(yuan, FINANCIAL)}元`;
  if (yuan > 0 && (jiao > 0 ? yuan % 10 === 0 : cent > 0)) text += digit(0);
  if (jiao > 0) text += `${digit(jiao)}角`;
  return text + (cent > 0 ? `${digit(cent)}分` : '整');
}

/** {@link uppercaseAmount} with the currency before it and no gap, so that nothing can be written in front: 人民币壹拾元整. */
export function uppercaseAmountRmb(amount: Fen): string {
  return `人民币${uppercaseAmount(amount)}`;
}

/**
 * The amount as a cashier says it: 一百二十三元四角五分. 十 opens without 一, a lone 2 and the 2 of 千, 万, 亿 are 两, nothing ends in 整;
 * 零 is said only where 角 is skipped (十元零五分).
 */
export function spokenAmount(amount: Fen): string {
  const { sign, yuan, jiao, cent } = partsOf(amount);
  if (yuan === 0 && jiao === 0 && cent === 0) return '零元';
  let text = '';
  if (yuan > 0) {
    const plain = integerText(yuan, EVERYDAY)
      .replace(/^一十/, '十')
      .replace(/二千/g, '两千')
      .replace(/(^|亿零?)二(?=[万亿])/g, '$1两');
    text = `${plain === '二' ? '两' : plain}元`;
  }
  const small = (value: number, unit: string): string =>
    `${value === 2 && text === '' ? '两' : EVERYDAY.digits.charAt(value)}${unit}`;
  if (jiao > 0) text += small(jiao, '角');
  else if (yuan > 0 && cent > 0) text += '零';
  if (cent > 0) text += small(cent, '分');
  return sign + text;
}

/** What a terminal says when money has come in (S3): 收款一百二十三元四角五分. */
export function speechText(amount: Fen): string {
  return `收款${spokenAmount(amount)}`;
}
