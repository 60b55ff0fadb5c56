import fc from 'fast-check';
import {
  fen,
  MAX_FEN,
  negate,
  parseYuan,
  speechText,
  spokenAmount,
  uppercaseAmount,
  uppercaseAmountRmb,
} from './index.ts';

/** Reads capitals back by place values alone, knowing nothing of how they were written. */
function readCapitals(text: string): bigint {
  const negative = text.startsWith('负');
  const small: Record<string, bigint> = { 拾: 10n, 佰: 100n, 仟: 1000n };
  let all = 0n;
  let belowYi = 0n;
  let group = 0n;
  let digit = 0n;
  let cents = 0n;
  for (const sign of negative ? text.slice(1) : text) {
    const value = '零壹贰叁肆伍陆柒捌玖'.indexOf(sign);
    if (value >= 0) digit = BigInt(value);
    else if (small[sign] !== undefined) {
      group += digit * small[sign];
      digit = 0n;
    } else if (sign === '万') {
      belowYi += (group + digit) * 10_000n;
      group = digit = 0n;
    } else if (sign === '亿') {
      all += (belowYi + group + digit) * 100_000_000n;
      belowYi = group = digit = 0n;
    } else if (sign === '元') {
      cents += (all + belowYi + group + digit) * 100n;
      digit = 0n;
    } else if (sign === '角' || sign === '分') {
      cents += digit * (sign === '角' ? 10n : 1n);
      digit = 0n;
    }
  }
  return negative ? -cents : cents;
}

describe('the amount in capitals (domain 6.4)', () => {
  it.each([
    ['0', '零元整'],
    ['0.05', '伍分'],
    ['0.50', '伍角整'],
    ['10', '壹拾元整'],
    ['1409.50', '壹仟肆佰零玖元伍角整'],
    ['6007.14', '陆仟零柒元壹角肆分'],
    ['1680.32', '壹仟陆佰捌拾元零叁角贰分'],
    ['107000.53', '壹拾万柒仟元零伍角叁分'],
    ['16409.02', '壹万陆仟肆佰零玖元零贰分'],
    ['325.04', '叁佰贰拾伍元零肆分'],
    ['10010', '壹万零壹拾元整'],
    ['100000000', '壹亿元整'],
    ['1000000001', '壹拾亿零壹元整'],
    ['10.50', '壹拾元零伍角整'],
    ['10.05', '壹拾元零伍分'],
    ['0.55', '伍角伍分'],
    ['1000.00', '壹仟元整'],
    ['1001', '壹仟零壹元整'],
    ['1010', '壹仟零壹拾元整'],
    ['100001000', '壹亿零壹仟元整'],
    ['110000000', '壹亿壹仟万元整'],
    ['101000000', '壹亿零壹佰万元整'],
    ['100100', '壹拾万零壹佰元整'],
    ['-12.30', '负壹拾贰元叁角整'],
    ['90071992547409.91', '玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分'],
  ])('%s yuan is %s', (yuan, text) => {
    expect(uppercaseAmount(parseYuan(yuan))).toBe(text);
    expect(readCapitals(text)).toBe(BigInt(parseYuan(yuan)));
  });

  it('puts the currency before the amount with no gap', () => {
    expect(uppercaseAmountRmb(parseYuan('10'))).toBe('人民币壹拾元整');
  });

  it('reads back to the same fen, with no double 零 and none before a unit, for any amount', () => {
    const any = fc.oneof(fc.integer({ min: 0, max: MAX_FEN }), fc.nat(10_000_000), sparse());
    fc.assert(
      fc.property(any, (value) => {
        const text = uppercaseAmount(fen(value));
        const wellFormed = !/零零|零[拾佰仟万亿]|整./.test(text) && (value === 0 || !text.includes('零元'));
        return (
          wellFormed &&
          readCapitals(text) === BigInt(value) &&
          readCapitals(uppercaseAmount(negate(fen(value)))) === -BigInt(value)
        );
      }),
      { numRuns: 10_000 },
    );
  });
});

/** Amounts with many zero digits, where the rules for 零 are. */
function sparse() {
  return fc
    .array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 1, maxLength: 15 })
    .map((digits) => Number(digits.join('')));
}

describe('the amount as it is said (S3)', () => {
  it.each([
    ['123.45', '一百二十三元四角五分'],
    ['0', '零元'],
    ['10', '十元'],
    ['15.50', '十五元五角'],
    ['110', '一百一十元'],
    ['10.05', '十元零五分'],
    ['10.50', '十元五角'],
    ['2', '两元'],
    ['12', '十二元'],
    ['102', '一百零二元'],
    ['0.20', '两角'],
    ['0.02', '两分'],
    ['2.22', '两元二角二分'],
    ['2000', '两千元'],
    ['22000', '两万两千元'],
    ['120000', '十二万元'],
    ['200000000', '两亿元'],
    ['100020000', '一亿零两万元'],
    ['1020000', '一百零二万元'],
    ['102000', '十万两千元'],
    ['1002.02', '一千零二元零二分'],
    ['-1.00', '负一元'],
  ])('%s yuan is said %s', (yuan, text) => expect(spokenAmount(parseYuan(yuan))).toBe(text));

  it('announces money that came in', () => {
    expect(speechText(parseYuan('123.45'))).toBe('收款一百二十三元四角五分');
  });
});
