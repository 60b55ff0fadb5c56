import type { MacProfile, SignInNetwork } from '@tillstream/crypto';

/** How a terminal's profile computes its MACs under DES keys, by the name in its registration (domain 2.6). */
const profiles: Readonly<Record<string, MacProfile>> = {
  'unionpay-tdes16': { macAlgorithm: 'unionpay-ecb', macKeyMode: 'tdes16' },
  'unionpay-single8': { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' },
  'x9.19': { macAlgorithm: 'x9.19', macKeyMode: 'tdes16' },
};

/** What a sign-in of this kind dictates, whatever the profile says: SM4 keys have one MAC, 8-byte keys one mode. */
const dictated: Readonly<Partial<Record<SignInNetwork, MacProfile>>> = {
  '001': { macAlgorithm: 'unionpay-ecb', macKeyMode: 'single8' },
  '005': { macAlgorithm: 'unionpay-ecb-sm4', macKeyMode: 'tdes16' },
};

/** The MAC of a key set; undefined for a profile that nobody has described. */
export function macProfileOf(profile: string, network: SignInNetwork): MacProfile | undefined {
  const known = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  return known === undefined ? undefined : (dictated[network] ?? known);
}
