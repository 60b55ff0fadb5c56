export {
  openPlatformBench,
  type PlatformBench,
  type PlatformBenchOptions,
  type SpecMachineClock,
  type SpecProcess,
  type SpecProcessOptions,
} from './platform-bench.ts';
