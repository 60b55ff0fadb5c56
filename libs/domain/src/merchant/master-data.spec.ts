import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { CostPlan, FeePlan } from '../fee/plan.ts';
import { RegisterTerminal } from '../terminal/commands.ts';
import * as terminal from '../terminal/decide.ts';
import { AgreeCostPlan, RegisterChannel } from '../channel/commands.ts';
import * as channel from '../channel/decide.ts';
import * as session from '../session/decide.ts';
import type { SessionFact } from '../session/events.ts';
import { rulesOf } from '../testing.ts';
import { AgreeFeePlan, RegisterMerchant } from './commands.ts';
import * as merchant from './decide.ts';
import type { MerchantFact } from './events.ts';
import { mccOf, MCCS } from './mcc.ts';

const problems = <T extends object>(type: new () => T, plain: object) =>
  validateSync(plainToInstance(type, plain), { whitelist: true, forbidNonWhitelisted: true }).map(
    (one) => one.property,
  );

const shop: RegisterMerchant = {
  merchantId: '898310058120001',
  name: '示范餐饮有限公司',
  merchantType: 'ENTERPRISE',
  mcc: '5812',
  creditCode: '91310000MA1K000018',
  settlementAccount: 'account-0001',
  accountHolder: '示范餐饮有限公司',
};
const planOf = (version: number, effectiveFrom: string): FeePlan => ({
  id: 'standard-060',
  version,
  effectiveFrom,
  terms: { kind: 'rate', rate1e8: 600_000 },
  returns: 'PROPORTIONAL',
});
const merchantId = shop.merchantId;
const givenMerchant = rulesOf(merchant.newMerchant, merchant.evolveMerchant);
const register =
  (other: Partial<RegisterMerchant> = {}) =>
  (state: merchant.MerchantState) =>
    merchant.registerMerchant(state, { ...shop, ...other });
const registered: MerchantFact = { type: 'MerchantRegistered', version: 1, data: { ...shop, feeClass: 'STANDARD' } };
const agreed: MerchantFact = {
  type: 'FeePlanAgreed',
  version: 1,
  data: { merchantId, planVersion: 1, plan: planOf(1, '2026-11-23'), effectiveFrom: '2026-11-23' },
};
const agree = (plan: FeePlan) => (state: merchant.MerchantState) =>
  merchant.agreeFeePlan(state, { merchantId, plan }, '2026-11-23');

describe('a merchant', () => {
  it('gets its fee class from its MCC, never from a keyed field', () => {
    givenMerchant()
      .when(register())
      .then({ type: 'MerchantRegistered', data: { feeClass: 'STANDARD' } });
    givenMerchant()
      .when(register({ mcc: '5411', merchantId: '898310054110001' }))
      .then({ type: 'MerchantRegistered', data: { feeClass: 'DISCOUNT' } });
    expect(problems(RegisterMerchant, { ...shop, feeClass: 'EXEMPT' })).toEqual(['feeClass']);
  });
  it('has its MCC in digits 8 to 11 of its number', () =>
    givenMerchant()
      .when(register({ mcc: '5814' }))
      .thenRefuses('mcc-differs-from-number'));
  it('has an MCC that we know', () =>
    givenMerchant()
      .when(register({ mcc: '0001', merchantId: '898310000010001' }))
      .thenRefuses('mcc-unknown'));
  it('of type MICRO has no high-risk MCC', () => {
    for (const { code } of MCCS.filter((one) => one.highRisk)) {
      const other = {
        mcc: code,
        merchantId: `8983100${code}0001`,
        merchantType: 'MICRO' as const,
        creditCode: 'person-1',
      };
      givenMerchant().when(register(other)).thenRefuses('mcc-forbidden-for-micro');
    }
    givenMerchant()
      .when(register({ merchantType: 'MICRO', creditCode: 'person-1', accountHolder: '张三' }))
      .then({ type: 'MerchantRegistered' });
  });
  it('of type ENTERPRISE has a credit code and is paid to an account of its own name', () => {
    givenMerchant()
      .when(register({ creditCode: 'person-1' }))
      .thenRefuses('credit-code-invalid');
    givenMerchant()
      .when(register({ accountHolder: '张三' }))
      .thenRefuses('account-holder-differs');
  });
  it('is registered once; the same again says nothing new', () => {
    givenMerchant(registered).when(register()).then();
    givenMerchant(registered)
      .when(register({ settlementAccount: 'account-0002' }))
      .thenRefuses('already-registered');
  });
  it('is blocked and unblocked once each', () => {
    const blocked: MerchantFact = { type: 'MerchantBlocked', version: 1, data: { merchantId, reason: 'r' } };
    givenMerchant(registered)
      .when((s) => merchant.blockMerchant(s, { merchantId, reason: 'r' }))
      .then({ type: 'MerchantBlocked' });
    givenMerchant(registered, blocked)
      .when((s) => merchant.blockMerchant(s, { merchantId, reason: 'r' }))
      .then();
    givenMerchant(registered, blocked)
      .when((s) => merchant.unblockMerchant(s, { merchantId, reason: 'r' }))
      .then({ type: 'MerchantUnblocked' });
    givenMerchant()
      .when((s) => merchant.blockMerchant(s, { merchantId, reason: 'r' }))
      .thenRefuses('not-registered');
  });
  it('has a first plan from today on, and a change of price only from a future date (S18)', () => {
    givenMerchant(registered)
      .when(agree(planOf(1, '2026-11-23')))
      .then({ type: 'FeePlanAgreed', data: { planVersion: 1 } });
    givenMerchant(registered)
      .when(agree(planOf(1, '2026-11-22')))
      .thenRefuses('effective-date-not-in-future');
    givenMerchant(registered, agreed)
      .when(agree(planOf(2, '2026-11-23')))
      .thenRefuses('effective-date-not-in-future');
    givenMerchant(registered, agreed)
      .when(agree(planOf(2, '2026-11-24')))
      .then({ type: 'FeePlanAgreed' });
    givenMerchant(registered, agreed)
      .when(agree(planOf(3, '2026-11-24')))
      .thenRefuses('plan-version-out-of-order');
    givenMerchant(registered, agreed)
      .when(agree(planOf(1, '2026-11-23')))
      .then();
  });
  it('gives bad input back by the name of its field', () => {
    expect(problems(RegisterMerchant, { ...shop })).toEqual([]);
    expect(problems(RegisterMerchant, { ...shop, merchantId: '1', settlementAccount: '6222 0000' })).toEqual([
      'merchantId',
      'settlementAccount',
    ]);
    expect(problems(AgreeFeePlan, { merchantId, plan: { ...planOf(1, 'soon') } })).toEqual(['plan']);
    expect(problems(AgreeFeePlan, { merchantId, plan: planOf(1, '2026-11-23') })).toEqual([]);
  });
  it('knows every MCC of the starter set once', () => {
    expect(new Set(MCCS.map((one) => one.code)).size).toBe(MCCS.length);
    expect(mccOf('8062')?.feeClass).toBe('EXEMPT');
  });
});

describe('a terminal (259号)', () => {
  const device: RegisterTerminal = {
    acquirer: '00012345',
    terminalId: '10000001',
    merchantId,
    creditCode: shop.creditCode,
    settlementAccount: shop.settlementAccount,
    address: '上海市示范路1号',
    serialNumber: 'SN-00000001',
    model: 'TS-900',
    masterKey: 'tmk-1',
    profile: 'unionpay-tdes16',
  };
  const bindings: terminal.Bindings = { merchant: shop, serialBoundTo: null };
  const given = rulesOf(terminal.newTerminal, terminal.evolveTerminal);
  const enrol =
    (other: Partial<RegisterTerminal> = {}, more: Partial<terminal.Bindings> = {}) =>
    (state: terminal.TerminalState) =>
      terminal.registerTerminal(state, { ...device, ...other }, { ...bindings, ...more });
  const enrolled = { type: 'TerminalRegistered', version: 1, data: device } as const;
  const retired = {
    type: 'TerminalRetired',
    version: 1,
    data: { acquirer: '00012345', terminalId: '10000001', merchantId, reason: 'r' },
  } as const;
  it('is bound to its five items as the merchant is registered with them', () => {
    given().when(enrol()).then({ type: 'TerminalRegistered', data: device });
    given()
      .when(enrol({ settlementAccount: 'account-0002' }))
      .thenRefuses('bound-items-differ');
    given()
      .when(enrol({ creditCode: 'other' }))
      .thenRefuses('bound-items-differ');
    given()
      .when(enrol({}, { merchant: null }))
      .thenRefuses('merchant-not-registered');
  });
  it('has one serial number, and a serial number one terminal', () => {
    const serialBoundTo = { acquirer: '00012345', terminalId: '10000002' };
    given().when(enrol({}, { serialBoundTo })).thenRefuses('serial-number-bound');
  });
  it('changes a bound item only by a new registration after it was retired', () => {
    given(enrolled)
      .when(enrol({ address: '别处' }))
      .thenRefuses('already-registered');
    given(enrolled).when(enrol()).then();
    given(enrolled, retired)
      .when(enrol({ address: '别处' }))
      .then({ type: 'TerminalRegistered', data: { address: '别处' } });
  });
  it('is blocked, unblocked and retired with a reason, each once', () => {
    const command = { acquirer: '00012345', terminalId: '10000001', reason: 'lost' };
    const { state } = given(enrolled);
    expect(terminal.blockTerminal(state, command)).toMatchObject({
      facts: [{ type: 'TerminalBlocked', data: { merchantId, reason: 'lost' } }],
    });
    expect(terminal.unblockTerminal(state, command)).toEqual({ facts: [] });
    expect(terminal.retireTerminal(state, command)).toMatchObject({ facts: [{ type: 'TerminalRetired' }] });
    expect(terminal.blockTerminal(given(enrolled, retired).state, command)).toEqual({ refusal: 'not-registered' });
    expect(terminal.retireTerminal(given(enrolled, retired).state, command)).toEqual({ facts: [] });
  });
  it('gives bad input back by the name of its field', () => {
    expect(problems(RegisterTerminal, device)).toEqual([]);
    expect(problems(RegisterTerminal, { ...device, terminalId: '1', acquirer: 'x', address: '' }).sort()).toEqual([
      'acquirer',
      'address',
      'terminalId',
    ]);
  });
});

describe('a channel', () => {
  const link: RegisterChannel = {
    channel: 'unionpay',
    name: '银联',
    kind: 'card-network',
    acquirer: '00012345',
    zonePinKey: 'zpk',
    linkMacKey: 'lmk',
  };
  const plan = (version: number, effectiveFrom: string): CostPlan => ({
    id: 'unionpay',
    version,
    effectiveFrom,
    costs: { kind: 'flat', clause: { rate1e8: 200_000 } },
    returns: 'PROPORTIONAL',
  });
  const given = rulesOf(channel.newChannel, channel.evolveChannel);
  const open = { type: 'ChannelRegistered', version: 1, data: link } as const;
  const first = {
    type: 'CostPlanAgreed',
    version: 1,
    data: { channel: 'unionpay', planVersion: 1, plan: plan(1, '2026-11-01'), effectiveFrom: '2026-11-01' },
  } as const;
  it('is registered once', () => {
    given()
      .when((s) => channel.registerChannel(s, link))
      .then({ type: 'ChannelRegistered' });
    given(open)
      .when((s) => channel.registerChannel(s, link))
      .then();
    given(open)
      .when((s) => channel.registerChannel(s, { ...link, acquirer: '00099999' }))
      .thenRefuses('already-registered');
  });
  it('has cost plans whose versions and dates go forward', () => {
    const agreeOn = (one: CostPlan) => (s: channel.ChannelState) =>
      channel.agreeCostPlan(s, { channel: 'unionpay', plan: one });
    given()
      .when(agreeOn(plan(1, '2026-11-01')))
      .thenRefuses('not-registered');
    given(open)
      .when(agreeOn(plan(1, '2026-11-01')))
      .then({ type: 'CostPlanAgreed' });
    given(open, first)
      .when(agreeOn(plan(1, '2026-11-01')))
      .then();
    given(open, first)
      .when(agreeOn(plan(3, '2026-12-01')))
      .thenRefuses('plan-version-out-of-order');
    given(open, first)
      .when(agreeOn(plan(2, '2026-10-31')))
      .thenRefuses('effective-date-before-last-plan');
  });
  it('gives bad input back by the name of its field', () => {
    expect(problems(RegisterChannel, { ...link, channel: 'UnionPay!' })).toEqual(['channel']);
    expect(problems(AgreeCostPlan, { channel: 'unionpay', plan: {} })).toEqual(['plan']);
  });
});

describe('a session', () => {
  const given = rulesOf(session.newSession, session.evolveSession);
  const data = (keySet: string) => ({
    acquirer: '00012345',
    terminalId: '10000001',
    merchantId,
    keySet,
    keyScheme: '003',
    operator: '001',
    batch: '000001',
  });
  const signedIn = (keySet: string): SessionFact => ({ type: 'TerminalSignedIn', version: 1, data: data(keySet) });
  const off = { acquirer: '00012345', terminalId: '10000001', merchantId };
  it('begins when the first message verifies under the pending set, once per set', () => {
    given()
      .when((s) => session.signIn(s, data('a')))
      .then({ type: 'TerminalSignedIn' });
    given(signedIn('a'))
      .when((s) => session.signIn(s, data('a')))
      .then();
    given(signedIn('a'))
      .when((s) => session.signIn(s, data('b')))
      .then({ type: 'TerminalSignedIn', data: { keySet: 'b' } });
  });
  it('never goes back to the set before', () =>
    given(signedIn('a'), signedIn('b'))
      .when((s) => session.signIn(s, data('a')))
      .thenRefuses('key-set-superseded'));
  it('ends once', () => {
    given(signedIn('a'))
      .when((s) => session.signOff(s, off))
      .then({ type: 'TerminalSignedOff' });
    given(signedIn('a'), { type: 'TerminalSignedOff', version: 1, data: off })
      .when((s) => session.signOff(s, off))
      .then();
    given()
      .when((s) => session.signOff(s, off))
      .thenRefuses('not-signed-in');
  });
});
