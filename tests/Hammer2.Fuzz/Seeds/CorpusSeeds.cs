// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Hammer2.Fuzz.Seeds;

/// <summary>The first inputs of each target: well-formed ones of every kind, from which a fuzzer goes on.</summary>
internal static class CorpusSeeds
{
    /// <summary>Writes them, a folder for each target.</summary>
    public static void Write(string folder)
    {
        Write(folder, "volume-header", MediaSeeds.VolumeHeaders());
        Write(folder, "block", MediaSeeds.Blocks());
        Write(folder, "freemap", MediaSeeds.Freemaps());
        Write(folder, "lz4", CodecSeeds.Lz4());
        Write(folder, "zlib", CodecSeeds.Zlib());
        Write(folder, "fuse", FuseSeeds.Requests());
        Write(folder, "fuse-init", FuseSeeds.Inits());
        Write(folder, "partitions", PartitionSeeds.Disks());
        Write(folder, "nbd", NbdSeeds.Servers());
        Write(folder, "mount-text", Texts(MountTexts));
        Write(folder, "command-text", Texts(CommandTexts));
    }

    private static readonly string[] MountTexts =
    [
        "\0ro,uid=1000,gid=0,umask=027,allow_other,foreground,loglevel=info,memory=64M",
        "\0degraded,offset=1G,partition=s1d,max_threads=3,readahead=512K,fsname=here",
        "\0commit=5,nowriteback,rw\nnodiscard,dedup",
        "\u0001user,noexec,x-systemd.automount,unknown=1,rw,ro",
        "\0/dev/sda1:/dev/sdb@DATA",
        "\0a\\:b\\@c\\\\d@LABEL",
        "\0nbd://[::1]:10809/x:nbd+unix:///e?socket=/run/s&timeout=5:/dev/sda@DATA",
        "\0fsname=a\\,rw\\\\,rw",
        "\0pfs=DATA,device=/dev/b:/dev/c,device=d\\\\:e,label=X",
    ];

    private static readonly string[] CommandTexts =
    [
        "\0disk.img@DATA\0/mnt\0-o\0ro",
        "\u000E-s\010g\0-L\0HOME\0-L\0DATA\0disk",
        "\u000E-s\0512m:1t\0-b\064m\0-r\08m\0--cluster\0CL\0a\0b\0c",
        "\u000E--compression\0zlib:9\0--check\0sha192\0--uuid\000000000-1111-2222-3333-444444444444\0--time\01\0d",
        "\u000D--json\0--log-level\0debug\0disk",
        "\u0011--\0-x\\x41\\\\",
    ];

    private static IEnumerable<byte[]> Texts(string[] texts)
    {
        foreach (string text in texts) yield return Encoding.UTF8.GetBytes(text);
    }

    private static void Write(string folder, string target, IEnumerable<byte[]> inputs)
    {
        string path = Path.Combine(folder, target);
        _ = Directory.CreateDirectory(path);
        int number = 0;
        foreach (byte[] input in inputs) File.WriteAllBytes(Path.Combine(path, $"seed-{number++:D2}"), input);
    }
}
