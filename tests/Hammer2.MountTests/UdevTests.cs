// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A test that runs udev on loop devices, and is skipped where that is not possible.</summary>
internal sealed class UdevFactAttribute : FactAttribute
{
    public UdevFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = File.Exists(UdevTests.Daemon)
            ? new LoopMountFactAttribute().Skip
            : "systemd-udevd is not installed";
}

/// <summary>While udev runs it opens, and locks for moments, the loop devices of all tests.</summary>
[CollectionDefinition(nameof(UdevCollection), DisableParallelization = true)]
public sealed class UdevCollection;

/// <summary>
/// Goal: a system with the rule for udev knows a volume by its id and label. Method: udev itself with this rule and the
/// program, in namespaces of mounts and processes with a /run of their own; what lsblk, findfs and mount(8) then say.
/// </summary>
[Collection(nameof(UdevCollection))]
public sealed class UdevTests : IDisposable
{
    internal const string Daemon = "/lib/systemd/systemd-udevd";

    private const string Script = """
        set -e
        mount -t tmpfs none /run
        mkdir -p /run/udev/rules.d /run/mnt
        sed "s|/usr/sbin/hammer2|$0|" "$1" >/run/udev/rules.d/64-hammer2.rules
        systemd=$3
        "$systemd" --daemon 2>/run/udevd.log
        loop=$(losetup -f --show "$2")
        trap 'umount /sbin 2>/dev/null || :; losetup -d "$loop" || :; udevadm settle -t 30 || :' EXIT
        udevadm trigger --settle --action=change "$loop"
        udevadm info -q property "$loop" | grep -E '^ID_FS_'
        echo "lsblk=$(lsblk -nro FSTYPE,FSVER,UUID,LABEL "$loop")"
        """;

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("hammer2-udev-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [UdevFact]
    public void Udev_and_mount_find_a_volume_by_id_and_label()
    {
        string tree = _scratch.FullName + "/tree";
        _ = Directory.CreateDirectory(tree);
        File.WriteAllText(tree + "/hello", "found\n");
        string image = Make("my home", "--populate", tree);
        const string Mounting = """

            id=$(udevadm info -q property "$loop" | sed -n s/^ID_FS_UUID=//p)
            [ "$(findfs UUID="$id")" = "$loop" ]
            mount -t tmpfs none /sbin
            printf '#!/bin/sh\nexec "%s" mount.hammer2 "$@"\n' "$0" >/sbin/mount.hammer2
            chmod +x /sbin/mount.hammer2
            mount -t hammer2 -o ro UUID="$id" /run/mnt
            cat /run/mnt/hello
            umount /run/mnt
            mount -t hammer2 -o ro LABEL="my home" /run/mnt
            findmnt -no FSTYPE /run/mnt
            umount /run/mnt
            umount /sbin
            """;
        string[] lines = Run(Script + Mounting, image);
        Assert.Contains("ID_FS_TYPE=hammer2", lines);
        Assert.Contains("ID_FS_USAGE=filesystem", lines);
        Assert.Contains("ID_FS_MOUNTTYPE=hammer2", lines);
        Assert.Contains("ID_FS_VERSION=2", lines);
        Assert.Contains("ID_FS_LABEL=my_home", lines);
        Assert.Contains(@"ID_FS_LABEL_ENC=my\x20home", lines);
        string id = lines.Single(static line => line.StartsWith("ID_FS_UUID=", StringComparison.Ordinal))[11..];
        Assert.Contains($@"lsblk=hammer2 2 {id} my\x20home", lines);
        Assert.Contains("found", lines);
        Assert.Contains("fuse.hammer2", lines);
    }

    [UdevFact]
    public void Labels_cannot_set_other_properties_or_leave_the_directory_of_links()
    {
        string image = Make("../../x\nID_FS_TYPE=ext4 \"$(reboot)\"");
        string[] lines = Run(Script, image);
        Assert.Contains("ID_FS_TYPE=hammer2", lines);
        Assert.Contains(@"ID_FS_LABEL_ENC=..\x2f..\x2fx\x0aID_FS_TYPE=ext4\x20\x22\x24\x28reboot\x29\x22", lines);
        Assert.Equal(8, lines.Count(static line => line.StartsWith("ID_FS_", StringComparison.Ordinal)));
    }

    private string Make(string label, params string[] options)
    {
        string image = _scratch.FullName + "/disk.img";
        ProgramResult made = HammerProgram.Run(["newfs", "-s", "64m", "--label", label, .. options, image]);
        Assert.True(made.ExitCode == 0, made.Error);
        return image;
    }

    private static string[] Run(string script, string image)
    {
        ProgramResult result = HammerProgram.RunAny(
            "unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script,
            HammerProgram.ProgramPath, RepositoryRoot.Below("tools/udev/64-hammer2.rules"), image, Daemon);
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        return result.Output.Split('\n');
    }
}
