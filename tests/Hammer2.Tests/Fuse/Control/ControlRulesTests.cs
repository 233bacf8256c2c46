// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Fuse;
using Hammer2.Fuse.Control;
using Xunit;

namespace Hammer2.Tests.Fuse.Control;

/// <summary>What is decided before a request is carried out: where sockets are, which directory can be trusted, who may
/// ask, and what is said of a PFS in use.</summary>
public sealed class ControlRulesTests
{
    [Theory]
    [InlineData(0, "/somewhere", "/run/hammer2")]
    [InlineData(1000, "/run/user/1000", "/run/user/1000/hammer2")]
    [InlineData(1000, "/xdg/", "/xdg/hammer2")]
    [InlineData(1000, "relative", "/run/user/1000/hammer2")]
    [InlineData(1000, "/missing", "/run/user/1000/hammer2")]
    [InlineData(1000, null, "/run/user/1000/hammer2")]
    [InlineData(1001, null, "/tmp/hammer2-1001")]
    public void The_directory_of_sockets_belongs_to_one_user(int user, string? variable, string expected)
    {
        string[] existing = ["/run/user/1000", "/xdg/", "relative"];
        Assert.Equal(expected,
            RuntimeDirectory.PathFor((uint)user, variable, path => Array.IndexOf(existing, path) >= 0));
    }

    [Theory]
    [InlineData(0x41C0, 7, null)]                               // drwx------
    [InlineData(0x41E8, 7, "other users")]                      // drwxr-x---
    [InlineData(0x41C1, 7, "other users")]                      // drwx-----x
    [InlineData(0x41C0, 8, "belongs to user 8")]
    [InlineData(0x81C0, 7, "not a directory")]
    public void Only_a_directory_that_no_other_user_can_use_is_trusted(int mode, int owner, string? mentioned)
    {
        string? fault = RuntimeDirectory.FaultOf(new LinuxFileStatus((ushort)mode, (uint)owner, 1, 0, 0), user: 7);
        if (mentioned is null) Assert.Null(fault);
        else Assert.Contains(mentioned, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_made_for_its_owner_alone_and_a_symbolic_link_is_not_followed()
    {
        string parent = Directory.CreateTempSubdirectory("hammer2-run-").FullName;
        try
        {
            var made = new RuntimeDirectory(parent + "/a", LinuxFiles.EffectiveUser());
            Assert.Null(made.TryOpen());
            made.OpenOrCreate().Dispose();
            Assert.Equal(0x41C0, LinuxFiles.StatusOf(parent + "/a")!.Value.Mode);       // drwx------
            using (Microsoft.Win32.SafeHandles.SafeFileHandle? open = made.TryOpen()) Assert.NotNull(open);

            _ = Directory.CreateSymbolicLink(parent + "/b", parent + "/a");
            var link = new RuntimeDirectory(parent + "/b", LinuxFiles.EffectiveUser());
            Assert.Throws<ControlException>(() => link.TryOpen());
            LinuxFiles.SetMode(parent + "/a", 0x41);                                    // ---x-----x
            Assert.Throws<ControlException>(() => made.OpenOrCreate());
        }
        finally
        {
            Directory.Delete(parent, recursive: true);
        }
    }

    [Fact]
    public void Only_the_same_user_and_root_may_ask()
    {
        Assert.Null(PeerRules.FaultOf(new PeerCredentials(1, 1000), user: 1000));
        Assert.Null(PeerRules.FaultOf(new PeerCredentials(1, 0), user: 1000));
        Assert.Contains("not for user 1000", PeerRules.FaultOf(new PeerCredentials(1, 1000), user: 0),
            StringComparison.Ordinal);
        Assert.NotNull(PeerRules.FaultOf(new PeerCredentials(1, 1001), user: 1000));
        Assert.NotNull(PeerRules.FaultOf((PeerCredentials?)null, user: 1000));
    }

    [Fact]
    public void Paths_must_mean_the_same_to_both()
    {
        var here = new PathView("mnt:[1]", "8:1:2");
        Assert.Null(PeerRules.FaultOf(here, here with { }));
        Assert.Contains("mount namespace",
            PeerRules.FaultOf(here, here with { MountNamespace = "mnt:[2]" }), StringComparison.Ordinal);
        Assert.Contains("root directory",
            PeerRules.FaultOf(here, here with { Root = "8:1:3" }), StringComparison.Ordinal);
        Assert.Matches(@"^mnt:\[\d+\]$", PeerRules.ViewOfThisProcess().MountNamespace);
    }

    [Fact]
    public void What_is_said_of_a_PFS_in_use_names_where_and_why()
    {
        Assert.Equal("PFS A is mounted on /a", PfsUse.Describe("A", "A", "/a", isEnding: false));
        Assert.Equal("PFS A is mounted on /a, and PFS B is a node of the same cluster",
            PfsUse.Describe("B", "A", "/a", isEnding: false));
        Assert.Contains("still in use", PfsUse.Describe("A", "A", "/a", isEnding: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_for_another_process_name_no_device_and_no_foreground() =>
        Assert.Equal(["ro", @"uid=7,fsname=a\,b"],
            MountOptionParser.WithoutDevices(["device=/dev/b,ro", "foreground", @"uid=7,fsname=a\,b,device=/x\,y"]));
}
