# Shared by the scripts: where the tree is, what it needs from Debian, how it is built. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What builds and runs the broker.
BUILD_PACKAGES=(clang-19 lld-19 cmake ninja-build ccache python3 pkg-config git ca-certificates
    libfmt-dev libisal-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev
    librdkafka-dev libcli11-dev libre2-dev nlohmann-json3-dev)
# What its tests need besides.
TEST_PACKAGES=(libgtest-dev libgmock-dev python3-pytest python3-confluent-kafka python3-kafka kcat strace zsh)

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
