# Shared by the scripts: where the tree is, what it needs from Debian, how it is built. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What builds and runs the broker.
BUILD_PACKAGES=(clang-19 lld-19 cmake ninja-build ccache python3 pkg-config git ca-certificates
    libfmt-dev libisal-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev
    librdkafka-dev libcli11-dev libre2-dev nlohmann-json3-dev)
# What its tests need besides.
TEST_PACKAGES=(libgtest-dev libgmock-dev python3-pytest python3-confluent-kafka python3-kafka kcat strace zsh)
# What a tree under sanitizers, fuzzers included, needs besides.
SANITIZER_PACKAGES=(libclang-rt-19-dev)

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# install_packages NAME…: installs from Debian what is missing, and nothing when all is there.
install_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} = 0 ]; then
        say "packages: all there"
        return
    fi
    say "packages: installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build DIR [cmake options…] [-- ninja targets…]
build() {
    local dir=$1
    shift
    local options=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    [ $# -gt 0 ] && shift
    say "build: $dir"
    cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release "${options[@]}" >"$dir.configure.log" 2>&1 || {
        cat "$dir.configure.log"
        return 1
    }
    ninja -C "$dir" "$@" | tail -n 3
}

# The one build under address and undefined-behaviour sanitizers, for fuzzers and for tests. Arguments: ninja targets.
build_under_address_sanitizer() {
    build build/asan -DTL_TESTS=ON -DTL_FUZZ=ON -- "$@"
}

passed=0
failed=0
# count PASSED FAILED: adds to the totals that the closing line prints.
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# count_report FILE WHAT: adds what a report in JUnit's form says; none at all is a failure.
count_report() {
    local tests bad skipped
    if [ ! -s "$1" ]; then
        echo "$2 ended without a report"
        count 0 1
        return
    fi
    read -r tests bad skipped < <(python3 - "$1" <<'PY'
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
suites = [root] if root.get("tests") else list(root)
total = lambda name: sum(int(suite.get(name, 0)) for suite in suites)
print(total("tests"), total("failures") + total("errors"), total("skipped"))
PY
    )
    count $((tests - bad - skipped)) "$bad"
    rm -f "$1"
}

# run_unit_tests BUILD-DIR
run_unit_tests() {
    local program report
    for program in $(find "$1/src" -name 'tl_*_test' -type f -perm -u+x | sort); do
        report=$1/$(basename "$program").xml
        rm -f "$report"
        "$program" --gtest_brief=1 --gtest_output="xml:$report" || true
        count_report "$report" "$program"
    done
}

# run_pytest ARGUMENTS…: Debian's own python3 is the one that sees Debian's Kafka clients.
run_pytest() {
    local report=build/pytest.xml
    rm -f "$report"
    /usr/bin/python3 -m pytest -q --junitxml="$report" "$@" || true
    count_report "$report" pytest
}

# The last line of every script that tests.
close_with_counts() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
