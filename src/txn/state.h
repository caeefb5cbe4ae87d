// txn/state.h: the states of a transactional id, as its records and the APIs say them.
//
//             add                end(commit)                   all markers written
//   empty ─────────► ongoing ───────────────► prepare_commit ────────────────────► complete_commit
//     ▲                 │  end(abort), timeout,                                        │   │ add
//     │                 └─────────────────────► prepare_abort ───────────────► complete_abort ──► ongoing
//     └──────────────────────────────────────────── init ◄─────────────────────────────┘
//
// From transaction.version 2 on, empty and the complete states go to prepare_abort, too: a producer that does not know whether its
// transaction began may abort it. Kafka's other two states are never written: an id that expires is `dead` while its
// tombstone is written, and one whose producer is being fenced is in prepare_epoch_fence; here both are one step.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tideline::txn {

enum class State : std::int8_t {
    empty = 0,
    ongoing = 1,
    prepare_commit = 2,
    prepare_abort = 3,
    complete_commit = 4,
    complete_abort = 5,
    dead = 6,
    prepare_epoch_fence = 7,
};

std::string_view name_of(State state);  // "PrepareCommit"
std::optional<State> state_named(std::string_view name);

inline bool is_prepared(State state) { return state == State::prepare_commit || state == State::prepare_abort; }
inline bool is_complete(State state) { return state == State::complete_commit || state == State::complete_abort; }

}  // namespace tideline::txn
