# Works of tests/realwork.sh that are suites of their own: fio with verification, postgres, dbench, stress-ng. Read by that
# script, whose functions and variables they use.

# Files are verified as they are written, and all of them again after the filesystem was mounted anew.
work_fio() {
    local directory=$mount/fio
    mkdir -p "$directory"
    cat >"$scratch/fio.job" <<JOB
[global]
directory=$directory
verify=crc32c
verify_fatal=1
verify_backlog=1024
randseed=7
filesize=64m
[buffered]
rw=randrw
bsrange=4k-128k
fsync=64
numjobs=2
[direct]
direct=1
rw=randwrite
bs=4k
size=32m
[sequential]
rw=write
bs=1m
fallocate=keep
JOB
    fio --aux-path="$scratch" --output="$scratch/fio.log" "$scratch/fio.job" ||
        { cat "$scratch/fio.log"; fail 'fio has found differences'; }
    mount_anew
    fio --aux-path="$scratch" --output="$scratch/fio.log" --verify_only "$scratch/fio.job" ||
        { cat "$scratch/fio.log"; fail 'fio has found differences after mounting anew'; }
}

# The server is stopped as by a crash, recovers on the filesystem that was mounted anew, and checks indexes, sums of the
# benchmark and checksums.
work_postgres() {
    local programs directory=$mount/postgres options as
    programs=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -n 1)")
    chmod a+x "$scratch"
    install -d -o postgres "$directory"
    options="-k $directory -p 54329 -c listen_addresses="
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups env PGHOST="$directory" PGPORT=54329)
    (
        cd "$directory"
        "${as[@]}" "$programs/initdb" -k -D data >/dev/null
        "${as[@]}" "$programs/pg_ctl" -D data -w -l log -o "$options" start >/dev/null
        "${as[@]}" createdb bench
        "${as[@]}" pgbench -q -i -s 5 bench 2>/dev/null
        "${as[@]}" pgbench -c 4 -T 15 bench 2>/dev/null | grep -E '^(tps|number of failed)'
        "${as[@]}" "$programs/pg_ctl" -D data -m immediate stop >/dev/null
    )
    mount_anew
    (
        cd "$directory"
        "${as[@]}" "$programs/pg_ctl" -D data -w -l log -o "$options" start >/dev/null
        "${as[@]}" psql -qAt bench -c 'CREATE EXTENSION amcheck' -c "SELECT count(bt_index_check(indexrelid, true))
            FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relkind = 'i' AND relam = 403" >/dev/null
        [ "$("${as[@]}" psql -qAt bench -c 'SELECT (SELECT sum(abalance) FROM pgbench_accounts)
            - (SELECT sum(tbalance) FROM pgbench_tellers)')" = 0 ] || fail 'the sums of the benchmark differ'
        "${as[@]}" "$programs/pg_ctl" -D data -w stop >/dev/null
        "${as[@]}" "$programs/pg_checksums" --check -D data | grep 'Bad checksums:  0'
    )
}

work_dbench() {
    local load
    load=$(find /usr/share/dbench -name client.txt | head -n 1)
    mkdir -p "$mount/dbench"
    dbench -t 20 ${load:+-c "$load"} -D "$mount/dbench" 4 | grep '^Throughput'
}

# Each stressor for three seconds, two at once, with its own verification.
work_stress() {
    local one failed=() total=0
    mkdir -p "$mount/stress"
    for one in access chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dup fallocate fcntl fiemap file-ioctl \
        filename flock fpunch fstat getdent handle hdd inode-flags inotify io iomix ioprio link locka lockf lockofd mknod \
        mmap msync open rename revio seek sendfile splice symlink sync-file touch utime xattr; do
        total=$((total + 1))
        (cd "$mount/stress" && timeout 120 stress-ng --"$one" 2 --timeout 3s --verify --temp-path .) \
            >"$scratch/stress.log" 2>&1 || { failed+=("$one"); tail -n 20 "$scratch/stress.log"; }
    done
    printf '%d stressors, %d with errors%s\n' "$total" "${#failed[@]}" "${failed[*]:+: ${failed[*]}}"
    [ ${#failed[@]} -eq 0 ] || fail 'stress-ng has found errors'
}
