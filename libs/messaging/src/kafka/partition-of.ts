import kafkajs from 'kafkajs';
import { KEYED_PARTITIONS } from './topics.ts';

/** Keys whose partition is remembered; beyond it memory starts anew, because a hash is cheap and a leak is not. */
const MOST_REMEMBERED = 100_000;

const partitions = Array.from({ length: KEYED_PARTITIONS }, (_, partitionId) => ({
  ...{ partitionId, leader: 0, partitionErrorCode: 0 },
  ...{ replicas: [], isr: [] },
}));
const assign = kafkajs.Partitioners.DefaultPartitioner();
const remembered = new Map<string, number>();

/**
 * The partition of a key among {@link KEYED_PARTITIONS}: Kafka's own murmur2, so that whoever else produces to our topics puts a
 * key where we do. Facts and commands of one key have the same number.
 */
export function partitionOf(key: string): number {
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const partition = assign({ topic: '', partitionMetadata: partitions, message: { key, value: null } });
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, partition);
  return partition;
}
