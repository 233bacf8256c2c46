// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>A test that runs systemd's generator, and is skipped where there is none.</summary>
internal sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip =
        File.Exists(FstabTests.Generator) ? null : "systemd-fstab-generator is not installed";
}

/// <summary>
/// Goal: a line of fstab mounts, at boot under systemd and by mount(8), with the label and further devices as options.
/// Method: the lines of the documents through systemd's own generator and verifier; lines over images through mount(8)
/// in a mount namespace of their own.
/// </summary>
public sealed class FstabTests : IDisposable
{
    internal const string Generator = "/usr/lib/systemd/system-generators/systemd-fstab-generator";

    private static readonly Regex Line = new(@"^(/dev/\S+) (/\S+) hammer2 (\S+) \d \d$", RegexOptions.Multiline);

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("hammer2-fstab-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [SystemdFact]
    public void The_fstab_lines_of_the_documents_become_units_that_wait_for_existing_devices()
    {
        string manual = HammerProgram.Run("man").Output.Replace("\\-", "-", StringComparison.Ordinal);
        List<Match> lines = [.. Line.Matches(File.ReadAllText(RepositoryRoot.Below("README.md"))).Cast<Match>()];
        Assert.Equal(2, lines.Count);
        lines.AddRange(Line.Matches(manual).Cast<Match>());
        Assert.Equal(4, lines.Count);
        for (int index = 0; index < lines.Count; index++)
        {
            string device = lines[index].Groups[1].Value, options = lines[index].Groups[3].Value;
            ProgramResult rehearsed = HammerProgram.Run("mount.hammer2", "--fake", device, "/mnt", "-o", options);
            Assert.True(rehearsed.ExitCode == 0, rehearsed.Error);
            Assert.Matches("^/dev/[a-z0-9]+$", device);
            string unit = Generate(lines[index].Value, $"line{index}", out string path);
            Assert.Contains($"\nWhat={device}\nWhere={lines[index].Groups[2].Value}\nType=hammer2\n", unit,
                StringComparison.Ordinal);
            string name = device[1..].Replace('/', '-');
            Assert.Contains($"After=blockdev@{name}.target", unit, StringComparison.Ordinal);
            foreach (string wanted in options.Split(',').Where(word => word.StartsWith("x-systemd.requires=/dev/",
                StringComparison.Ordinal)))
            {
                Assert.Contains($"Requires={wanted[20..].Replace('/', '-')}.device", unit, StringComparison.Ordinal);
            }
            if (lines[index].Value.EndsWith('2'))
                Assert.Contains($"systemd-fsck@{name}.service", unit, StringComparison.Ordinal);
            ProgramResult verified = HammerProgram.RunAny("systemd-analyze", "verify", "--man=no", path);
            Assert.True(verified is { ExitCode: 0, Output: "", Error: "" }, verified.Output + verified.Error);
        }
    }

    [MountFact]
    public void Mount_uses_an_fstab_line_once_and_detects_that_it_is_mounted()
    {
        string image = _scratch.FullName + "/disk.img", tree = _scratch.FullName + "/tree";
        _ = Directory.CreateDirectory(tree);
        File.WriteAllText(tree + "/hello", "read from the mount");
        _ = Directory.CreateDirectory(_scratch.FullName + "/mnt");
        ProgramResult made = HammerProgram.Run("newfs", "-s", "64m", "--label", "HOME", "--populate", tree, image);
        Assert.True(made.ExitCode == 0, made.Error);
        string line = $"{image} {_scratch.FullName}/mnt hammer2 pfs=HOME,nofail 0 0\n";
        File.WriteAllText(_scratch.FullName + "/fstab", line);

        // mount(8) looks for its helpers in /sbin alone.
        const string Script = """
            set -e
            mount -t tmpfs none /sbin
            printf '#!/bin/sh\nexec "%s" mount.hammer2 "$@"\n' "$0" >/sbin/mount.hammer2
            chmod +x /sbin/mount.hammer2
            cd "$1"
            mount -T fstab -av 2>/dev/null
            mount -T fstab -av 2>/dev/null
            cat mnt/hello
            umount mnt
            """;
        ProgramResult result = HammerProgram.RunAny(
            "unshare", "--mount", "sh", "-c", Script, HammerProgram.ProgramPath, _scratch.FullName);
        Assert.True(result.ExitCode == 0, result.Error);
        string[] lines = result.Output.Split('\n');
        Assert.Contains("successfully mounted", lines[0], StringComparison.Ordinal);
        Assert.Contains("already mounted", lines[1], StringComparison.Ordinal);
        Assert.Equal("read from the mount", lines[2]);
    }

    [MountTheory]
    [InlineData("mvol2", "DATA", new[] { 0 }, new[] { 1 })]
    [InlineData("mvol4", "DATA", new[] { 2 }, new[] { 0, 1 }, new[] { 3 })]
    [InlineData("mvol4", "DATA", new[] { 3 }, new[] { 2 }, new[] { 1 }, new[] { 0 })]
    public void Volumes_given_as_options_are_joined(string image, string label, params int[][] given)
    {
        IReadOnlyList<string> paths = GoldenImage.Paths(image);
        string further = string.Concat(given.Skip(1).Select(list =>
            ",device=" + string.Join(':', list.Select(volume => paths[volume]))));
        using MountFixture mount = MountFixture.Mount(paths[given[0][0]], $"pfs={label}{further}");
        MountedTree.AssertEqual(Manifest.Read(image, label), mount.Root);
    }

    [MountTheory]
    [InlineData(1, 2)]
    [InlineData(2, -1)]
    public void Nodes_given_as_options_are_one_cluster_and_one_may_be_missing(int second, int third)
    {
        string[] nodes = [.. GoldenImage.Nodes("cluster3").Select(GoldenImage.Path)];
        string last = third < 0 ? "/nowhere/node" : nodes[third];
        using MountFixture mount = MountFixture.Mount(nodes[0], $"device={nodes[second]},device={last},label=CL");
        MountedTree.AssertEqual(Manifest.Read("cluster3.n0", "CL"), mount.Root);
    }

    [MountTheory]
    [InlineData(32, "@DATA", "pfs=OTHER", "two labels")]
    [InlineData(32, "", "pfs=NOLABEL", "NOLABEL")]
    [InlineData(1, "", "device=/dev/null@DATA", "pfs=")]
    [InlineData(1, "", "device=", "device")]
    [InlineData(1, "", "pfs=", "pfs")]
    public void Invalid_labels_and_devices_are_rejected(int code, string label, string options, string mentioned)
    {
        string target = _scratch.CreateSubdirectory("mnt").FullName;
        ProgramResult result = HammerProgram.Run(
            "mount.hammer2", GoldenImage.Path("basic-types") + label, target, "-o", "ro," + options);
        Assert.True(result.ExitCode == code, result.Error);
        Assert.Contains(mentioned, result.Error, StringComparison.Ordinal);
        Assert.False(MountFixture.IsMounted(target));
    }

    /// <summary>The mount unit that systemd makes of a line.</summary>
    private string Generate(string line, string name, out string path)
    {
        DirectoryInfo here = _scratch.CreateSubdirectory(name);
        File.WriteAllText(here.FullName + "/fstab", line + "\n");
        // A program to check it with must be there before systemd asks for a check.
        const string Script = """
            set -e
            cd "$0"
            mkdir bin normal early late
            ln -s "$1" bin/fsck.hammer2
            PATH=$PWD/bin:$PATH SYSTEMD_FSTAB=$PWD/fstab exec "$2" normal early late
            """;
        ProgramResult result = HammerProgram.RunAny(
            "sh", "-c", Script, here.FullName, HammerProgram.ProgramPath, Generator);
        Assert.True(result.ExitCode == 0, result.Error);
        path = Assert.Single(Directory.GetFiles(here.FullName + "/normal", "*.mount"));
        return File.ReadAllText(path);
    }
}
