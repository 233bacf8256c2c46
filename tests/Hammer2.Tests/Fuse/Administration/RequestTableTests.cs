// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Format;
using Hammer2.Fuse.Administration;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: every request is granted to the right callers and answers what is so. Method: the whole table with
/// each kind of caller, on filesystems in memory whose content is known.</summary>
public sealed class RequestTableTests
{
    /// <summary>The requests that every user may make; all others are for root and the owner of the mount.</summary>
    private static readonly string[] ForAnyone = ["version", "inode-get", "debug-dump"];

    [Fact]
    public void Each_caller_is_granted_or_refused_each_request()
    {
        using var volume = new AdministeredVolume();
        foreach (RequestRow row in RequestTable.Standard.Rows)
        {
            RequestAnswer? root = Refusal(volume, row, user: 0);
            RequestAnswer? owner = Refusal(volume, row, AdministeredVolume.OwnerId);
            RequestAnswer? stranger = Refusal(volume, row, user: 1001);
            Assert.NotEqual(Errno.EPERM, root?.Error ?? Errno.None);
            Assert.NotEqual(Errno.EPERM, owner?.Error ?? Errno.None);
            Assert.Equal(!ForAnyone.Contains(row.Name), stranger is { Error: Errno.EPERM });
        }
    }

    [Fact]
    public void A_refused_request_does_nothing_and_says_why()
    {
        using var volume = new AdministeredVolume();
        RequestAnswer answer = volume.Run("sync", user: 1001);
        Assert.Equal((Errno.EPERM, "sync"), (answer.Error, answer.Request));
        Assert.NotEmpty(answer.Message);
        Assert.Null(answer.Result);
        Assert.Equal(Errno.EOPNOTSUPP, volume.Run("no-such-request").Error);
    }

    [Fact]
    public void Names_of_requests_and_parameters_are_words()
    {
        foreach (RequestRow row in RequestTable.Standard.Rows)
        {
            Assert.Matches("^[a-z][a-z-]*$", row.Name);
            Assert.All(row.Parameters, parameter => Assert.Matches("^[a-z][a-z-]*$", parameter.Name));
        }
    }

    [Fact]
    public void Pfss_are_listed_from_a_key_on_and_found_by_label()
    {
        using var volume = new AdministeredVolume();
        var all = Result<PfsListResult>(volume.Run("pfs-list"));
        Assert.True(all.IsComplete);
        Assert.Contains(all.Pfs, pfs => pfs.Label == NewVolume.Label && pfs.Type == "MASTER");
        Assert.Equal(all.Pfs.OrderBy(pfs => pfs.Key), all.Pfs);
        var last = Result<PfsListResult>(volume.Run("pfs-list", RequestArguments.Of(("first", all.Pfs[^1].Key))));
        Assert.Equal(all.Pfs[^1], Assert.Single(last.Pfs));
        var one = Result<PfsListResult>(volume.Run("pfs-list", RequestArguments.Of(("max", 1UL))));
        Assert.Equal(all.Pfs[0], Assert.Single(one.Pfs));

        var mounted = Result<PfsResult>(volume.Run("pfs-lookup"));
        Assert.Equal(NewVolume.Label, mounted.Label);
        RequestArguments label = RequestArguments.Of(("label", NewVolume.Label));
        Assert.Equal(mounted, Result<PfsResult>(volume.Run("pfs-lookup", label)));
        Assert.Equal(Errno.ENOENT, volume.Run("pfs-lookup", RequestArguments.Of(("label", "NONE"))).Error);
    }

    [Fact]
    public void Requests_answer_what_the_filesystem_is()
    {
        using var volume = new AdministeredVolume();
        Assert.Equal(2U, Result<VersionResult>(volume.Run("version")).Format);
        VolumeResult only = Assert.Single(Result<VolumeListResult>(volume.Run("volume-list")).Volumes);
        Assert.Equal((0, 0UL, 64UL << 20), (only.Id, only.StartBytes, only.LengthBytes));
        var space = Result<SpaceResult>(volume.Run("space"));
        Assert.InRange(space.FreeBytes, 1UL, space.TotalBytes);
        Assert.InRange(space.AvailableBytes, 1UL, space.FreeBytes);
        Assert.Equal(Errno.EINVAL, volume.Run("volume-list", RequestArguments.Of(("node", 1UL))).Error);
    }

    [Fact]
    public void Status_is_healthy_with_all_nodes_and_sync_commits()
    {
        using var volume = new AdministeredVolume(nodes: 3);
        var before = Result<StatusResult>(volume.Run("status"));
        Assert.Equal("healthy", before.Health);
        Assert.Equal(3, before.Nodes.Count);
        Assert.All(before.Nodes, node => Assert.Equal(
            ("Synced", "", before.Commit), (node.State, node.Reason, node.Commit)));
        Assert.Equal(2, before.Quorum);
        Assert.Equal(Errno.None, volume.Vnodes.Create(VnodeOps.RootInum, "made"u8,
            new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0), out _));
        ulong commit = Result<SyncResult>(volume.Run("sync")).Commit;
        Assert.True(commit > before.Commit);
        Assert.Equal(commit, Result<StatusResult>(volume.Run("status")).Commit);
    }

    [Fact]
    public void Status_says_what_is_not_committed_yet_and_when_the_last_commit_was()
    {
        using var volume = new AdministeredVolume();
        Assert.Equal(Errno.None, volume.Vnodes.Create(VnodeOps.RootInum, "made"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        byte[] noise = new byte[1 << 20];
        new Random(1).NextBytes(noise);
        Assert.Equal(Errno.None, volume.Vnodes.Write(made.Inum, 0, noise, dropsPrivileges: false));
        SpaceResult dirty = Result<StatusResult>(volume.Run("status")).Space;
        // In memory, on the device, or some in each.
        Assert.InRange((ulong)dirty.UnwrittenBytes + dirty.UncommittedBytes, 1UL << 20, 2UL << 20);
        Assert.Null(dirty.StagedBytes);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        Assert.Equal(Errno.None, volume.Run("sync").Error);
        var clean = Result<StatusResult>(volume.Run("status"));
        Assert.Equal((0L, 0UL), (clean.Space.UnwrittenBytes, clean.Space.UncommittedBytes));
        Assert.InRange(clean.LastCommitAt!.Value, before, DateTimeOffset.UtcNow);
        Assert.Equal(Errno.None, volume.Vnodes.Unlink(VnodeOps.RootInum, "made"u8, out _));
        Assert.Equal(Errno.None, volume.Run("sync").Error);
        Assert.Equal(Errno.None, volume.Run("bulkfree").Error);
        Assert.NotNull(Result<StatusResult>(volume.Run("status")).Space.StagedBytes);
    }

    [Fact]
    public void Status_of_a_mount_that_committed_nothing_has_no_time()
    {
        using var readOnly = new AdministeredVolume(isReadOnly: true);
        var status = Result<StatusResult>(readOnly.Run("status"));
        Assert.Null(status.LastCommitAt);
        Assert.Equal(0UL, status.Space.UncommittedBytes);
    }

    [Fact]
    public void Bulkfree_needs_a_writable_mount()
    {
        using var writable = new AdministeredVolume();
        Assert.Equal(0, Result<BulkfreeResult>(writable.Run("bulkfree")).RepairedBytes);
        using var readOnly = new AdministeredVolume(isReadOnly: true);
        RequestAnswer answer = readOnly.Run("bulkfree");
        Assert.Equal(Errno.EROFS, answer.Error);
        Assert.NotEmpty(answer.Message);
    }

    [Fact]
    public void A_volume_is_added_to_a_writable_mount_from_a_blank_device()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-add-").FullName, path = directory + "/added.img";
        using (var file = new FileStream(path, FileMode.CreateNew)) file.SetLength(300 << 20);
        try
        {
            AddTo(path);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void AddTo(string path)
    {
        RequestArguments device = RequestArguments.Of(("device", path));
        using (var readOnly = new AdministeredVolume(isReadOnly: true))
            Assert.Equal(Errno.EROFS, readOnly.Run("volume-add", device).Error);
        using (var small = new AdministeredVolume()) Assert.Equal(Errno.EINVAL, small.Run("volume-add", device).Error);
        using var volume = new AdministeredVolume(lengthBytes: 1 << 30);
        Assert.Equal(Errno.EINVAL, volume.Run("volume-add").Error);
        Assert.Equal(Errno.EINVAL,
            volume.Run("volume-add", RequestArguments.Of(("device", path), ("node", 1UL))).Error);
        Assert.Equal(Errno.EINVAL, volume.Run("volume-add", RequestArguments.Of(("device", "/dev/null"))).Error);
        var added = Result<AddedVolumeResult>(volume.Run("volume-add", device));
        Assert.Equal(new AddedVolumeResult(1, 1UL << 30, 296UL << 20, (1UL << 30) + (296UL << 20)), added);
        Assert.Equal(path, Result<VolumeListResult>(volume.Run("volume-list")).Volumes[1].Path);
        Assert.Equal(Errno.EBUSY, volume.Run("volume-add", device).Error);
    }

    private static T Result<T>(RequestAnswer answer)
        where T : class
    {
        Assert.Equal((Errno.None, ""), (answer.Error, answer.Message));
        return Assert.IsType<T>(answer.Result);
    }

    private static RequestAnswer? Refusal(AdministeredVolume volume, RequestRow row, uint user) =>
        RequestTable.Standard.Refusal(row.Name, volume.Mount.CallerOf(user), RequestArguments.None, out _);
}
