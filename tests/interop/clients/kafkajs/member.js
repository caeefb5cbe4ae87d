// A group member on kafkajs, as README.md in the folder above says.
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

const { Kafka, logLevel } = createRequire(path.join(process.env.KAFKAJS_HOME, 'x'))('kafkajs');

const say = (event, facts = {}) => console.log(JSON.stringify({ event, ...facts }));

let owned = [];

function giveUp(event) {
  if (owned.length > 0) say(event, { partitions: owned });
  owned = [];
}

async function join(consumer, options) {
  const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events;
  consumer.on(REBALANCING, () => giveUp('revoked'));
  consumer.on(CRASH, ({ payload }) => { giveUp('lost'); say('error', { error: payload.error.name }); });
  consumer.on(GROUP_JOIN, ({ payload }) => {
    giveUp('revoked');
    owned = Object.entries(payload.memberAssignment)
      .flatMap(([topic, partitions]) => partitions.map((partition) => [topic, partition]));
    say('assigned', { partitions: owned });
  });
  await consumer.connect();
  const topics = options.topics || [new RegExp(`^${options.pattern}$`)];
  await consumer.subscribe({ topics, fromBeginning: options.reset === 'earliest' });
  await consumer.run({
    autoCommit: options.auto_commit_ms > 0,
    autoCommitInterval: options.auto_commit_ms || null,
    eachMessage: async ({ topic, partition, message }) => say('record', {
      topic, partition, offset: Number(message.offset), value: message.value && message.value.toString() }),
  });
}

async function obey(consumer, command) {
  if (command.do === 'commit') {
    await consumer.commitOffsets(command.offsets.map(([topic, partition, offset]) => (
      { topic, partition, offset: String(offset) })));
    say('committed', { offsets: command.offsets });
  } else if (command.do === 'seek') {
    consumer.seek({ topic: command.topic, partition: command.partition, offset: String(command.offset) });
    say('sought');
  } else if (command.do === 'pause' || command.do === 'resume') {
    consumer[command.do]([{ topic: command.topic, partitions: [command.partition] }]);
    say(`${command.do}d`);
  } else if (command.do === 'leave') {
    await consumer.disconnect();
    say('left');
    process.exit(0);
  }
}

async function main() {
  const [, , bootstrap, text] = process.argv;
  const options = JSON.parse(text);
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: options.group, sessionTimeout: options.session_ms, heartbeatInterval: options.heartbeat_ms,
    metadataMaxAge: options.metadata_ms, maxWaitTimeInMs: 200 });
  await join(consumer, options);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await obey(consumer, JSON.parse(line));
  }
  process.exit(0); // the test is gone, and so must we be
}

main().catch((error) => { console.error(error); process.exit(1); });
