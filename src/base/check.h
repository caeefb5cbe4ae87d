// base/check.h: what must be true of our own state, in release builds too.
#pragma once

namespace tideline::base {

// Prints the condition and where it stands, then ends the process before bad state can reach a disk.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace tideline::base

#define TL_CHECK(condition)                                                    \
    do {                                                                       \
        if (!(condition)) [[unlikely]] {                                       \
            ::tideline::base::check_failed(#condition, __FILE__, __LINE__);    \
        }                                                                      \
    } while (false)
