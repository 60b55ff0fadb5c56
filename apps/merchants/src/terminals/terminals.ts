import { Inject, Injectable } from '@nestjs/common';
import { streamOf, type TerminalPlace } from '@tillstream/domain/stream';
import {
  blockTerminal,
  newTerminal,
  registerTerminal,
  retireTerminal,
  unblockTerminal,
  type Bindings,
  type TerminalDecision,
  type TerminalState,
} from '@tillstream/domain/terminal/decide';
import { Problem } from '@tillstream/service-kit';
import { Desk, type Recorded } from '../desk/desk.ts';
import { factsOf, refusalProblem } from '../desk/refusals.ts';
import type { Registry } from '../desk/registry.ts';
import { KeyIntake, type ImportedKey } from '../vault/key-intake.ts';
import { masterKeysOf, type TerminalRegistration } from './bodies.ts';
import type { RegisteredTerminal, TerminalStanding } from './views.ts';

/** Registers terminals with what they are bound to, and keeps their standing. */
@Injectable()
export class Terminals {
  constructor(
    @Inject(Desk) private readonly desk: Desk,
    @Inject(KeyIntake) private readonly keys: KeyIntake,
  ) {}

  /** Registers a terminal; its master key is in the vault before the fact. @throws Problem for a refusal. */
  async register(body: TerminalRegistration): Promise<Recorded<RegisteredTerminal>> {
    return this.desk.record(async (registry) => {
      const state = stateOf(registry, body);
      refuseOtherMerchant(state, body.merchantId);
      const masterKey = masterKeyHandle(registry, state, body);
      const bindings = bindingsOf(registry, body);
      const settlementAccount = bindings.merchant?.settlementAccount ?? '';
      const facts = factsOf(registerTerminal(state, { ...body, settlementAccount, masterKey }, bindings));
      const imported = await this.#importMasterKey(body, masterKey);
      if (facts.length === 0 && !(await this.keys.isStored(imported))) {
        throw refusalProblem('already-registered', 'the master key differs from the one registered');
      }
      return {
        stream: streamOf.terminal(body),
        key: body.merchantId,
        facts,
        secure: () => this.keys.store(imported),
        answer: () => registrationOf(registry, body, imported.detail.kcv),
      };
    });
  }

  /** Stops new payments. @throws Problem `not-registered`. */
  async block(place: TerminalPlace, reason: string): Promise<Recorded<TerminalStanding>> {
    return this.#stand(place, 'blocked', (state) => blockTerminal(state, { ...place, reason }));
  }

  /** Ends a block. @throws Problem `not-registered`. */
  async unblock(place: TerminalPlace, reason: string): Promise<Recorded<TerminalStanding>> {
    return this.#stand(place, 'active', (state) => unblockTerminal(state, { ...place, reason }));
  }

  /** Takes a terminal out of service and frees its serial number. @throws Problem `not-registered`. */
  async retire(place: TerminalPlace, reason: string): Promise<Recorded<TerminalStanding>> {
    return this.#stand(place, 'retired', (state) => retireTerminal(state, { ...place, reason }));
  }

  async #stand(
    { acquirer, terminalId }: TerminalPlace,
    standing: TerminalStanding['standing'],
    decide: (state: TerminalState) => TerminalDecision,
  ): Promise<Recorded<TerminalStanding>> {
    const place = { acquirer, terminalId };
    return this.desk.record(async (registry) => {
      const state = stateOf(registry, place);
      const facts = factsOf(decide(state));
      const key = state.is === 'new' ? '' : state.registration.merchantId;
      return { stream: streamOf.terminal(place), key, facts, answer: () => ({ ...place, standing }) };
    });
  }

  async #importMasterKey(body: TerminalRegistration, handle: string): Promise<ImportedKey> {
    const { acquirer, terminalId, profile, masterKey: hex, masterKeyKcv: kcv } = body;
    const algorithm = body.masterKeyAlgorithm ?? (hex.length === 16 ? 'des' : 'tdes');
    const allowed: readonly string[] = masterKeysOf[profile];
    if (!allowed.includes(algorithm)) {
      const wrong = `a master key for ${profile} is ${allowed.join(' or ')}, not ${algorithm}`;
      const title = 'The key is not one for this profile';
      throw new Problem({ status: 422, code: 'key-refused', title, fields: [{ path: 'masterKey', wrong }] });
    }
    const owner = `terminal:${acquirer}.${terminalId}`;
    return this.keys.importKey({ handle, owner, kind: 'terminal-master', algorithm, hex, kcv, path: 'masterKey' });
  }
}

const stateOf = (registry: Registry, place: TerminalPlace): TerminalState =>
  registry.terminal(place)?.state ?? newTerminal;

/** The facts of a terminal's stream travel under one merchant's key for ever (design 4), so its number stays that merchant's. */
function refuseOtherMerchant(state: TerminalState, merchantId: string): void {
  if (state.is !== 'retired' || state.registration.merchantId === merchantId) return;
  throw new Problem({
    status: 409,
    code: 'terminal-of-another-merchant',
    title: 'The terminal number was another merchant’s; take a new number',
    fields: [{ path: 'terminalId', wrong: 'terminalId must be one that no other merchant has used' }],
  });
}

function bindingsOf(registry: Registry, body: TerminalRegistration): Bindings {
  const merchant = registry.merchant(body.merchantId)?.state;
  return {
    merchant: merchant?.is === 'registered' ? merchant.registration : null,
    serialBoundTo: registry.holderOf(body.serialNumber),
  };
}

/** A new registration gets a new handle, so that working keys made under the old device's key end with it. */
function masterKeyHandle(registry: Registry, state: TerminalState, place: TerminalPlace): string {
  if (state.is === 'registered') return state.registration.masterKey;
  const first = `tmk.${place.acquirer}.${place.terminalId}`;
  const before = registry.registrationsOf(place);
  return before === 0 ? first : `${first}.${before + 1}`;
}

function registrationOf(registry: Registry, place: TerminalPlace, masterKeyKcv: string): RegisteredTerminal {
  const state = stateOf(registry, place);
  if (state.is === 'new') throw new Error('a terminal that was just registered is not there');
  return { ...state.registration, masterKeyKcv };
}
