// tests/fuzz/seeds/seeds.h: good inputs, from which the fuzzers begin; written from the code, so that they follow it.
//
//   fuzz_seeds DIR writes DIR/<target>/<name>. What once found something is not here but in tests/fuzz/corpus.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"

namespace tideline::fuzz {

class Seeds {
public:
    explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // An input of that target: a few bytes that choose, and the rest.
    void add(const std::string& target, const std::string& name, std::initializer_list<int> first, base::ByteView rest) const;
    void add(const std::string& target, const std::string& name, std::initializer_list<int> first, std::string_view rest) const {
        add(target, name, first, base::as_bytes(rest));
    }

private:
    std::filesystem::path directory_;
};

void add_messages(const Seeds& seeds);
void add_batches(const Seeds& seeds);
void add_files(const Seeds& seeds);
void add_groups(const Seeds& seeds);
void add_transactions(const Seeds& seeds);
void add_texts(const Seeds& seeds);

}  // namespace tideline::fuzz
