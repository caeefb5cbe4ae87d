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
	"github.com/twmb/franz-go/pkg/kmsg"
)

type transactorOptions struct {
	TransactionalID string `json:"transactional_id"`
	TimeoutMs       int    `json:"timeout_ms"`
}

type transactorCommand struct {
	Do      string  `json:"do"`
	Group   string  `json:"group"`
	Records [][]any `json:"records"`
	Offsets [][]any `json:"offsets"`
}

// transactor is a transactional producer; offsets are added as those of a group without members.
func transactor(bootstrap string, how transactorOptions) {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.TransactionalID(how.TransactionalID),
		kgo.TransactionTimeout(time.Duration(how.TimeoutMs)*time.Millisecond),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	check(err)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var command transactorCommand
		check(json.Unmarshal(in.Bytes(), &command))
		ctx, cancel := context.WithTimeout(context.Background(), lastWord)
		answer, err := obeyTransactor(ctx, client, how, command)
		cancel()
		if err != nil {
			var known *kerr.Error
			name := "other"
			if errors.As(err, &known) {
				name = known.Message
			}
			print(map[string]any{"error": name, "text": err.Error()})
			continue
		}
		answer["done"] = command.Do
		print(answer)
	}
}

func obeyTransactor(ctx context.Context, client *kgo.Client, how transactorOptions, command transactorCommand) (map[string]any, error) {
	answer := map[string]any{}
	switch command.Do {
	case "init":
		return answer, loadProducerID(ctx, client)
	case "begin":
		return answer, client.BeginTransaction()
	case "send":
		var records []*kgo.Record
		for _, r := range command.Records {
			records = append(records, &kgo.Record{Topic: r[0].(string), Partition: int32(r[1].(float64)), Value: []byte(r[2].(string))})
		}
		results := client.ProduceSync(ctx, records...)
		offsets := make([]int64, len(records))
		for i, record := range records {
			offsets[i] = record.Offset
		}
		answer["offsets"] = offsets
		return answer, results.FirstErr()
	case "offsets":
		return answer, addOffsets(ctx, client, how, command)
	case "commit":
		return answer, client.EndTransaction(ctx, kgo.TryCommit)
	case "abort":
		return answer, client.EndTransaction(ctx, kgo.TryAbort)
	}
	return answer, fmt.Errorf("no such command: %s", command.Do)
}

// loadProducerID asks until it is told: the client gives up while an earlier instance's transaction is being ended.
func loadProducerID(ctx context.Context, client *kgo.Client) error {
	for {
		_, _, err := client.ProducerID(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func addOffsets(ctx context.Context, client *kgo.Client, how transactorOptions, command transactorCommand) error {
	id, epoch, err := client.ProducerID(ctx)
	if err != nil {
		return err
	}
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = how.TransactionalID, id, epoch, command.Group
	added, err := add.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(added.ErrorCode)
	}
	if err != nil {
		return err
	}
	commit := kmsg.NewPtrTxnOffsetCommitRequest()
	commit.TransactionalID, commit.ProducerID, commit.ProducerEpoch, commit.Group = how.TransactionalID, id, epoch, command.Group
	for _, at := range command.Offsets {
		partition := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		partition.Partition, partition.Offset = int32(at[1].(float64)), int64(at[2].(float64))
		topic := kmsg.NewTxnOffsetCommitRequestTopic()
		topic.Topic, topic.Partitions = at[0].(string), append(topic.Partitions, partition)
		commit.Topics = append(commit.Topics, topic)
	}
	committed, err := commit.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	for _, topic := range committed.Topics {
		for _, partition := range topic.Partitions {
			if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}
