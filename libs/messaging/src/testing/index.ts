export { kafkaForSpecs, type KafkaForSpecs } from './kafka-for-specs.ts';
