// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using System.Text.Json;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>Goal: commands on devices tell of extended attributes, and not of the files that have them. Method: a
/// volume whose root directory and three files have attributes, of which one is deleted.</summary>
public sealed class OfflineAttributeTests
{
    [Fact]
    public void Commands_know_of_attributes()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("a.img");
        Assert.Equal(0, ToolRun.Execute("newfs", "-s", "512m", image).ExitCode);
        Fill(image);

        Assert.DoesNotContain("xattr", ToolRun.Execute("tree", image + "@DATA").Text, StringComparison.Ordinal);
        JsonElement[] files = [.. ToolRun.Execute("stat", image + "@DATA", "/", "/kept", "--json").Json
            .GetProperty("files").EnumerateArray()];
        Assert.Equal("user.root 300", Attributes(files[0]));
        Assert.Equal("user.short 5,trusted.t 0", Attributes(files[1]));

        string shown = ToolRun.Execute("show", image).Text;
        Assert.Contains(" attributes 21 bytes", shown, StringComparison.Ordinal);
        Assert.Contains(" attributes in 0x", shown, StringComparison.Ordinal);

        // The deleted file, and neither its file nor the version of the directory that had it.
        JsonElement[] found = [.. ToolRun.Execute("undelete", image, "--json").Json
            .GetProperty("objects").EnumerateArray()];
        Assert.Equal("/gone", Assert.Single(found).GetProperty("paths")[0].GetProperty("path").GetString());

        foreach (string command in (string[])["usage", "verify", "fsck"])
        {
            ToolRun run = ToolRun.Execute(command, image);
            Assert.True(run.ExitCode == 0, $"{command}: {run}");
        }
    }

    private static string Attributes(JsonElement file) =>
        string.Join(',', file.GetProperty("attributes").EnumerateArray().Select(static one =>
            $"{one.GetProperty("name").GetString()} {one.GetProperty("bytes").GetInt64()}"));

    private static void Fill(string image)
    {
        using FileBlockDevice device = FileBlockDevice.Open(image, new FileBlockDeviceOptions(IsReadOnly: false));
        using ClusterMount mount = RecordedScript.Mount([device], "DATA");
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(1)));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Set(ops, VnodeOps.RootInum, "user.root", 300);
        ulong kept = Create(ops, "kept"), gone = Create(ops, "gone"), other = Create(ops, "other");
        Set(ops, kept, "user.short", 5);
        Set(ops, kept, "trusted.t", 0);
        Set(ops, gone, "user.long", 1000);
        Set(ops, other, "user.long", 1000);
        Assert.Equal(Errno.None, ops.Write(gone, 0, "content"u8, dropsPrivileges: false));
        Assert.Equal(Errno.None, ops.Sync());
        Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "gone"u8, out _));
        Assert.Equal(Errno.None, ops.Forget(gone));
        Assert.Equal(Errno.None, ops.Sync());
    }

    private static ulong Create(VnodeOps ops, string name)
    {
        var made = new NewObject(ObjectType.RegularFile, UnixMode.O644);
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), made, new Credentials(1, 1), out VnodeAttributes at));
        return at.Inum;
    }

    private static void Set(VnodeOps ops, ulong inum, string name, int bytes) => Assert.Equal(Errno.None,
        ops.SetExtendedAttribute(inum, Encoding.ASCII.GetBytes(name), new byte[bytes], AttributeSetting.None));
}
