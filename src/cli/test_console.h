// cli/test_console.h: a Console that keeps what is printed; for tests.
#pragma once

#include <cstdlib>
#include <string>

#include "cli/console.h"

namespace tideline::cli {

class TestConsole {
public:
    TestConsole() : out_(::open_memstream(&out_text_, &out_size_)), err_(::open_memstream(&err_text_, &err_size_)), console_(out_, err_) {}
    ~TestConsole() {
        std::fclose(out_);
        std::fclose(err_);
        std::free(out_text_);
        std::free(err_text_);
    }
    TestConsole(const TestConsole&) = delete;

    Console& console() { return console_; }
    std::string out() {
        std::fflush(out_);
        return {out_text_, out_size_};
    }
    std::string err() {
        std::fflush(err_);
        return {err_text_, err_size_};
    }

private:
    char* out_text_ = nullptr;
    char* err_text_ = nullptr;
    std::size_t out_size_ = 0;
    std::size_t err_size_ = 0;
    std::FILE* out_;
    std::FILE* err_;
    Console console_;
};

}  // namespace tideline::cli
