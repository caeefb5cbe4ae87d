#include <cstdio>
#include <fstream>

#include "seeds/seeds.h"

namespace tideline::fuzz {

void Seeds::add(const std::string& target, const std::string& name, std::initializer_list<int> first, base::ByteView rest) const {
    std::filesystem::create_directories(directory_ / target);
    std::ofstream out(directory_ / target / name, std::ios::binary);
    for (int each : first) {
        out.put(static_cast<char>(each));
    }
    out << base::as_text(rest);
}

}  // namespace tideline::fuzz

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("use: fuzz_seeds DIR\n", stderr);
        return 1;
    }
    const tideline::fuzz::Seeds seeds(argv[1]);
    tideline::fuzz::add_messages(seeds);
    tideline::fuzz::add_batches(seeds);
    tideline::fuzz::add_files(seeds);
    tideline::fuzz::add_groups(seeds);
    tideline::fuzz::add_transactions(seeds);
    tideline::fuzz::add_texts(seeds);
    return 0;
}
