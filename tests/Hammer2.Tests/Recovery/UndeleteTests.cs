// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Recovery;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// Goal: every deleted file whose blocks were not used again comes back as it was in its last commit, under its path,
/// and nothing else is listed. Method: drawn histories, whose last commits of each object are known.
/// </summary>
public sealed class UndeleteTests(ITestOutputHelper output)
{
    [Theory, InlineData(12)]
    public void Deleted_files_come_back_with_content_and_path(int histories)
    {
        int files = 0;
        foreach (ulong seed in SeededRandom.Seeds(histories))
        {
            DeletedHistory history = DeletedHistory.Play(seed, 300);
            Dictionary<ulong, DeletedHistory.Node> wanted = history.Deleted;
            foreach ((RecoveredObject found, byte[] content) in Search(history.Disk))
            {
                string at = $"seed {seed}, inode 0x{found.Meta.Inum:x}";
                Assert.True(wanted.Remove(found.Meta.Inum, out DeletedHistory.Node? node), $"{at} was not deleted");
                Assert.True(found.IsDeleted && found.IsWhole && found.IsPathKnown, at);
                Assert.Equal("DATA", Encoding.ASCII.GetString(found.Label!));
                Assert.Equal(node.Type, found.Meta.Type);
                Assert.True(content.AsSpan().SequenceEqual(node.Committed[^1]), $"{at} has other content");
                string paths = string.Join('\n', found.Paths.Select(Encoding.ASCII.GetString).Order());
                Assert.True(paths == string.Join('\n', node.Paths.Order()),
                    $"{at} has the paths\n{paths}\ninstead of\n{string.Join('\n', node.Paths.Order())}");
                files++;
            }
            Assert.True(wanted.Count == 0, $"seed {seed}: not found: {string.Join(' ', wanted.Keys)}");
        }
        output.WriteLine($"{files} deleted objects of {histories} histories");
        Assert.True(files > histories * 20);
    }

    [Theory, InlineData(8)]
    public void What_was_used_again_is_listed_as_damaged_or_not_at_all(int histories)
    {
        int whole = 0, damaged = 0, gone = 0;
        foreach (ulong seed in SeededRandom.Seeds(histories))
        {
            DeletedHistory history = DeletedHistory.Play(seed, 800, reclaims: true);
            Dictionary<ulong, DeletedHistory.Node> wanted = history.Deleted;
            foreach ((RecoveredObject found, byte[] content) in Search(history.Disk))
            {
                Assert.True(wanted.Remove(found.Meta.Inum, out DeletedHistory.Node? node), $"seed {seed}: not deleted");
                if (found.IsWhole) whole++;
                else damaged++;
                Assert.True(!found.IsWhole || node.Committed.Exists(one => content.AsSpan().SequenceEqual(one)),
                    $"seed {seed}, inode 0x{found.Meta.Inum:x}: content that it never had");
                Assert.True(found.IsWhole || found.MissingBytes > 0);
            }
            gone += wanted.Count;
        }
        output.WriteLine($"{whole} whole, {damaged} damaged, {gone} not found");
        Assert.True(whole > 0 && damaged + gone > 0);
    }

    [Fact]
    public void Little_memory_takes_more_scans_and_finds_the_same()
    {
        DeletedHistory history = DeletedHistory.Play(3, 600);
        UndeleteReport report = Run(history.Disk, new UndeleteOptions(), out List<(RecoveredObject, byte[])> all);
        UndeleteReport little = Run(
            history.Disk, new UndeleteOptions { RecordsMax = 100 }, out List<(RecoveredObject, byte[])> parts);
        Assert.Equal(1, report.Passes);
        Assert.True(little.Passes > 2, $"{little.Passes} scans");
        Assert.Equal(all.Select(Describe), parts.Select(Describe));
        Assert.Equal((report.Found, report.Whole, 0L), (little.Found, little.Whole, little.ForgottenVersions));
    }

    [Fact]
    public void All_versions_of_existing_files_are_found_when_asked_for()
    {
        DeletedHistory history = DeletedHistory.Play(5, 300);
        var options = new UndeleteOptions { IncludesAll = true };
        _ = Run(history.Disk, options, out List<(RecoveredObject Found, byte[])> all);
        HashSet<ulong> inums = [.. all.Select(one => one.Found.Meta.Inum)];
        Assert.Subset(inums, history.Existing);
        Assert.Subset(inums, history.Deleted.Keys.ToHashSet());
        Assert.Contains(all, one => one.Found.NewerTotal > 0 && one.Found.IsWhole);
        Assert.All(all, one => Assert.Equal(!history.Existing.Contains(one.Found.Meta.Inum), one.Found.IsDeleted));
    }

    [Fact]
    public void Filters_decide_before_data_is_read()
    {
        DeletedHistory history = DeletedHistory.Play(6, 300);
        ulong chosen = history.Deleted.Keys.Max();
        int asked = 0;
        UndeleteReport report = Run(history.Disk, new UndeleteOptions
        {
            Wants = found =>
            {
                Assert.False(found.IsRead);
                asked++;
                return found.Meta.Inum == chosen;
            },
        }, out List<(RecoveredObject Found, byte[])> all);
        Assert.Equal(chosen, Assert.Single(all).Found.Meta.Inum);
        Assert.Equal(1, report.Found);
        Assert.True(asked >= history.Deleted.Count);
    }

    private static string Describe((RecoveredObject Found, byte[] Content) one) =>
        $"{one.Found.Meta.Inum} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(one.Content))} "
        + $"{one.Found.IsWhole} {one.Found.IsPathKnown} {one.Found.VersionsTotal}";

    private static List<(RecoveredObject Found, byte[] Content)> Search(IBlockDevice disk)
    {
        _ = Run(disk, new UndeleteOptions(), out List<(RecoveredObject, byte[])> found);
        return found;
    }

    private static UndeleteReport Run(
        IBlockDevice disk, UndeleteOptions options, out List<(RecoveredObject Found, byte[] Content)> found)
    {
        var all = new List<(RecoveredObject, byte[])>();
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        UndeleteReport report = Undelete.Run(volumes, options, one =>
        {
            byte[] content = new byte[one.Meta.Size];
            Assert.True(one.Copy((position, bytes) =>
            {
                bytes.CopyTo(content.AsSpan((int)position));
                return true;
            }));
            all.Add((one, content));
        });
        found = all;
        return report;
    }
}
