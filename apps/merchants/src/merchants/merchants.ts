import { Inject, Injectable } from '@nestjs/common';
import {
  agreeFeePlan,
  blockMerchant,
  newMerchant,
  registerMerchant,
  unblockMerchant,
  type MerchantState,
} from '@tillstream/domain/merchant/decide';
import { sameData } from '@tillstream/domain/same-data';
import { streamOf } from '@tillstream/domain/stream';
import { PLATFORM, type Platform } from '@tillstream/service-kit';
import { businessToday } from '../desk/business-today.ts';
import { Desk, type Change, type Recorded } from '../desk/desk.ts';
import { datesDiffer, factsOf, invalid, refusalProblem } from '../desk/refusals.ts';
import type { Registry } from '../desk/registry.ts';
import { handlesOf, PersonalData, type Datum } from '../vault/personal-data.ts';
import type { FeePlanAgreement, MerchantRegistration } from './bodies.ts';
import type { AgreedFeePlan, MerchantStanding, RegisteredMerchant } from './views.ts';

/** Numbers of Chinese ids, passports and residence permits. */
const PRINCIPAL_ID = /^[0-9A-Z]{5,20}$/;

/** Registers merchants and keeps their plans and standing. */
@Injectable()
export class Merchants {
  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Desk) private readonly desk: Desk,
    @Inject(PersonalData) private readonly people: PersonalData,
  ) {}

  /** Registers a merchant; what is personal goes into the vault before the fact. @throws Problem for a refusal. */
  async register(body: MerchantRegistration): Promise<Recorded<RegisteredMerchant>> {
    const { merchantId } = body;
    const data = personalDataOf(body);
    return this.desk.record(async (registry) => {
      const state = stateOf(registry, merchantId);
      const facts = factsOf(registerMerchant(state, commandOf(body)));
      // Facts know accounts by handle only, so another number under the same handle shows in the vault alone.
      if (facts.length === 0 && !(await this.people.isStored(data))) {
        throw refusalProblem('already-registered', 'personal data or the account differ from those registered');
      }
      return {
        ...ofMerchant(merchantId, facts),
        secure: () => this.people.store(merchantId, data),
        answer: () => registrationOf(registry, merchantId),
      };
    });
  }

  /**
   * Agrees on a version of the fee plan. A change needs a future date; the first version changes no price, so its date may
   * be past: that of a contract signed before. @throws Problem for a refusal.
   */
  async agree(merchantId: string, { plan, effectiveFrom }: FeePlanAgreement): Promise<Recorded<AgreedFeePlan>> {
    if (effectiveFrom !== plan.effectiveFrom) throw datesDiffer();
    return this.desk.record(async (registry) => {
      const state = stateOf(registry, merchantId);
      const agreed = state.is === 'registered' ? state.plans : [];
      const repeated = agreed.some((version) => sameData(version, plan));
      const today = businessToday(this.platform);
      const from = agreed.length === 0 && effectiveFrom < today ? effectiveFrom : today;
      const facts = repeated ? [] : factsOf(agreeFeePlan(state, { merchantId, plan }, from));
      return { ...ofMerchant(merchantId, facts), answer: () => ({ merchantId, plan, effectiveFrom }) };
    });
  }

  /** Stops new payments. @throws Problem `not-registered`. */
  async block(merchantId: string, reason: string): Promise<Recorded<MerchantStanding>> {
    return this.#stand(merchantId, true, (state) => factsOf(blockMerchant(state, { merchantId, reason })));
  }

  /** Ends a block. @throws Problem `not-registered`. */
  async unblock(merchantId: string, reason: string): Promise<Recorded<MerchantStanding>> {
    return this.#stand(merchantId, false, (state) => factsOf(unblockMerchant(state, { merchantId, reason })));
  }

  async #stand(
    merchantId: string,
    blocked: boolean,
    decide: (state: MerchantState) => Change<unknown>['facts'],
  ): Promise<Recorded<MerchantStanding>> {
    return this.desk.record(async (registry) => ({
      ...ofMerchant(merchantId, decide(stateOf(registry, merchantId))),
      answer: () => ({ merchantId, blocked }),
    }));
  }
}

const stateOf = (registry: Registry, merchantId: string): MerchantState =>
  registry.merchant(merchantId)?.state ?? newMerchant;

const ofMerchant = (merchantId: string, facts: Change<unknown>['facts']) => ({
  stream: streamOf.merchant(merchantId),
  key: merchantId,
  facts,
});

function registrationOf(registry: Registry, merchantId: string): RegisteredMerchant {
  const state = stateOf(registry, merchantId);
  if (state.is !== 'registered') throw new Error('a merchant that was just registered is not there');
  return state.registration;
}

/** A company's name is no personal datum and must be its account's; a person's name and id stay out of the facts. */
function commandOf({ accountNumber: _inVault, ...body }: MerchantRegistration) {
  const { account, holder, principal } = handlesOf(body.merchantId);
  const personal = body.merchantType === 'MICRO' ? { creditCode: principal, accountHolder: holder } : {};
  return { ...body, settlementAccount: account, ...personal };
}

function personalDataOf(body: MerchantRegistration): Datum[] {
  const { account, holder, principal } = handlesOf(body.merchantId);
  const data: Datum[] = [
    { handle: account, field: 'account-number', text: body.accountNumber },
    { handle: holder, field: 'account-holder', text: body.accountHolder },
  ];
  if (body.merchantType === 'ENTERPRISE') return data;
  if (!PRINCIPAL_ID.test(body.creditCode)) {
    const wrong = 'creditCode of MICRO must be the number of the principal’s id: 5 to 20 capital letters or digits';
    throw invalid('creditCode', wrong);
  }
  return [...data, { handle: principal, field: 'principal-id', text: body.creditCode }];
}
