export { BrokerUnavailable, startBroker, stopBroker, type Broker, type BrokerOptions } from './start-broker.ts';
export { brokerJars, KAFKA_VERSION } from './jars.ts';
