// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Extract;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Populate;

/// <summary>
/// Goal: extended attributes and ACLs come from the host into a new filesystem and back. Method: a tree in memory is
/// populated from, checked, and extracted again, beside it and onto a filesystem that takes less.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class AttributeRoundTripTests
{
    private static readonly bool IsRoot = Environment.UserName == "root";

    private static readonly string[] Paths = ["", "d", "d/f", "d/plain", "f", "g", "link", "pipe"];

    private static readonly byte[] Capability = [1, 0, 0, 2, 0, 32, .. new byte[14]];

    // rwx for the owner, r-x for user 7, r-- for the group, the mask r-x, nothing for others.
    private static readonly byte[] Acl =
    [
        2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 5, 0, 7, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
        16, 0, 5, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
    ];

    [Fact]
    public void All_come_back()
    {
        Assert.SkipUnless(IsRoot && ScratchDirectory.IsInMemory, "needs root and a filesystem in memory");
        using var scratch = new ScratchDirectory();
        string source = scratch.Below("source"), image = scratch.Below("new.img"), target = scratch.Below("target");
        MakeSource(source);
        Populate(image, source);
        ToolRun run = Extract(image, target);
        Assert.Empty(run.Json.GetProperty("lostAttributes").EnumerateArray());
        AssertSame(source, target);

        // What is made again in a directory with a default ACL gets none.
        File.Delete(Path.Combine(target, "d/plain"));
        File.Delete(Path.Combine(target, "g"));
        Assert.Equal(2, Extract(image, target).Json.GetProperty("files").GetInt64());
        AssertSame(source, target);
    }

    [Fact]
    public void What_the_target_does_not_take_is_counted()
    {
        Assert.SkipUnless(IsRoot && ScratchDirectory.IsInMemory, "needs root and a filesystem in memory");
        using var scratch = new ScratchDirectory();
        string source = scratch.Below("source"), image = scratch.Below("new.img");
        MakeSource(source);
        Populate(image, source);
        string target = Path.Combine(Path.GetTempPath(), "hammer2-test-" + Path.GetRandomFileName());
        try
        {
            ToolRun run = Extract(image, target);
            long lost = run.Json.GetProperty("lostAttributes").EnumerateArray()
                .Sum(row => row.GetProperty("objects").GetInt64());
            long missing = 0;
            foreach (string path in Paths)
            {
                Dictionary<string, string> there = AttributesOf(target, path);
                foreach ((string name, string value) in AttributesOf(source, path))
                    if (there.GetValueOrDefault(name) != value) missing++;
            }
            Assert.Equal(missing, lost);
        }
        finally
        {
            Directory.Delete(target, recursive: true);
        }
    }

    [Fact]
    public void A_reserved_name_is_skipped()
    {
        Assert.SkipUnless(IsRoot && ScratchDirectory.IsInMemory, "needs root and a filesystem in memory");
        using var scratch = new ScratchDirectory();
        string source = scratch.Below("source"), image = scratch.Below("new.img");
        _ = Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, ".hammer2-xattr"), "reserved");
        File.WriteAllText(Path.Combine(source, "z"), "");
        ToolRun run = ToolRun.Execute("newfs", "-s", "512m", "--populate", source, "--json", image);
        JsonElement fault = Assert.Single(run.Json.GetProperty("populated").GetProperty("faults").EnumerateArray());
        Assert.Equal(".hammer2-xattr", fault.GetProperty("path").GetString());
        Assert.Contains("z", ToolRun.Execute("ls", image + "@DATA").Text, StringComparison.Ordinal);
    }

    private static void MakeSource(string source)
    {
        _ = Directory.CreateDirectory(Path.Combine(source, "d"));
        foreach (string file in (string[])["d/f", "d/plain", "f", "g"])
            File.WriteAllText(Path.Combine(source, file), file);
        _ = File.CreateSymbolicLink(Path.Combine(source, "link"), "f");
        HostProgram.Run("mkfifo", Path.Combine(source, "pipe"));
        byte[] large = new byte[60 << 10];
        new SeededRandom(1).Fill(large);
        Set(source, "", "trusted.root", large[..3000]);
        Set(source, "", "system.posix_acl_default", Acl);
        Set(source, "d", "user.directory", "v"u8.ToArray());
        Set(source, "d", "system.posix_acl_access", Acl);
        Set(source, "d", "system.posix_acl_default", Acl);
        Set(source, "d/f", "user.large", large);
        Set(source, "d/f", "user.empty", []);
        Set(source, "f", "security.capability", Capability);
        Set(source, "f", "trusted.t", large[..2000]);
        Set(source, "g", "system.posix_acl_access", Acl);
        Set(source, "g", "user.k", "v"u8.ToArray());
        File.SetUnixFileMode(Path.Combine(source, "f"), UnixFileMode.UserRead);
        Set(source, "link", "trusted.link", "of the link"u8.ToArray());
        Set(source, "pipe", "trusted.pipe", "of the pipe"u8.ToArray());
    }

    private static void Set(string source, string path, string name, byte[] value) =>
        Assert.Equal(0, LinuxAttributes.Set(At(source, path), Encoding.ASCII.GetBytes(name), value));

    private static void Populate(string image, string source)
    {
        ToolRun made = ToolRun.Execute("newfs", "-s", "512m", "--populate", source, "--json", image);
        Assert.True(made.ExitCode == 0, made.ToString());
        JsonElement populated = made.Json.GetProperty("populated");
        Assert.Empty(populated.GetProperty("lostAttributes").EnumerateArray());
        ToolRun check = ToolRun.Execute("fsck", image);
        Assert.True(check.ExitCode == 0, check.ToString());
    }

    private static ToolRun Extract(string image, string target)
    {
        ToolRun run = ToolRun.Execute("extract", image + "@DATA", target, "--json");
        Assert.True(run.ExitCode == 0, run.ToString());
        return run;
    }

    private static void AssertSame(string source, string target)
    {
        foreach (string path in Paths)
        {
            Assert.Equal(AttributesOf(source, path), AttributesOf(target, path));
            if (path is "link") continue;
            Assert.Equal(
                File.GetUnixFileMode(Path.Combine(source, path)), File.GetUnixFileMode(Path.Combine(target, path)));
        }
        Assert.Empty(AttributesOf(target, "d/plain"));
    }

    private static Dictionary<string, string> AttributesOf(string directory, string path)
    {
        var attributes = new Dictionary<string, string>();
        foreach (byte[] name in LinuxAttributes.List(At(directory, path)))
        {
            Assert.Equal(0, LinuxAttributes.Read(At(directory, path), name, out byte[] value));
            attributes.Add(ByteText.Decode(name), Convert.ToHexString(value));
        }
        return attributes;
    }

    private static byte[] At(string directory, string path) => ByteText.Encode(Path.Combine(directory, path));
}
