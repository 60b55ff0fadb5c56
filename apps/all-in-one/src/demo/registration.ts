import { UNIONPAY_COST_PLANS } from '@tillstream/domain/fee/unionpay-costs';
import type { ApiClient } from './api-client.ts';
import {
  DEMO_ACQUIRER,
  DEMO_CHANNEL,
  demoLinkKeys,
  demoMerchants,
  type DemoMerchant,
  type DemoTerminal,
} from './roster.ts';

const PLANS_FROM = '2026-01-01';

/** Registers the demo's channel, merchants and terminals through the API; what is registered already answers the same. */
export async function registerDemo(api: ApiClient, terminals: readonly DemoTerminal[]): Promise<void> {
  await api.post('/channels', {
    channel: DEMO_CHANNEL,
    name: '银联测试网络',
    kind: 'card-network',
    acquirer: DEMO_ACQUIRER,
    zonePinKey: demoLinkKeys.zonePinKeyHex,
    linkMacKey: demoLinkKeys.linkMacKeyHex,
  });
  for (const plan of UNIONPAY_COST_PLANS) {
    await api.post(`/channels/${DEMO_CHANNEL}/cost-plans`, { plan, effectiveFrom: plan.effectiveFrom });
  }
  for (const merchant of demoMerchants) await registerMerchant(api, merchant);
  // One after the other: a serial number is bound once, and the registry decides in order.
  for (const terminal of terminals) {
    const owner = demoMerchants.find((merchant) => merchant.merchantId === terminal.merchantId);
    await api.post('/terminals', {
      acquirer: DEMO_ACQUIRER,
      terminalId: terminal.terminalId,
      merchantId: terminal.merchantId,
      creditCode: owner?.creditCode,
      address: owner?.address,
      serialNumber: terminal.serialNumber,
      model: terminal.model,
      profile: 'unionpay-tdes16',
      masterKey: terminal.tmkHex,
    });
  }
}

async function registerMerchant(api: ApiClient, merchant: DemoMerchant): Promise<void> {
  await api.post('/merchants', {
    merchantId: merchant.merchantId,
    name: merchant.name,
    merchantType: merchant.merchantType,
    mcc: merchant.mcc,
    creditCode: merchant.creditCode,
    accountNumber: merchant.account,
    accountHolder: merchant.name,
  });
  await api.post(`/merchants/${merchant.merchantId}/fee-plans`, {
    plan: {
      id: merchant.planId,
      version: 1,
      effectiveFrom: PLANS_FROM,
      terms: merchant.terms,
      returns: 'PROPORTIONAL',
    },
    effectiveFrom: PLANS_FROM,
  });
}
