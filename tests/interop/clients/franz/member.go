// A group member on franz-go, as README.md in the folder above says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

type memberOptions struct {
	Group       string   `json:"group"`
	Topics      []string `json:"topics"`
	Pattern     string   `json:"pattern"`
	Instance    string   `json:"instance"`
	Assignors   []string `json:"assignors"`
	Reset       string   `json:"reset"`
	AutoCommit  int      `json:"auto_commit_ms"`
	SessionMs   int      `json:"session_ms"`
	HeartbeatMs int      `json:"heartbeat_ms"`
	MetadataMs  int      `json:"metadata_ms"`
}

type command struct {
	Do        string  `json:"do"`
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Offset    int64   `json:"offset"`
	Offsets   [][]any `json:"offsets"`
}

var balancers = map[string]func() kgo.GroupBalancer{
	"range": kgo.RangeBalancer, "roundrobin": kgo.RoundRobinBalancer,
	"sticky": kgo.StickyBalancer, "cooperative-sticky": kgo.CooperativeStickyBalancer,
}

var resets = map[string]kgo.Offset{
	"earliest": kgo.NewOffset().AtStart(), "latest": kgo.NewOffset().AtEnd(), "none": kgo.NoResetOffset(),
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// Callbacks run beside the poll loop.
var sayLock sync.Mutex

func say(event string, facts map[string]any) {
	sayLock.Lock()
	defer sayLock.Unlock()
	if facts == nil {
		facts = map[string]any{}
	}
	facts["event"] = event
	print(facts)
}

func sayPartitions(event string) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
		pairs := [][]any{}
		for topic, partitions := range topics {
			sort.Slice(partitions, func(i, j int) bool { return partitions[i] < partitions[j] })
			for _, partition := range partitions {
				pairs = append(pairs, []any{topic, partition})
			}
		}
		say(event, map[string]any{"partitions": pairs})
	}
}

func memberSettings(bootstrap string, how memberOptions) []kgo.Opt {
	opts := []kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup(how.Group),
		kgo.ConsumeResetOffset(resets[how.Reset]),
		kgo.SessionTimeout(millis(how.SessionMs)), kgo.HeartbeatInterval(millis(how.HeartbeatMs)),
		kgo.MetadataMaxAge(millis(how.MetadataMs)), kgo.MetadataMinAge(millis(how.MetadataMs) / 2),
		kgo.OnPartitionsAssigned(sayPartitions("assigned")),
		kgo.OnPartitionsRevoked(sayPartitions("revoked")), kgo.OnPartitionsLost(sayPartitions("lost"))}
	if how.Pattern != "" {
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics(how.Pattern))
	} else {
		opts = append(opts, kgo.ConsumeTopics(how.Topics...))
	}
	if how.AutoCommit > 0 {
		opts = append(opts, kgo.AutoCommitInterval(millis(how.AutoCommit)))
	} else {
		opts = append(opts, kgo.DisableAutoCommit())
	}
	if how.Instance != "" {
		opts = append(opts, kgo.InstanceID(how.Instance))
	}
	var chosen []kgo.GroupBalancer
	for _, name := range how.Assignors {
		chosen = append(chosen, balancers[name]())
	}
	if len(chosen) > 0 {
		opts = append(opts, kgo.Balancers(chosen...))
	}
	return opts
}

func member(bootstrap string, how memberOptions) {
	client, err := kgo.NewClient(memberSettings(bootstrap, how)...)
	check(err)
	commands := make(chan command)
	go readCommands(commands)
	for {
		select {
		case next := <-commands:
			if next.Do == "leave" {
				client.Close()
				say("left", nil)
				return
			}
			obey(client, next)
		default:
			poll(client)
		}
	}
}

func readCommands(commands chan<- command) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var next command
		check(json.Unmarshal(in.Bytes(), &next))
		commands <- next
	}
	os.Exit(0) // the test is gone, and so must we be
}

func poll(client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	fetches := client.PollFetches(ctx)
	fetches.EachError(func(_ string, _ int32, err error) {
		var known *kerr.Error
		if errors.As(err, &known) {
			say("error", map[string]any{"error": known.Message})
		} else if !errors.Is(err, context.DeadlineExceeded) {
			say("error", map[string]any{"error": err.Error()})
		}
	})
	fetches.EachRecord(func(r *kgo.Record) {
		say("record", map[string]any{"topic": r.Topic, "partition": r.Partition, "offset": r.Offset,
			"value": string(r.Value)})
	})
}

func obey(client *kgo.Client, next command) {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	set := func(topic string, partition int32, offset int64) {
		if offsets[topic] == nil {
			offsets[topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[topic][partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	switch next.Do {
	case "commit":
		for _, at := range next.Offsets {
			set(at[0].(string), int32(at[1].(float64)), int64(at[2].(float64)))
		}
		client.CommitOffsetsSync(context.Background(), offsets, nil)
		say("committed", map[string]any{"offsets": next.Offsets})
	case "pause":
		client.PauseFetchPartitions(map[string][]int32{next.Topic: {next.Partition}})
		say("paused", nil)
	case "resume":
		client.ResumeFetchPartitions(map[string][]int32{next.Topic: {next.Partition}})
		say("resumed", nil)
	case "seek":
		set(next.Topic, next.Partition, next.Offset)
		client.SetOffsets(offsets)
		say("sought", nil)
	}
}
