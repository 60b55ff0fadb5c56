/** What others may know of our topics and messages; the AsyncAPI document is made from it. Loads neither Nest nor a client. */
export { FRAME_BYTES, frameOf, isTick, readTick, type Tick } from './fact-message.ts';
export { commandMessage, header, replyMessage } from '../kafka-commands/command-message.ts';
export { topics, type TopicSpec } from './topics.ts';
