# Compiler and linker settings shared by every room. TL_SANITIZE=address,undefined or thread builds the same tree under a sanitizer.
set(TL_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
option(TL_TESTS "Build the unit tests" ON)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
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
    add_compile_options(-fsanitize=${TL_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${TL_SANITIZE})
endif()
