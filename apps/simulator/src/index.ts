export { BankHost, type BankSettings } from './bank/bank-host.ts';
export type { Credit, PayoutFileState, PayoutResult, RealPayout } from './bank/bank-book.ts';
export type { BankFaults, BankLineFault, PayoutFate } from './bank/bank-faults.ts';
export { isSigned, signatureOf, type SignedRequest } from './bank/signature.ts';
export { checkDigit, drawCard, testExpiry, testPin, wishOf, type CardWish } from './cards/test-cards.ts';
export {
  clearingDateOf,
  dayAfter,
  FollowedClock,
  instantOf,
  localTime,
  type LocalTime,
} from './clock/business-clock.ts';
export { FaultProxy, type FaultProxySettings, type LineFault } from './faults/fault-proxy.ts';
export { DayFleet, type FleetSettings } from './fleet/day-fleet.ts';
export { ClearingFiles, type ClearingFault, type ListedFile } from './network/clearing-files.ts';
export { FileHost, type FileHostSettings } from './network/file-host.ts';
export { linkMacProfile, NetworkHost, type NetworkCounts, type NetworkSettings } from './network/network-host.ts';
export { planDay, type PlanInput } from './plan/plan-day.ts';
export { drawFrom, type Draw } from './plan/random.ts';
export type { DayPlan, PlannedAction, PlannedCard, Step, TerminalPlan } from './plan/steps.ts';
export type {
  Address,
  BatchReport,
  BatchSums,
  ClearingDoneMessage,
  ClockMessage,
  ClockSetting,
  DayDoneMessage,
  DayReport,
  Difference,
  EndClearingMessage,
  FailedMessage,
  FleetMessage,
  FromSimulator,
  LinkKeys,
  Progress,
  ProgressMessage,
  ReadyMessage,
  SimulatedTerminal,
  StartMessage,
  StopMessage,
  TerminalReport,
  ToSimulator,
  TradeDayMessage,
} from './protocol.ts';
export { Simulation } from './simulation.ts';
export { Journal, JournalDamaged, type Durability } from './state/journal.ts';
export { presentAndLoseAnswer, sendAgain, sendUnderOpenBatch } from './terminal/drills.ts';
export type { ItemKind } from './terminal/item-kinds.ts';
export type { ReversalHabit } from './terminal/habits.ts';
export { keyOf, type Item, type ItemStatus, type TerminalState } from './terminal/record.ts';
export type { SettlementOutcome } from './terminal/settlement.ts';
export type { Outcome, PresentedCard, Reading, Refusal, SaleRequest, TerminalFault } from './terminal/outcome.ts';
export { Terminal } from './terminal/terminal.ts';
export type { Exchange, Reply, TerminalSettings } from './terminal/terminal-core.ts';
export { totalsOf, type PresentedTotals } from './terminal/totals.ts';
