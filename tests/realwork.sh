#!/usr/bin/env bash
# Real work on a real mount, for about an hour; not part of ./check.
# Makes a volume (or a cluster), mounts it, lets programs work on it, and after each of them unmounts it, checks it,
# mounts it again and compares what is there with what was there.
#   tests/realwork.sh [--nodes N] [--size SIZE] [--keep] [WORK...]
# WORK is one or more of: git build sqlite rsync tar kill, which are all unless named, and fio postgres dbench stress.
# With HAMMER2_OTHER_FSCK set to another checker's command, that one is run on each image too and must end with 0.
# Needs git, sqlite3, rsync, fuse3, root or a user with fusermount3, and room for what is written in $TMPDIR; the last
# four works need root, fio, postgresql, dbench and stress-ng.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=eng/requirements.sh
. eng/requirements.sh

nodes=1 size=12g keep=no works=()
while [ $# -gt 0 ]; do
    case $1 in
        --nodes) nodes=$2; shift ;;
        --size) size=$2; shift ;;
        --keep) keep=yes ;;
        git | build | sqlite | rsync | tar | kill | fio | postgres | dbench | stress) works+=("$1") ;;
        *) fail "see the head of this file: $1" ;;
    esac
    shift
done
[ ${#works[@]} -gt 0 ] || works=(git build sqlite rsync tar kill)
need_packages git:git sqlite3:sqlite3 rsync:rsync fuse3:fusermount3
[[ ! " ${works[*]} " =~ \ (fio|postgres|dbench|stress)\  ]] ||
    need_packages fio:fio dbench:dbench stress-ng:stress-ng postgresql:/usr/lib/postgresql
hammer2=${HAMMER2:-$PWD/out/hammer2}
[ -x "$hammer2" ] || ./build

scratch=$(mktemp -d "${TMPDIR:-/tmp}/hammer2-realwork.XXXXXX")
mount=$scratch/mnt
images=()
for ((i = 0; i < nodes; i++)); do images+=("$scratch/n$i.img"); done
label=DATA
[ "$nodes" -eq 1 ] || label=CL

say() { printf '\n== %s\n' "$*"; }
is_mounted() { mountpoint -q "$mount"; }
mount_it() { "$hammer2" mount "${images[0]}@$label" "${images[@]:1}" "$mount"; }
daemon_of() { pgrep -f "^[^ ]*hammer2 mount .*${images[0]}" || true; }
unmount_it() {
    local tries=0 image
    until if [ "$(id -u)" -eq 0 ]; then umount "$mount"; else fusermount3 -u "$mount"; fi; do
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || fail "$mount stays busy"
        sleep 0.2
    done
    # The daemon releases its devices when the last changes are durable.
    for image in "${images[@]}"; do flock --timeout 120 "$image" true; done
}
clean_up() {
    local status=$?
    if is_mounted; then unmount_it || true; fi
    if [ "$keep" = no ] && [ "$status" -eq 0 ]; then rm -rf "$scratch"; else printf 'left: %s\n' "$scratch"; fi
    exit "$status"
}
trap clean_up EXIT

# Everything that a program could see of a tree, but for times of access.
listing() {
    (
        cd "$1"
        find . -printf '%p\t%y\t%m\t%U\t%G\t%n\t%T@\t%l\t' \( -type f -printf '%s\n' -o -printf '\n' \) | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
    )
}

check_images() {
    local image
    "$hammer2" fsck -n "${images[@]}" >"$scratch/fsck.log" 2>&1 ||
        { tail -n 40 "$scratch/fsck.log"; fail 'fsck has found something'; }
    for image in "${images[@]}"; do
        "$hammer2" verify "$image" >"$scratch/verify.log" || { cat "$scratch/verify.log"; fail 'verify has found damage'; }
        [ -z "${HAMMER2_OTHER_FSCK:-}" ] ||
            $HAMMER2_OTHER_FSCK "$image" >"$scratch/other.log" 2>&1 ||
            { tail -n 40 "$scratch/other.log"; fail "$HAMMER2_OTHER_FSCK has found something"; }
    done
}

mount_anew() { unmount_it && mount_it; }

# Unmounts, checks, mounts, compares.
round() {
    listing "$mount" >"$scratch/before"
    unmount_it
    check_images
    mount_it
    listing "$mount" >"$scratch/after"
    diff "$scratch/before" "$scratch/after" >"$scratch/differences" ||
        { head -n 20 "$scratch/differences"; fail 'the tree changed while it was not mounted'; }
    printf 'checked: %s files and directories, the same after mounting again\n' "$(grep -c $'^\\.' "$scratch/after")"
}

work_git() {
    git clone -q --no-hardlinks . "$mount/clone"
    git -C "$mount/clone" fsck --full --strict --no-dangling
    git -C "$mount/clone" status --porcelain | { ! grep .; }
    git -C "$mount/clone" gc -q --aggressive --prune=now
    git -C "$mount/clone" fsck --full --no-dangling
    diff <(git rev-parse HEAD) <(git -C "$mount/clone" rev-parse HEAD)
}

work_build() {
    need_dotnet
    [ -d "$mount/clone" ] || git clone -q --no-hardlinks . "$mount/clone"
    (cd "$mount/clone" && dotnet build tools/hammer2 -c Release -v quiet --nologo </dev/null)
    "$mount/clone/tools/hammer2/bin/Release/net10.0/hammer2" --version
}

# Inserts rows, each a transaction of its own, and writes down each that was acknowledged. Extra: a journal that is
# removed stays removed, for that is what commits a transaction without WAL.
insert_rows() {
    local i=$1
    printf '%s\n' 'pragma synchronous=extra;' '.timeout 10000'
    for ((; i < $2; i++)); do printf 'insert into t values(%d, randomblob(%d)); select %d;\n' "$i" $((i % 3000)) "$i"; done
}
check_rows() {
    local last found
    [ "$(sqlite3 "$1" 'pragma integrity_check')" = ok ] || fail "$1: the database is damaged"
    last=$(tail -n 1 "$2")
    found=$(sqlite3 "$1" "select count(*) from t where i <= ${last:-0} and i >= $3")
    [ "$found" -eq $((${last:-$3} - $3 + 1)) ] || fail "$1: $found rows up to $last, that were acknowledged from $3 on"
}
work_sqlite() {
    local mode database writer
    for mode in delete truncate wal; do
        database=$mount/$mode.db
        sqlite3 "$database" "pragma journal_mode=$mode; create table t(i integer primary key, b blob)" >/dev/null
        # A whole run, and then ones that are killed in the middle.
        insert_rows 1 400 | stdbuf -oL sqlite3 "$database" >"$scratch/acknowledged"
        check_rows "$database" "$scratch/acknowledged" 1
        for from in 1000 20000 40000; do
            insert_rows "$from" $((from + 15000)) >"$scratch/script"
            stdbuf -oL sqlite3 "$database" <"$scratch/script" >"$scratch/acknowledged" &
            writer=$!
            sleep 3
            kill -9 "$writer" 2>/dev/null || true
            wait "$writer" 2>/dev/null || true
            check_rows "$database" "$scratch/acknowledged" "$from"
        done
        sqlite3 "$database" 'delete from t where i % 3 = 0; vacuum'
        [ "$(sqlite3 "$database" 'pragma integrity_check')" = ok ] || fail "$mode: damaged after vacuum"
        printf '%s: %s rows\n' "$mode" "$(sqlite3 "$database" 'select count(*) from t')"
    done
}

source_tree() { printf '%s' "${REALWORK_SOURCE:-/usr/share}"; }
work_rsync() {
    local source
    source=$(source_tree)
    rsync -aH --exclude='*.sock' "$source/" "$mount/rsync/"
    rsync -aHnc --delete --itemize-changes "$source/" "$mount/rsync/" | { ! grep .; } || fail 'rsync finds differences'
    mkdir "$scratch/back"
    rsync -aH "$mount/rsync/" "$scratch/back/"
    rsync -aHnc --delete --itemize-changes "$source/" "$scratch/back/" | { ! grep .; } || fail 'it came back different'
    diff -rq --no-dereference "$source" "$mount/rsync"
    rm -rf "$scratch/back"
}

work_tar() {
    local source
    source=$(source_tree)
    mkdir "$mount/tar"
    tar -C "$source" --format=gnu -cf "$scratch/source.tar" .
    tar -C "$mount/tar" -xpf "$scratch/source.tar"
    tar -C "$mount/tar" -df "$scratch/source.tar"
    tar -C "$mount/tar" --format=gnu -cf "$mount/again.tar" .
    tar -C "$source" -df "$mount/again.tar"
    rm -rf "$scratch/source.tar" "$mount/again.tar" "$mount/tar"
}

# The daemon is killed while a database is written: what was acknowledged must be there.
work_kill() {
    local mode daemon writer database
    for mode in delete wal; do
        database=$mount/killed-$mode.db
        sqlite3 "$database" "pragma journal_mode=$mode; create table t(i integer primary key, b blob)" >/dev/null
        sync -f "$mount"
        for from in 1 20000 40000; do
            insert_rows "$from" $((from + 15000)) >"$scratch/script"
            stdbuf -oL sqlite3 "$database" <"$scratch/script" >"$scratch/acknowledged" 2>/dev/null &
            writer=$!
            cp -a "${REALWORK_SMALL:-/usr/share/perl}" "$mount/copy.$mode.$from" 2>/dev/null &
            sleep 4
            daemon=$(daemon_of)
            [ -n "$daemon" ] || fail 'no daemon was found'
            # shellcheck disable=SC2086
            kill -9 $daemon
            wait "$writer" 2>/dev/null || true
            wait
            # Without WAL, sqlite takes a directory that it cannot open any more for one that needs no syncing: the last
            # row was acknowledged but is not guaranteed.
            [ "$mode" = wal ] || sed -i '$d' "$scratch/acknowledged"
            umount -l "$mount" 2>/dev/null || fusermount3 -uz "$mount"
            check_images
            mount_it
            check_rows "$database" "$scratch/acknowledged" "$from"
        done
        printf '%s: %s rows after three kills of the daemon\n' "$mode" "$(sqlite3 "$database" 'select count(*) from t')"
    done
}

# shellcheck source=tests/suites.sh
. tests/suites.sh

mkdir "$mount"
cluster=()
[ "$nodes" -eq 1 ] || cluster=(--cluster "$label")
"$hammer2" newfs -s "$size" "${cluster[@]}" "${images[@]}" >/dev/null
mount_it
for work in "${works[@]}"; do
    say "$work, $nodes node(s)"
    begun=$SECONDS
    "work_$work"
    printf '%s took %d s\n' "$work" $((SECONDS - begun))
    round
done
unmount_it
check_images
say 'all of it worked'
