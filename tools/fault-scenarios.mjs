/**
 * The fault scenarios, one row each: `specs` are path patterns for jest, run at full length (TILLSTREAM_FAULTS=full); `scripts` are npm
 * scripts with their arguments; `cluster` rows run under `--cluster`, the others without it. `only` chooses tests by a pattern of their titles.
 * Numbers may stand in several rows, and a row may have several.
 */
export const scenarios = [
  {
    number: 1,
    title: 'kill -9 at 200 random points under load',
    specs: ['torture.journey'],
    scripts: [['torture', '--rounds', '200', '--seed', '20261124']],
  },
  {
    number: 2,
    title: 'killed between a durable append and the reply',
    specs: ['journeys/crash.journey', 'killed-exchange.journey'],
  },
  {
    number: 3,
    title: 'the database server is killed in mid-batch',
    specs: ['event-store/src/postgres/store.spec', 'journeys/storage'],
  },
  { number: 4, title: 'the power is cut: on from a copy of the disk', specs: ['journeys/power-cut.journey'] },
  {
    number: 6,
    title: 'facts are delivered twice',
    specs: ['messaging/src/in-process/fact-feed.spec', 'journeys/rows.journey'],
  },
  { number: 8, title: 'positions become visible in order', specs: ['event-store/src/postgres'] },
  {
    number: 9,
    title: 'the disk of the data, or of the log, is full',
    specs: ['journeys/storage', 'service-kit/src/logs/line-file'],
  },
  {
    number: 10,
    title: 'a torn page, a flipped bit in a record or a row',
    specs: ['event-store/src/postgres/faults.spec', 'event-store/src/verify.spec', 'service-kit/src/platform/rebuild'],
  },
  {
    number: 11,
    title: 'an error of the commit is an unknown outcome',
    specs: ['event-store/src/postgres/faults.spec', 'messaging/src/in-process/fact-feed.spec'],
  },
  {
    number: 12,
    title: 'clocks jump, zones turn',
    specs: ['domain/src/calendar', 'service-kit/src/clock', 'journeys/night.journey'],
  },
  { number: 13, title: 'a channel that is slow or silent', specs: ['authorization/src/load.int'] },
  {
    number: 14,
    title: 'a late approval after the reversal',
    specs: ['journeys/doubt', 'authorization/src/sale.int', 'authorization/src/doubt.int'],
  },
  {
    number: 15,
    title: 'reversals lost, repeated, before their original',
    specs: ['journeys/repeats.journey', 'authorization/src/linked.int', 'authorization/src/doubt.int'],
  },
  { number: 16, title: 'one key, other content', specs: ['journeys/repeats.journey'] },
  {
    number: 17,
    title: 'many at once for one payment',
    specs: ['authorization/src/sale.int', 'authorization/src/load.int', 'event-store/src/postgres'],
  },
  {
    number: 18,
    title: 'completions, voids, refunds and refunds over the amount at once',
    specs: [
      'authorization/src/linked.int',
      'authorization/src/pre-auth.int',
      'domain/src/payment/interleaving',
      'domain/src/book/payments.property',
    ],
  },
  {
    number: 19,
    title: 'a recorded message is sent again',
    specs: ['terminal-gateway/src/authentication.int', 'journeys/repeats.journey'],
  },
  { number: 20, title: 'MACs that do not verify', specs: ['terminal-gateway/src/authentication.int'] },
  { number: 21, title: 'malformed frames, messages and chip data', specs: ['terminal-gateway/src/fuzz'] },
  {
    number: 28,
    title: 'texts that a careless program would run',
    specs: ['journeys/injection', 'reporting/src/read/csv'],
  },
  { number: 29, title: 'a card number planted everywhere', specs: ['journeys/canary', 'journeys/secrets-scan'] },
  {
    number: 22,
    title: 'frames of a wrong length, too long, in pieces',
    specs: ['iso8583/src/transport', 'iso8583/src/framing'],
  },
  {
    number: 23,
    title: 'slow and silent connections',
    specs: ['terminal-gateway/src/connections.int', 'iso8583/src/transport'],
  },
  {
    number: 24,
    title: 'a reconnect storm, and a flood from one terminal',
    specs: ['terminal-gateway/src/connections.int', 'terminal-gateway/src/load'],
  },
  {
    number: 30,
    title: 'facts are not changed, and a change by force is named',
    specs: ['event-store/src/postgres/store.spec', 'event-store/src/verify.spec', 'all-in-one/src/backup'],
  },
  {
    number: 31,
    title: 'a tampered row is flagged against the history and repaired',
    specs: ['service-kit/src/platform/rebuild.int'],
  },
  {
    number: 32,
    title: 'terminal and data keys change under load',
    specs: ['journeys/keys.journey', 'service-kit/src/vault', 'terminal-gateway/src/sessions.int'],
  },
  {
    number: 33,
    title: 'a fact that cannot be taken in parks its key',
    specs: ['messaging/src/in-process/fact-feed.spec'],
  },
  {
    number: 34,
    title: 'every stored version still reads',
    specs: ['domain/src/facts.spec', 'all-in-one/src/host/versions'],
  },
  { number: 35, title: 'a consumer that is far behind', specs: ['messaging/src/in-process/behind.spec'] },
  {
    number: 36,
    title: 'settlement run again, killed at every step, run twice at once',
    specs: ['settlement/src/reruns.int', 'settlement/src/money.int'],
  },
  { number: 37, title: 'a day closed twice while payments arrive', specs: ['settlement/src/reruns.int'] },
  { number: 38, title: 'a bank file that is partly paid', specs: ['settlement/src/payouts.int', 'domain/src/payout'] },
  { number: 39, title: 'rounding', specs: ['domain/src/fee/rounding.property'] },
  { number: 40, title: 'rebuild under traffic, swap, roll back', specs: ['journeys/rows.journey'] },
  {
    number: 41,
    title: 'restored from a backup to a point in time',
    specs: ['all-in-one/src/backup', 'journeys/restore.journey'],
  },
  {
    number: 1,
    cluster: true,
    title: 'on the cluster: servers of commands killed, joining and leaving; no limit given twice',
    specs: ['messaging/src/kafka-commands', 'authorization/src/commands.kafka'],
  },
  {
    number: 1,
    cluster: true,
    title: 'on the cluster: every service and the relay’s holder killed under load',
    specs: ['journeys/cluster-faults'],
    only: 'any process is killed|holder is killed|while the network has it',
  },
  {
    number: 3,
    cluster: true,
    title: 'on the cluster: the database server killed under load',
    specs: ['journeys/cluster-faults'],
    only: 'PostgreSQL is killed',
  },
  {
    number: 5,
    cluster: true,
    title: 'the broker killed and away: appends go on, facts drain in order',
    specs: ['messaging/src/kafka/broker-down.kafka', 'messaging/src/broker'],
  },
  {
    number: 5,
    cluster: true,
    title: 'on the cluster: the broker killed under load, and two minutes away',
    specs: ['journeys/cluster-faults'],
    only: 'its broker|the broker is killed|stands still',
  },
  {
    number: 6,
    cluster: true,
    title: 'everything is published again and again, by one relay and by two',
    specs: ['messaging/src/kafka/relay.kafka', 'messaging/src/kafka/kafka-fact-feed.kafka'],
  },
  {
    number: 7,
    cluster: true,
    title: 'rebalances: instances that join, leave, die and come back as zombies',
    specs: ['messaging/src/kafka/rebalance.kafka'],
  },
  {
    number: [6, 7],
    cluster: true,
    title: 'on the cluster: a storm of instances, every fact delivered again each time',
    specs: ['journeys/cluster-faults'],
    only: 'survives a storm',
  },
  {
    number: 8,
    cluster: true,
    title: 'positions become visible in order, also across processes, and none is skipped on the way through the topic',
    specs: ['event-store/src/postgres/store.spec', 'messaging/src/kafka/rebalance.kafka'],
  },
  {
    number: 13,
    cluster: true,
    title: 'on the cluster: a network that answers some payments never',
    specs: ['journeys/cluster-faults'],
    only: 'others in time',
  },
  {
    number: 17,
    cluster: true,
    title: 'on the cluster: one payment a hundred times at once over two gateways',
    specs: ['journeys/cluster-faults'],
    only: 'a hundred times at once',
  },
  {
    number: 29,
    cluster: true,
    title: 'no card number crosses a topic',
    specs: ['authorization/src/commands.kafka', 'journeys/secrets-scan'],
  },
  {
    number: 33,
    cluster: true,
    title: 'on the cluster: a fact that cannot be taken in parks its key',
    specs: ['journeys/cluster-faults'],
    only: 'parks the key',
  },
  {
    number: 35,
    cluster: true,
    title: 'a consumer a million behind, and a slow one',
    specs: ['messaging/src/kafka/behind.kafka'],
  },
  {
    number: [7, 32, 40, 41],
    cluster: true,
    title:
      'on the cluster: every journey that looks at the product from outside, keys, rebuilds and restores among them',
    specs: ['journeys/on-cluster'],
  },
];
