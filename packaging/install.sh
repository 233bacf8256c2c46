#!/bin/sh
# Installs the program, its manual pages, completions, units and documents from the directory of this script, or removes
# exactly the same files. The .deb is made with it, too.
#   ./install.sh [--uninstall] [--destdir DIR] [--prefix DIR] [--sbindir DIR]
# --destdir is put before every path, as for packages. --prefix (/usr/local) is where everything lies but mount.hammer2,
# mkfs.hammer2, fsck.hammer2 and their kin: mount(8) looks for them only in --sbindir (/sbin). Units of systemd and the
# udev rule are in PREFIX/lib, which systemd reads below /usr and /usr/local.
set -eu

destdir='' prefix=/usr/local sbindir=/sbin action=install
usage() {
    printf 'usage: %s [--uninstall] [--destdir DIR] [--prefix DIR] [--sbindir DIR]\n' "$0" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
        --uninstall) action=uninstall; shift ;;
        --destdir | --prefix | --sbindir)
            [ $# -ge 2 ] || usage
            case $1 in
                --destdir) destdir=$2 ;;
                --prefix) prefix=$2 ;;
                --sbindir) sbindir=$2 ;;
            esac
            shift 2
            ;;
        *) usage ;;
    esac
done
case $prefix$sbindir in
    /*) ;;
    *) printf '%s: --prefix and --sbindir are absolute paths\n' "$0" >&2; exit 2 ;;
esac
case $destdir in
    '' | /*) ;;
    *) destdir=$PWD/$destdir ;;
esac
cd "$(dirname "$0")"

# put MODE FILE PATH installs a file, or removes it.
put() {
    if [ "$action" = install ]; then
        mkdir -p "$destdir${3%/*}"
        install -m "$1" "$2" "$destdir$3"
    else
        rm -f "$destdir$3"
    fi
}

# put_link TARGET PATH installs a symbolic link, or removes it.
put_link() {
    if [ "$action" = install ]; then
        mkdir -p "$destdir${2%/*}"
        ln -sfn "$1" "$destdir$2"
    else
        rm -f "$destdir$2"
    fi
}

# put_tree MODE FROM TO does it with all files below a directory.
put_tree() {
    find "$2" -type f | LC_ALL=C sort | while IFS= read -r file; do
        put "$1" "$file" "$3/${file#"$2"/}"
    done
}

put 755 bin/hammer2 "$prefix/bin/hammer2"
while IFS= read -r name; do
    put_link "$prefix/bin/hammer2" "$sbindir/$name"
    # bash and fish look for completions by the name of the command.
    put_link hammer2 "$prefix/share/bash-completion/completions/$name"
    put_link hammer2.fish "$prefix/share/fish/vendor_completions.d/$name.fish"
done <names
put_tree 644 share "$prefix/share"
put_tree 644 doc "$prefix/share/doc/hammer2"
put_tree 644 lib "$prefix/lib"

# Units and the udev rule name the program by its path.
if [ "$action" = install ]; then
    for file in "$destdir$prefix"/lib/systemd/system/hammer2-* "$destdir$prefix"/lib/udev/rules.d/64-hammer2.rules; do
        if [ -f "$file" ]; then sed -i "s:/usr/s*bin/hammer2:$prefix/bin/hammer2:g" "$file"; fi
    done
fi
if [ "$action" = uninstall ]; then rmdir "$destdir$prefix/share/doc/hammer2" 2>/dev/null || true; fi
