// A transactional producer on kafkajs, as README.md in the folder above says. It has no group of its own.
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

const { Kafka, logLevel } = createRequire(path.join(process.env.KAFKAJS_HOME, 'x'))('kafkajs');

const [, , bootstrap, text] = process.argv;
const options = JSON.parse(text);
const producer = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).producer({
  idempotent: true, maxInFlightRequests: 1, transactionalId: options.transactional_id,
  transactionTimeout: options.timeout_ms, retry: { retries: 5 },
});
let transaction;

async function send(records) {
  const offsets = [];
  for (const [topic, partition, value] of records) {
    const [done] = await transaction.send({ topic, acks: -1, messages: [{ partition, value }] });
    offsets.push(Number(done.baseOffset));
  }
  return { offsets };
}

async function offsets(command) {
  const topics = command.offsets.map(([topic, partition, offset]) => (
    { topic, partitions: [{ partition, offset: String(offset) }] }));
  await transaction.sendOffsets({ consumerGroupId: command.group, topics });
}

// It asks for its producer id when a transaction begins.
const obey = {
  init: () => producer.connect(),
  begin: async () => { transaction = await producer.transaction(); },
  send: (command) => send(command.records),
  offsets,
  commit: () => transaction.commit(),
  abort: () => transaction.abort(),
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    try {
      const said = await obey[command.do](command);
      console.log(JSON.stringify({ ...said, done: command.do }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.type || error.name, text: error.message }));
    }
  }
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
