// kafkajs as README.md in the folder above says. Produces only: its consumer needs a group.
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

// The packages lie where scripts/interop put them.
const { Kafka, CompressionTypes, logLevel } = createRequire(path.join(process.env.KAFKAJS_HOME, 'x'))('kafkajs');

const CODECS = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP };
const decoded = (text) => (text === null ? null : Buffer.from(text, 'base64'));

function message(record) {
  const headers = {};
  for (const [name, value] of record.headers) {
    (headers[name] ||= []).push(decoded(value));
  }
  return { partition: record.partition, key: decoded(record.key), value: decoded(record.value),
    timestamp: String(record.timestamp), headers };
}

async function produce(kafka, options, lines) {
  const producer = kafka.producer({ idempotent: Boolean(options.idempotent), retry: { retries: 3 } });
  await producer.connect();
  for (const record of lines) {
    try {
      const [done] = await producer.send({ topic: record.topic, acks: -1,
        compression: CODECS[record.codec], messages: [message(record)] });
      console.log(JSON.stringify({ offset: Number(done.baseOffset) }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.code ?? error.cause?.code ?? error.message }));
    }
  }
  await producer.disconnect();
}

async function main() {
  const [, , verb, bootstrap, options] = process.argv;
  if (verb !== 'produce') throw new Error('kafkajs consumes in groups only');
  const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  await produce(new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }), JSON.parse(options), lines);
}

main().catch((error) => { console.error(error); process.exit(1); });
