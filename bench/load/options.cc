#include "load/options.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tideline::load {

void die(std::string_view message) {
    std::fprintf(stderr, "tl_load: %.*s\n", static_cast<int>(message.size()), message.data());
    std::exit(1);
}

void die_errno(std::string_view message) {
    int error = errno;
    die(std::string(message) + ": " + std::strerror(error));
}

Options::Options(int count, char** words) {
    for (int i = 0; i < count; i += 2) {
        std::string_view name = words[i];
        if (!name.starts_with("--") || i + 1 == count) {
            die("options are pairs of --name and value; got '" + std::string(name) + "'");
        }
        values_[std::string(name.substr(2))] = words[i + 1];
    }
}

std::string Options::text(std::string_view name, std::string_view otherwise) const {
    auto found = values_.find(name);
    return found == values_.end() ? std::string(otherwise) : found->second;
}

double Options::fraction(std::string_view name, double otherwise) const {
    auto found = values_.find(name);
    if (found == values_.end()) {
        return otherwise;
    }
    char* end = nullptr;
    double value = std::strtod(found->second.c_str(), &end);
    if (end == found->second.c_str() || *end != '\0' || value < 0) {
        die("--" + std::string(name) + " wants a number; got '" + found->second + "'");
    }
    return value;
}

std::int64_t Options::number(std::string_view name, std::int64_t otherwise) const {
    return static_cast<std::int64_t>(fraction(name, static_cast<double>(otherwise)));
}

}  // namespace tideline::load
