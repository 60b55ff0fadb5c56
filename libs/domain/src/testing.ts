import { isRefused } from './fact.ts';
import type { Decision, Fact } from './fact.ts';

/** The facts that a decision appends, by type and by the fields that the rule is about. */
export type Expected<F extends Fact> =
  F extends Fact<infer T> ? { readonly type: T; readonly data?: Partial<F['data']> } : never;

/** A noun's `given(facts).when(decision).then(facts | refusal)`, so that a spec reads as the rule that it states. */
export const rulesOf =
  <S, F extends Fact>(initial: S, evolve: (state: S, fact: F) => S) =>
  (...facts: readonly F[]) => {
    const state = facts.reduce(evolve, initial);
    return {
      state,
      when<R extends string>(decide: (state: S) => Decision<F, R>) {
        const decision = decide(state);
        return {
          decision,
          /** Exactly these facts, in this order; none means that nothing new is said. */
          then(...expected: readonly Expected<F>[]): void {
            const facts = isRefused(decision) ? decision : decision.facts;
            expect(facts).toEqual(
              expected.map(({ type, data }) =>
                expect.objectContaining({ type, ...(data ? { data: expect.objectContaining(data) } : {}) }),
              ),
            );
          },
          thenRefuses(refusal: R): void {
            expect(decision).toEqual({ refusal });
          },
        };
      },
    };
  };
