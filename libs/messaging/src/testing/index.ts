export { ask, openClusterPlace, until, type ClusterPlace, type CuttableFeed } from './cluster-place.ts';
export { fillStore } from './fill-store.ts';
export { kafkaForSpecs, type KafkaForSpecs } from './kafka-for-specs.ts';
export { processorCosts, processorTimes } from './processor-times.ts';
