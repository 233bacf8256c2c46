#!/usr/bin/env bash
# Costs of snapshots by the number of files, as in docs/PERFORMANCE.md: by hand, as root, with the native program.
#   tests/costs.sh [FILES...]        10000 100000 1000000 when left out
# HAMMER2_PROGRAM names the program (out/hammer2), HAMMER2_COSTS a directory with 24 GiB (a new one below /tmp).
# Each figure is the least of several runs, in seconds, with the start of the program.
set -euo pipefail
program=${HAMMER2_PROGRAM:-$(dirname "${BASH_SOURCE[0]}")/../out/hammer2}
work=${HAMMER2_COSTS:-$(mktemp -d /tmp/hammer2-costs.XXXXXX)}
mnt=$work/mnt
mkdir -p "$mnt"
trap 'umount "$mnt" 2>/dev/null || true; rm -rf "$work/tree" "$work/image" "$mnt"' EXIT

# Prints the least time of RUNS runs of a command; {} in its words is the number of the run.
least() {
    local runs=$1 best="" run start took
    shift
    for ((run = 1; run <= runs; run++)); do
        start=$EPOCHREALTIME
        "${@//\{\}/$run}" >/dev/null
        took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }')
        best=$(awk -v a="${best:-$took}" -v b="$took" 'BEGIN { print (a < b ? a : b) }')
    done
    echo "$best"
}

# Ten changes: seven files appended to, one made, one renamed, one removed.
change() {
    local file
    for file in 1 2 3 4 5 6 7; do echo "$1" >>"$mnt/d0/f$file"; done
    echo "$1" >"$mnt/d0/new$1"
    mv "$mnt/d0/g$1" "$mnt/d1/moved$1"
    rm "$mnt/d0/h$1"
}

printf '%-9s %9s %9s %11s %12s %9s\n' files snapshot diff bulkfree/1 bulkfree/10 list/100
for files in "${@:-10000 100000 1000000}"; do
    for count in $files; do
        rm -rf "$work/tree" "$work/image"
        mkdir "$work/tree"
        for ((directory = 0; directory < count / 1000; directory++)); do
            mkdir "$work/tree/d$directory"
            (cd "$work/tree/d$directory" && seq -f 'f%g' 1 1000 | xargs touch)
        done
        for ((i = 0; i < 12; i++)); do touch "$work/tree/d0/g$i" "$work/tree/d0/h$i"; done
        # A block of its own for some, and the rest in their inodes.
        for file in "$work"/tree/*/f1 "$work"/tree/*/f2; do head -c 3000 /dev/urandom >"$file"; done
        for file in "$work"/tree/d[0-9]/f*; do echo "$file" >>"$file"; done
        "$program" newfs -s 16g -L DATA "$work/image" --populate "$work/tree" >/dev/null
        rm -rf "$work/tree"
        "$program" mount "$work/image@DATA" "$mnt"
        "$program" snapshot "$mnt" s0 >/dev/null
        "$program" bulkfree "$mnt" >/dev/null
        one=$(least 3 "$program" bulkfree "$mnt")
        snapshot=99
        for number in 1 2 3 4 5 6 7 8 9; do
            change "$number"
            sync -f "$mnt"
            took=$(least 1 "$program" snapshot "$mnt" "s$number")
            snapshot=$(awk -v a="$snapshot" -v b="$took" 'BEGIN { print (a < b ? a : b) }')
        done
        "$program" bulkfree "$mnt" >/dev/null
        ten=$(least 3 "$program" bulkfree "$mnt")
        diff=$(least 5 "$program" diff "$mnt@s8" "$mnt@s9")
        for ((number = 10; number < 100; number++)); do "$program" snapshot "$mnt" "s$number" >/dev/null; done
        list=$(least 10 "$program" pfs-list "$mnt")
        umount "$mnt"
        while mountpoint -q "$mnt" || ! "$program" info "$work/image" >/dev/null 2>&1; do sleep 0.2; done
        printf '%-9s %9s %9s %11s %12s %9s\n' "$count" "$snapshot" "$diff" "$one" "$ten" "$list"
    done
done
