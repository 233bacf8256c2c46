# shellcheck shell=bash
# Sourced by ./build, ./check and ./demo: makes sure that what they need is there, and installs it where that
# is possible (a Debian or Ubuntu system, and root or sudo without a password).

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# No compiler or build node may outlive the script: a pipe that reads our output would wait for it.
export MSBUILDDISABLENODEREUSE=1

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null
}

# need_packages PACKAGE:TEST ... installs the packages whose TEST, a command name or an absolute path, is not there.
need_packages() {
    local pair package test missing=()
    for pair in "$@"; do
        package=${pair%%:*}
        test=${pair#*:}
        case $test in
            /*) compgen -G "$test" >/dev/null || missing+=("$package") ;;
            *) command -v "$test" >/dev/null 2>&1 || missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    can_install || fail "missing packages (Debian's names): ${missing[*]}. Install them and run this again."
    printf '%s: installing %s\n' "${0##*/}" "${missing[*]}" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null </dev/null || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${missing[@]}" \
        </dev/null >/dev/null || fail "could not install ${missing[*]}"
}

# The SDK that global.json asks for, or a message that says what to do.
need_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1 && can_install; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null </dev/null || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install dotnet-sdk-10.0 \
            </dev/null >/dev/null 2>&1 || true
    fi
    command -v dotnet >/dev/null 2>&1 ||
        fail "the .NET SDK 10 is needed and no 'dotnet' was found: see https://dotnet.microsoft.com/download/dotnet/10.0"
    dotnet --version >/dev/null 2>&1 ||
        fail "the .NET SDK 10 is needed (global.json); installed: $(cd / && dotnet --list-sdks | tr '\n' ' ')"
}
