# Compiler and linker settings shared by every room. TL_SANITIZE=address,undefined or thread builds the same tree under a sanitizer.
set(TL_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
option(TL_TESTS "Build the unit tests" ON)
option(TL_FUZZ "Build the tree under address and undefined-behaviour sanitizers, and the fuzz targets of tests/fuzz with it" OFF)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(TL_FUZZ)
    # One build for fuzzing and for the end-to-end tests: the coverage that guides fuzzers costs the others little.
    set(TL_SANITIZE fuzzer-no-link,address,undefined)
    # How deep the stack is depends on where it begins, and with it what a fuzzer finds interesting (see scripts/fuzz).
    set(without_stack_depth -fno-sanitize-coverage=stack-depth)
endif()
if(TL_SANITIZE)
    # Checks are most of the code then: half the time of building, and hardly slower.
    set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
endif()
# x86-64-v2 has SSE4.2, which the short CRC-32C path uses; every server of the last fifteen years has it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-march=x86-64-v2)
endif()
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-unused-parameter -Wno-missing-field-initializers
                    -fno-omit-frame-pointer -fstack-protector-strong)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-fuse-ld=lld)
# ccache must see through precompiled headers.
add_compile_options(-Xclang -fno-pch-timestamp)
if(TL_SANITIZE)
    add_compile_options(-fsanitize=${TL_SANITIZE} -fno-sanitize-recover=all ${without_stack_depth})
    add_link_options(-fsanitize=${TL_SANITIZE})
endif()
