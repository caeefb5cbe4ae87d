// franz-go as README.md in the folder above says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const lastWord = 60 * time.Second

type record struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Codec     string `json:"codec,omitempty"`
	Count     int    `json:"count,omitempty"`
	Key       []byte `json:"key"`
	Value     []byte `json:"value"`
	Timestamp int64  `json:"timestamp"`
	Pairs     []pair `json:"headers"`
}

// pair is [name, base64 or null].
type pair struct {
	name  string
	value []byte
}

func (p pair) MarshalJSON() ([]byte, error) { return json.Marshal([]any{p.name, p.value}) }

func (p *pair) UnmarshalJSON(raw []byte) error {
	parts := []any{&p.name, &p.value}
	return json.Unmarshal(raw, &parts)
}

type options struct {
	Idempotent bool  `json:"idempotent"`
	MaxBytes   int32 `json:"max_bytes"`
}

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func main() {
	if os.Args[1] == "member" {
		var how memberOptions
		check(json.Unmarshal([]byte(os.Args[3]), &how))
		member(os.Args[2], how)
		return
	}
	if os.Args[1] == "transactor" {
		var how transactorOptions
		check(json.Unmarshal([]byte(os.Args[3]), &how))
		transactor(os.Args[2], how)
		return
	}
	var how options
	check(json.Unmarshal([]byte(os.Args[3]), &how))
	var lines []record
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var line record
		check(json.Unmarshal(in.Bytes(), &line))
		lines = append(lines, line)
	}
	check(in.Err())
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	if os.Args[1] == "produce" {
		produce(ctx, os.Args[2], how, lines)
	} else {
		consume(ctx, os.Args[2], lines)
	}
}

func produce(ctx context.Context, bootstrap string, how options, lines []record) {
	clients := map[string]*kgo.Client{}
	results := make([]map[string]any, len(lines))
	for i, line := range lines {
		client := clients[line.Codec]
		if client == nil {
			client = producer(bootstrap, line.Codec, how)
			clients[line.Codec] = client
		}
		out := &kgo.Record{Topic: line.Topic, Partition: line.Partition, Key: line.Key, Value: line.Value,
			Timestamp: time.UnixMilli(line.Timestamp)}
		for _, p := range line.Pairs {
			out.Headers = append(out.Headers, kgo.RecordHeader{Key: p.name, Value: p.value})
		}
		i := i
		client.Produce(ctx, out, func(r *kgo.Record, err error) {
			var known *kerr.Error
			switch {
			case err == nil:
				results[i] = map[string]any{"offset": r.Offset}
			case errors.As(err, &known):
				results[i] = map[string]any{"error": known.Code}
			default:
				results[i] = map[string]any{"error": err.Error()}
			}
		})
	}
	for _, client := range clients {
		check(client.Flush(ctx))
		client.Close()
	}
	for _, result := range results {
		print(result)
	}
}

func producer(bootstrap, codec string, how options) *kgo.Client {
	opts := []kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(codecs[codec]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(20 * time.Millisecond),
		kgo.AllowAutoTopicCreation()}
	if !how.Idempotent {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	if how.MaxBytes > 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytes(how.MaxBytes))
	}
	client, err := kgo.NewClient(opts...)
	check(err)
	return client
}

func consume(ctx context.Context, bootstrap string, lines []record) {
	wanted, left := map[string]map[int32]kgo.Offset{}, 0
	for _, line := range lines {
		if wanted[line.Topic] == nil {
			wanted[line.Topic] = map[int32]kgo.Offset{}
		}
		wanted[line.Topic][line.Partition] = kgo.NewOffset().At(0)
		left += line.Count
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumePartitions(wanted))
	check(err)
	defer client.Close()
	for left > 0 {
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			out := record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value,
				Timestamp: r.Timestamp.UnixMilli(), Pairs: []pair{}}
			for _, h := range r.Headers {
				out.Pairs = append(out.Pairs, pair{h.Key, h.Value})
			}
			print(out)
			left--
		})
	}
}

func print(value any) {
	line, err := json.Marshal(value)
	check(err)
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
