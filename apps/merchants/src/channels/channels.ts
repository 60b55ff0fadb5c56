import { Inject, Injectable } from '@nestjs/common';
import { agreeCostPlan, newChannel, registerChannel, type ChannelState } from '@tillstream/domain/channel/decide';
import { sameData } from '@tillstream/domain/same-data';
import { streamOf } from '@tillstream/domain/stream';
import { Desk, type Recorded } from '../desk/desk.ts';
import { datesDiffer, factsOf, refusalProblem } from '../desk/refusals.ts';
import type { Registry } from '../desk/registry.ts';
import { KeyIntake, type ImportedKey } from '../vault/key-intake.ts';
import type { ChannelRegistration, CostPlanAgreement } from './bodies.ts';
import type { AgreedCostPlan, RegisteredChannel } from './views.ts';

/** Registers channels with the keys of their links, and keeps their prices. */
@Injectable()
export class Channels {
  constructor(
    @Inject(Desk) private readonly desk: Desk,
    @Inject(KeyIntake) private readonly keys: KeyIntake,
  ) {}

  /** Registers a channel; both keys are in the vault before the fact. @throws Problem for a refusal. */
  async register(body: ChannelRegistration): Promise<Recorded<RegisteredChannel>> {
    const { channel } = body;
    return this.desk.record(async (registry) => {
      const command = { ...body, zonePinKey: `zpk.${channel}`, linkMacKey: `mak.${channel}` };
      const facts = factsOf(registerChannel(stateOf(registry, channel), command));
      const [pin, mac] = [await this.#importPinKey(body), await this.#importMacKey(body)];
      if (facts.length === 0 && !((await this.keys.isStored(pin)) && (await this.keys.isStored(mac)))) {
        throw refusalProblem('already-registered', 'a key differs from the one registered');
      }
      return {
        ...ofChannel(channel),
        facts,
        secure: async () => {
          await this.keys.store(pin);
          await this.keys.store(mac);
        },
        answer: () => ({
          ...registrationOf(registry, channel),
          zonePinKeyKcv: pin.detail.kcv,
          linkMacKeyKcv: mac.detail.kcv,
        }),
      };
    });
  }

  /** Agrees on a version of the channel's price; its date may be past (a list that is loaded late). @throws Problem for a refusal. */
  async agree(channel: string, { plan, effectiveFrom }: CostPlanAgreement): Promise<Recorded<AgreedCostPlan>> {
    if (effectiveFrom !== plan.effectiveFrom) throw datesDiffer();
    return this.desk.record(async (registry) => {
      const state = stateOf(registry, channel);
      const repeated = state.is === 'registered' && state.plans.some((version) => sameData(version, plan));
      const facts = repeated ? [] : factsOf(agreeCostPlan(state, { channel, plan }));
      return { ...ofChannel(channel), facts, answer: () => ({ channel, plan, effectiveFrom }) };
    });
  }

  #importPinKey({ channel, zonePinKey: hex, zonePinKeyKcv: kcv }: ChannelRegistration): Promise<ImportedKey> {
    const [handle, owner] = [`zpk.${channel}`, `channel:${channel}.zone-pin`];
    return this.keys.importKey({ handle, owner, kind: 'zone-pin', algorithm: 'tdes', hex, kcv, path: 'zonePinKey' });
  }

  #importMacKey({ channel, linkMacKey: hex, linkMacKeyKcv: kcv }: ChannelRegistration): Promise<ImportedKey> {
    const [handle, owner] = [`mak.${channel}`, `channel:${channel}.link-mac`];
    return this.keys.importKey({ handle, owner, kind: 'link-mac', algorithm: 'tdes', hex, kcv, path: 'linkMacKey' });
  }
}

const stateOf = (registry: Registry, channel: string): ChannelState => registry.channel(channel)?.state ?? newChannel;

const ofChannel = (channel: string) => ({ stream: streamOf.channel(channel), key: streamOf.channel(channel) });

function registrationOf(registry: Registry, channel: string) {
  const state = stateOf(registry, channel);
  if (state.is === 'new') throw new Error('a channel that was just registered is not there');
  return state.registration;
}
