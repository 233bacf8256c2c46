# shellcheck shell=bash
# Sourced by ./build, ./check and ./demo: makes sure that what they need is there, and installs it where that
# is possible (a Debian or Ubuntu system, and root or sudo without a password).

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# The SDK's programs end at once where libicu is missing, unless they are told to do without. The projects do
# (InvariantGlobalization in Directory.Build.props).
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
# No build node may outlive the script: a pipe that reads our output would wait for it.
export MSBUILDDISABLENODEREUSE=1

# share_compiler has one compiler serve all projects, of this script and of those that it runs; else each starts one of its
# own. Within a script that has one, nothing is done. It has none of our files open. The script that began it calls end_compiler: it stays for ten idle minutes else.
share_compiler() {
    [ -n "${SharedCompilationId:-}" ] || export UseSharedCompilation=true SharedCompilationId=hammer2-build-$$
}

end_compiler() {
    local process
    [ "${SharedCompilationId:-}" = hammer2-build-$$ ] || return 0
    process=$(grep -lsa -- "-pipename:$SharedCompilationId" /proc/[0-9]*/cmdline | sed 's:[^0-9]*::g') || true
    # shellcheck disable=SC2086  # several numbers, or none
    [ -z "$process" ] || kill $process 2>/dev/null || true
}

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

# want_packages PACKAGE:TEST ... does the same where that is possible, and else says what is skipped without them.
want_packages() {
    (need_packages "$@") || printf '%s: going on without; tests that need them are skipped\n' "${0##*/}" >&2
}

# how_to_install_dotnet prints the line that does, with curl's installation before it where there is none. For a user it
# goes to ~/.dotnet, where need_dotnet finds it; for root to where programs of all users find it. README.md has both.
how_to_install_dotnet() {
    local install='curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0'
    if ! command -v curl >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
        [ "$EUID" -eq 0 ] || printf 'sudo '
        printf 'apt-get install -y curl ca-certificates && '
    fi
    if [ "$EUID" -eq 0 ]; then
        install+=' --install-dir /usr/share/dotnet && ln -s /usr/share/dotnet/dotnet /usr/local/bin/'
    fi
    printf '%s\n' "$install"
}

# The SDK that global.json asks for, on the path or in ~/.dotnet, or a message that says what to do.
need_dotnet() {
    local own=${DOTNET_ROOT:-${HOME:-}/.dotnet}
    if ! command -v dotnet >/dev/null 2>&1 && [ -x "$own/dotnet" ]; then
        export DOTNET_ROOT=$own PATH=$own:$PATH
    fi
    if ! command -v dotnet >/dev/null 2>&1 && can_install; then
        printf '%s: looking for the .NET SDK among the packages of this system\n' "${0##*/}" >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null </dev/null || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install dotnet-sdk-10.0 \
            </dev/null >/dev/null 2>&1 || true
    fi
    if ! command -v dotnet >/dev/null 2>&1; then
        fail "the .NET SDK 10 is needed first. Install it with the next line, then run this again:
$(how_to_install_dotnet)"
    fi
    # What the SDK loads, and a small Debian system may lack. (It needs no libicu: see above.)
    if command -v apt-get >/dev/null 2>&1; then
        need_packages 'libstdc++6:/usr/lib/*/libstdc++.so.6' 'openssl:/usr/lib/*/libssl.so.*' \
            ca-certificates:/etc/ssl/certs/ca-certificates.crt
    fi
    # Programs that are built here and run by themselves look for their runtime there.
    if [ -z "${DOTNET_ROOT:-}" ]; then
        DOTNET_ROOT=$(readlink -f "$(command -v dotnet)")
        export DOTNET_ROOT=${DOTNET_ROOT%/*}
    fi
    local wrong
    if ! wrong=$(dotnet --version 2>&1 >/dev/null); then
        fail "the .NET SDK 10 is needed (global.json), and 'dotnet --version' says:
$wrong
Install it with the next line, then run this again:
$(how_to_install_dotnet)"
    fi
}
